"""The key: where it is taken from, and where it may be read."""

from __future__ import annotations

import pytest
from codex_glm.proxy.config.api_key import PLACEHOLDER, ApiKey, WireHeaders, bearer_key
from codex_glm.proxy.config.settings import Settings
from codex_glm.proxy.turns.upstream import Upstream, chat_request
from mitmproxy.http import Headers
from mitmproxy.net.http.http1.assemble import assemble_request_head

from .support import KEY


@pytest.mark.parametrize(
    ("authorization", "key"),
    [
        (f"Bearer {KEY}", KEY),
        (f"bearer   {KEY} ", KEY),
        (KEY, None),
        (f"Basic {KEY}", None),
        ("", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("Bearer codex-glm", None),
        ("Bearer short.key", None),
        ("Bearer sk-0123456789abcdef", None),
        ("Bearer sk-proj-01234567.0123456789", None),
        ("Bearer eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl", None),
        ("Bearer .0123456789abcdef", None),
        ("Bearer 0123456789abcdef.", None),
        (f"Bearer {KEY}\u00e9", None),
        (f"Bearer {'a' * 129}.{'b' * 20}", None),
    ],
)
def test_bearer_key(authorization: str, key: str | None) -> None:
    read = bearer_key(authorization)
    assert (read.value if read else None) == key


def test_key_hides() -> None:
    assert KEY not in f"{ApiKey(KEY, 'here')!r} {ApiKey(KEY, 'here')}"
    assert KEY not in repr(Settings(key=ApiKey(KEY, "here")))
    assert KEY.encode() not in ApiKey(KEY, "here").seal_key


def test_only_the_bytes_of_wire_headers_carry_the_key() -> None:
    headers = WireHeaders.carrying(Headers(host="a").fields, ApiKey(KEY, "here"))
    assert bytes(headers) == f"host: a\r\nauthorization: Bearer {KEY}\r\n".encode()
    copy = headers.copy()
    readable = [str(headers), repr(headers), headers.fields, dict(headers)]
    for reader in (*readable, copy, bytes(copy), copy.fields):
        assert KEY not in str(reader)
    assert headers["authorization"] == f"Bearer {PLACEHOLDER}"


def test_only_the_wire_form_of_a_request_carries_the_key() -> None:
    request = chat_request(Upstream("https://api.z.ai:8443/v4", ApiKey(KEY, "here")), b"{}")
    head = assemble_request_head(request).decode()
    assert head.startswith("POST /v4/chat/completions HTTP/1.1\r\nhost: api.z.ai:8443\r\n")
    assert f"authorization: Bearer {KEY}\r\n" in head
    for reader in (request.get_state(), request, request.data, request.copy().get_state()):
        assert KEY not in str(reader)
    assert KEY not in assemble_request_head(request.copy()).decode()
