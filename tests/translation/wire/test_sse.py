from __future__ import annotations

import re

import pytest
from codex_glm.translation.wire.sse import ServerSentEvent, SSEDecoder, encode_event
from hypothesis import given
from hypothesis import strategies as st

from ..strategies import json_values, splits


def decode(*pieces: bytes) -> list[tuple[str, str]]:
    decoder = SSEDecoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return [(event.event, event.data) for event in events + decoder.flush()]


@pytest.mark.parametrize(
    ("pieces", "events"),
    [
        ([b"data: a\n\n"], [("", "a")]),
        ([b"data:a\n\n"], [("", "a")]),
        ([b"data:  a\n\n"], [("", " a")]),
        ([b"data\n\n"], [("", "")]),
        ([b"data: a\ndata: b\n\n"], [("", "a\nb")]),
        ([b"event: error\ndata: a\n\ndata: b\n\n"], [("error", "a"), ("", "b")]),
        ([b"event: lost\n\ndata: b\n\n"], [("", "b")]),
        ([b": comment\nid: 1\nretry: 2\ndata: a\n\n"], [("", "a")]),
        ([b"data: a\r\n\r\ndata: b\r\r"], [("", "a"), ("", "b")]),
        ([b"data: a\r", b"\n\r", b"\ndata: b\n\n"], [("", "a"), ("", "b")]),
        ([b"data: \xe4\xb8", b"\xad\n\n"], [("", "中")]),
        ([b"data: \xff\n\n"], [("", "\ufffd")]),
        (["data: a\u2028b\x0bc\x85d\n\n".encode()], [("", "a\u2028b\x0bc\x85d")]),
        ([b"\xef\xbb\xbfdata: a\n\n"], [("", "a")]),
        ([b"\xef", b"\xbb", b"\xbfdata: a\n\n"], [("", "a")]),
        ([b"data: unfinished"], [("", "unfinished")]),
        ([b"data: unfinished\r"], [("", "unfinished")]),
        ([b"data: line\n"], [("", "line")]),
        ([b""], []),
    ],
)
def test_decode(pieces: list[bytes], events: list[tuple[str, str]]) -> None:
    assert decode(*pieces) == events


@pytest.mark.parametrize(
    ("body", "stray"),
    [
        (b'{"error":\n1}', b'{"error":\n1}\n'),
        (b": comment\ndata: a\nid\n\n", b""),
        (b"<html>\nx: y\n", b"<html>\nx: y\n"),
        (b"x" * 65_535 + b"\n", b"x" * 65_535 + b"\n"),
        (b"x" * 65_536 + b"\n", b""),
        (b"x" * 40_000 + b"\n" + b"y" * 40_000 + b"\n", b"x" * 40_000 + b"\n"),
    ],
    ids=str,
)
def test_stray_lines_are_kept(body: bytes, stray: bytes) -> None:
    decoder = SSEDecoder()
    decoder.feed(body)
    decoder.flush()
    assert decoder.stray == stray


lines = st.lists(st.sampled_from([b"data: a", b"data:b", b"event: e", b": c", b"", b"", b"stray"]))
ends = st.sampled_from([b"\n", b"\r", b"\r\n"])


@given(st.data(), lines)
def test_any_line_end_and_any_split_give_the_same(data: st.DataObject, lines: list[bytes]) -> None:
    body = b"".join(line + data.draw(ends) for line in lines)
    assert decode(*data.draw(splits(body))) == reference(body)


def reference(body: bytes) -> list[tuple[str, str]]:
    """Decode a whole body in the plainest way."""
    events = []
    for block in re.split(r"\n\n+|^\n+", re.sub(r"\r\n|\r", "\n", body.decode())):
        fields = [line.partition(":") for line in block.split("\n")]
        data = [value.removeprefix(" ") for name, _, value in fields if name == "data"]
        named = [value.removeprefix(" ") for name, _, value in fields if name == "event"]
        events += [(named[-1] if named else "", "\n".join(data))] if data else []
    return events


@given(st.dictionaries(st.text(), json_values), st.sampled_from(["response.created", "x"]))
def test_what_is_encoded_can_be_decoded(event: dict[str, object], kind: str) -> None:
    frame = encode_event({"type": kind} | {k: v for k, v in event.items() if k != "type"})
    (decoded,) = SSEDecoder().feed(frame)
    assert decoded.event == kind
    assert frame == f"event: {kind}\ndata: {decoded.data}\n\n".encode()
    assert isinstance(decoded, ServerSentEvent)
