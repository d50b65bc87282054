"""The client of side calls: what it sends, and how each fault is told."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import traceback
from typing import TYPE_CHECKING

import pytest
from codex_glm import __version__
from codex_glm.sidecalls import client
from codex_glm.sidecalls.client import SideCallError, SideClient
from mitmproxy.certs import CertStore

from tests.proxy.fake_upstream import HOLD, FakeUpstream, Step, chunked, reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proxy.fake_upstream import Reply

KEY = "0123456789abcdef.TopSecretOfGlm"
OK = reply(b'{"a":1}')


def ask(base: str, timeout: float = 10, key: str = KEY) -> dict[str, object]:
    return asyncio.run(SideClient(base, key, timeout).post_json("/x", {"q": "ä"}))


def failed(*replies: Reply, timeout: float = 10) -> SideCallError:
    with FakeUpstream(*replies) as glm, pytest.raises(SideCallError) as caught:
        ask(glm.base_url, timeout)
    assert len(glm.seen) == 1, "asked again"
    return caught.value


def test_what_is_sent() -> None:
    with FakeUpstream(OK) as glm:
        assert ask(glm.base_url) == {"a": 1}
    (seen,) = glm.seen
    assert seen.head.split("\r\n")[0] == "POST /v4/x HTTP/1.1"
    assert seen.body == '{"q":"ä"}'.encode()
    assert seen.headers == {
        "host": f"127.0.0.1:{glm.port}",
        "content-type": "application/json",
        "content-length": str(len(seen.body)),
        "accept": "application/json",
        "accept-language": "en-US,en",
        "accept-encoding": "identity",
        "user-agent": f"codex-glm/{__version__}",
        "authorization": f"Bearer {KEY}",
    }


def test_a_get_has_no_body() -> None:
    with FakeUpstream(OK) as glm:
        assert asyncio.run(SideClient(glm.base_url, KEY).get_json("/models")) == {"a": 1}
    (seen,) = glm.seen
    assert seen.head.split("\r\n")[0] == "GET /v4/models HTTP/1.1"
    assert (seen.body, seen.headers.get("content-length")) == (b"", None)
    assert seen.headers["authorization"] == f"Bearer {KEY}"


def test_the_authorities_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeUpstream(OK, OK) as glm:
        ask(glm.base_url)
        monkeypatch.setattr(ssl, "create_default_context", None)
        assert ask(glm.base_url) == {"a": 1}
        client._trust.cache_clear()
        with pytest.raises(TypeError):
            ask(glm.base_url)


def streamed(*replies: Reply) -> bytes:
    with FakeUpstream(*replies) as glm:
        return asyncio.run(SideClient(glm.base_url, KEY).post_stream("/x", {}))


def test_a_stream_comes_whole() -> None:
    assert streamed(chunked(b"data: 1\n\n", b"data: 2\n\n")) == b"data: 1\n\ndata: 2\n\n"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (reply(b'{"a":1}'), "HTTP 200: no event stream"),
        (reply(b'{"error":{"code":"1302","message":"m"}}'), "GLM 1302: m"),
        (reply(b"data: 1\n\n", 503), "HTTP 503"),
    ],
)
def test_what_is_no_stream(given: bytes, said: str) -> None:
    with pytest.raises(SideCallError) as caught:
        streamed(given)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        ({"error": {"code": "1302", "message": "slow down"}}, 429, "1302", "slow down"),
        ({"code": 1214, "message": "m"}, 400, "1214", "m"),
        ({"code": 500, "msg": "m", "success": False}, 200, "500", "m"),
        ({"error": "m"}, 200, "", "m"),
        ({"error": {"code": "1113", "message": f"Bearer {KEY}"}}, 401, "1113", "Bearer <GLM key>"),
        ([1], 200, "", "not a JSON object"),
        ([1], 503, "", ""),
        ({"a": 1}, 201, "", ""),
    ],
)
def test_errors_of_glm(body: object, status: int, code: str, message: str) -> None:
    error = failed(reply(json.dumps(body).encode(), status))
    assert (error.code, error.message, error.status) == (code, message, status)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SideCallError("1302", "slow down", 429), "GLM 1302: slow down"),
        (SideCallError("1302", "", 429), "GLM 1302"),
        (SideCallError("", "m", 400), "HTTP 400: m"),
        (SideCallError("", "", 400), "HTTP 400"),
        (SideCallError("", "m", 0), "m"),
    ],
)
def test_words_of_errors(error: SideCallError, words: str) -> None:
    assert str(error) == words


@pytest.mark.parametrize("body", [{}, {"a": [1]}, {"error": None}])
def test_replies(body: dict[str, object]) -> None:
    with FakeUpstream(reply(json.dumps(body).encode())) as glm:
        assert ask(glm.base_url) == body


def test_redirects_are_not_followed() -> None:
    with FakeUpstream(OK) as other:
        error = failed(reply(status=307, location=f"{other.base_url}/x"))
        assert (error.status, other.seen) == (307, [])


@pytest.mark.parametrize("body", [b"x" * 5_000_000, b'{"a":"' + b"x" * 5_000_000 + b'"}'])
def test_long_replies_are_given_up(body: bytes) -> None:
    assert failed(chunked(body)).message == "the reply is too long"


def test_compressed_replies_are_not_unpacked() -> None:
    assert failed(reply(b"xx", content_encoding="gzip")).message == "the reply is compressed"


@pytest.mark.parametrize(
    "step", [Step(b"", HOLD), Step(chunked(b'{"a"', ended=False), HOLD), Step(OK, pause=1)]
)
def test_a_slow_reply_is_given_up(step: Step) -> None:
    error = failed(step, timeout=0.3)
    assert (error.message, error.status) == ("no answer within 0.3 s", 0)


@pytest.mark.parametrize("step", [Step(b"", "cut"), Step(b"", "reset"), Step(b"junk", "cut")])
def test_broken_connections(step: Step) -> None:
    assert failed(step).status == 0


def test_nobody_there() -> None:
    with FakeUpstream(listens=False) as glm, pytest.raises(SideCallError, match="ConnectError"):
        ask(glm.base_url)


@pytest.mark.parametrize("base", ["http://[", "ftp://127.0.0.1"])
def test_no_url(base: str) -> None:
    with pytest.raises(SideCallError):
        ask(base)


def test_a_key_that_no_header_can_hold() -> None:
    with FakeUpstream(OK) as glm, pytest.raises(SideCallError) as caught:
        ask(glm.base_url, key="schlüssel")
    assert (caught.value.message, glm.seen) == ("UnicodeEncodeError", [])


def test_an_unknown_certificate_is_refused(tmp_path: Path) -> None:
    CertStore.from_store(tmp_path, "test", 2048)

    async def run() -> str:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(tmp_path / "test-ca.pem")
        server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=context)
        async with server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(SideCallError) as caught:
                await SideClient(f"https://127.0.0.1:{port}", KEY).post_json("/x", {})
        return str(caught.value)

    assert "CERTIFICATE_VERIFY_FAILED" in asyncio.run(run())


def test_the_environment_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeUpstream(OK) as glm, FakeUpstream(OK) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert ask(glm.base_url) == {"a": 1}
        assert proxy.seen == []


def test_the_key_is_shown_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    unfit = "ab\r\ncd"
    with FakeUpstream(OK) as glm:
        assert KEY not in repr(SideClient(glm.base_url, KEY))
        ask(glm.base_url)
        with pytest.raises(SideCallError) as caught:
            ask(glm.base_url, key=unfit)
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert KEY not in shown
    assert "ab" not in str(caught.value)
    assert not [one for one in caplog.records if one.name.startswith(("httpx", "httpcore"))]
