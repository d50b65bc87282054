"""A client's headers, as mitmproxy would read them, and masked."""

from __future__ import annotations

from codex_glm.proxy.entry.client_headers import mask, read_headers, without_private
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.http import Headers

names = st.sampled_from([b"Host", b"host", b"X-Api-Key", b"COOKIE", b"thread-id", b"\xff"])
fields = st.lists(st.tuples(names, st.binary(max_size=5)))


@given(fields)
def test_each_is_read_as_mitmproxy_reads_it(pairs: list[tuple[bytes, bytes]]) -> None:
    headers = Headers(pairs)
    read = read_headers(headers)
    assert set(read) == {name.lower() for name in headers}
    for name, value in read.items():
        assert headers[name] == value
    assert without_private(read) == {
        name: value for name, value in read.items() if name not in ("x-api-key", "cookie")
    }


@given(fields)
def test_what_is_private_is_masked_and_nothing_else(pairs: list[tuple[bytes, bytes]]) -> None:
    headers = Headers(pairs)
    mask(headers)
    assert len(headers.fields) == len(pairs)
    for before, after in zip(pairs, headers.fields, strict=True):
        private = before[0].lower() in (b"x-api-key", b"cookie")
        assert after == ((before[0], b"(masked)") if private else before)
