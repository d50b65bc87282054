"""Chunks taken apart as h11 does it, whatever comes and however it is cut."""

from __future__ import annotations

import pytest
from codex_glm.proxy.inside_mitmproxy.fast_lane.chunks import take
from h11 import Data, EndOfMessage, ProtocolError
from h11._readers import ChunkedReader
from h11._receivebuffer import ReceiveBuffer
from hypothesis import given
from hypothesis import strategies as st

PAYLOADS = st.lists(st.binary(min_size=1, max_size=40), max_size=8)
HEADERS = st.sampled_from(
    [b"%x", b"%X", b"0%x", b"%x;a=b", b"%x ", b"+%x", b"0x%x", b"%x_", b" %x"]
)
NOISE = st.sampled_from([b"", b"\r\n", b"\r", b"\n", b"0", b"0\r\n\r\n", b"zz\r\n", b"5\r\nabcdeX"])


class Body:
    """Reads as mitmproxy does, with `take` before it or without."""

    def __init__(self) -> None:
        self.reader, self.buffer = ChunkedReader(), ReceiveBuffer()
        self.payload, self.end = b"", ""

    def feed(self, data: bytes, *, fast: bool) -> None:
        if self.end:
            return
        if fast and not self.reader._reading_trailer:
            if self.buffer:
                data = bytes(self.buffer.maybe_extract_at_most(len(self.buffer)) or b"") + data
            reader = self.reader
            taken = take(data, reader._bytes_in_chunk, reader._bytes_to_discard)
            reader._bytes_in_chunk, reader._bytes_to_discard = taken.missing, taken.foot
            self.payload += taken.payload
            data = data[taken.end :]
        self.buffer += data
        self._read()

    def _read(self) -> None:
        try:
            while (found := self.reader(self.buffer)) is not None:
                if isinstance(found, EndOfMessage):
                    self.end = "end"
                    return
                assert isinstance(found, Data)
                self.payload += bytes(found.data)
        except ProtocolError as error:
            self.end = str(error)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    data = b""
    for payload in draw(PAYLOADS):
        data += draw(HEADERS) % len(payload) + b"\r\n" + payload + b"\r\n" + draw(NOISE)
    return data + draw(st.sampled_from([b"", b"0\r\n\r\n", b"0\r\na: b\r\n\r\n"]))


@given(bodies(), st.lists(st.integers(min_value=1, max_value=50), min_size=1))
def test_as_h11_reads_it(data: bytes, sizes: list[int]) -> None:
    fast, stock = Body(), Body()
    at = 0
    while at < len(data):
        for size in sizes:
            piece = data[at : at + size]
            at += size
            fast.feed(piece, fast=True)
            stock.feed(piece, fast=False)
            assert (fast.payload, fast.end) == (stock.payload, stock.end)
            assert vars(fast.reader) == vars(stock.reader)
            assert bytes(fast.buffer) == bytes(stock.buffer)


@pytest.mark.parametrize(
    ("data", "missing", "foot", "taken"),
    [
        (b"", 0, b"", (b"", 0, 0, b"")),
        (b"3\r\nabc\r\n", 0, b"", (b"abc", 8, 0, b"")),
        (b"3\r\nabc\r\n2\r\nde\r\n", 0, b"", (b"abcde", 15, 0, b"")),
        (b"3\r\nab", 0, b"", (b"ab", 5, 1, b"")),
        (b"c\r\n3", 1, b"", (b"c", 3, 0, b"")),
        (b"\nA\r\n", 0, b"\n", (b"", 4, 10, b"")),
        (b"\rA", 0, b"\r\n", (b"", 0, 0, b"\r\n")),
        (b"3\r", 0, b"", (b"", 0, 0, b"")),
        (b"3;a=b\r\nabc\r\n", 0, b"", (b"", 0, 0, b"")),
        (b"3\r\nabc\r\n0\r\n\r\n", 0, b"", (b"abc", 8, 0, b"")),
        (b"000000003\r\nabc", 0, b"", (b"", 0, 0, b"")),
    ],
)
def test_take(data: bytes, missing: int, foot: bytes, taken: tuple[object, ...]) -> None:
    assert take(data, missing, foot) == taken
