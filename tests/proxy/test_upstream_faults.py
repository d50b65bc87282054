"""What GLM, or the way to it, can do wrong. Nothing of it may look like success."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import httpx
import pytest

from .fake_upstream import CUT, HOLD, RESET, WHOLE, FakeUpstream, chunk, chunked, reply
from .support import KEY, failure_code, last_event, rules, served, turn_body, wait_until

if TYPE_CHECKING:
    import socket

    from .conftest import StartProxy

HELLO = chunk("Hello.")
STREAM = HELLO + chunk(finish="stop") + b"data: [DONE]\n\n"
EVENTS = "text/event-stream"
BUSY = b'{"error":{"code":"1302","message":"too fast"}}'
NO_KEY = b'{"error":{"code":"1001","message":"no token"}}'
BROKE = b'{"error":{"code":"1113","message":"no balance"}}'
PAGE = b"<html><body>nginx</body></html>"


@pytest.mark.parametrize(
    ("answer", "code", "status", "rounds"),
    [
        (reply(BUSY, 429), "rate_limit_exceeded", 429, 3),
        (reply(NO_KEY, 401), "invalid_prompt", 401, 1),
        (reply(BROKE, 429), "invalid_prompt", 429, 1),
        (reply(b'{"code":1302,"message":"too fast"}', 429), "rate_limit_exceeded", 429, 3),
        (reply(BUSY), "rate_limit_exceeded", 429, 3),
        (reply(b'{"code":500,"msg":"oh","success":false}'), "server_error", 502, 3),
        (reply(PAGE, 404, "text/html"), "invalid_prompt", 400, 1),
        (reply(PAGE, 502, "text/html"), "server_error", 502, 3),
        (reply(PAGE, 200, "text/html"), "server_error", 502, 3),
        (reply(b"", 500), "server_error", 502, 3),
        (reply(b"", 200), "server_error", 502, 3),
        (reply(b"", 204), "server_error", 502, 3),
        (reply(b"", 302, location="http://127.0.0.1:1/"), "server_error", 502, 1),
        (reply(gzip.compress(BUSY), 429, content_encoding="gzip"), "rate_limit_exceeded", 429, 3),
        (
            reply(gzip.compress(STREAM)[:-20], 200, EVENTS, content_encoding="gzip"),
            "server_error",
            502,
            1,
        ),
        (chunked(), "server_error", 502, 3),
        (chunked(b"data: {oops}\n\n"), "server_error", 502, 3),
        (chunked(HELLO), "server_error", 502, 1),
        (chunked(HELLO, b'data: {"error":{"code":"1302"}}\n\n'), "rate_limit_exceeded", 429, 1),
    ],
)
def test_errors(
    start_proxy: StartProxy, answer: bytes, code: str, status: int, rounds: int
) -> None:
    """Faults that come before any text are tried again, here twice; then Codex is to stop."""
    with FakeUpstream(answer) as glm:
        proxy = served(start_proxy, glm, glm_retries="2")
        with proxy.client() as client:
            streamed = client.post("/v1/responses", json=turn_body())
            whole = client.post("/v1/responses", json=turn_body(stream=False))
        assert len(glm.seen) == 2 * rounds
    assert streamed.status_code == 200
    assert failure_code(streamed) == (code if rounds == 1 else "invalid_prompt")
    assert ("Tried 3 times in " in streamed.text) == (rounds > 1)
    assert whole.status_code == status
    assert set(whole.json()) == {"error"}
    assert b"nginx" not in streamed.content + whole.content
    assert proxy.flow().metadata["glm"]["outcome"] == "failed"
    assert proxy.flow().marked


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("end", [CUT, RESET])
@pytest.mark.parametrize(
    "sent",
    [b"", chunked(ended=False), chunked(HELLO, ended=False), chunked(STREAM[:-20], ended=False)],
    ids=["nothing", "headers", "text", "all-but-done"],
)
def test_a_cut_never_looks_like_success(
    start_proxy: StartProxy, sent: bytes, end: str, stream: bool
) -> None:
    with FakeUpstream(sent, end=end) as glm:
        proxy = served(start_proxy, glm)
        answered = b""
        status = 0
        try:
            with (
                proxy.client() as client,
                client.stream("POST", "/v1/responses", json=turn_body(stream=stream)) as response,
            ):
                status = response.status_code
                for piece in response.iter_bytes():
                    answered += piece
        except httpx.RemoteProtocolError:
            status = 0
        flow = proxy.flow()
    assert b"response.completed" not in answered
    assert b'"status":"completed"' not in answered
    assert status == 0 or status >= 500 or b"response.failed" in answered
    assert flow.metadata["glm"]["outcome"] != "completed"
    assert flow.request.path == "/v1/responses"


def test_a_finished_reply_needs_no_done(start_proxy: StartProxy) -> None:
    with FakeUpstream(chunked(HELLO, chunk(finish="stop"))) as glm:
        assert last_event(served(start_proxy, glm).post())["type"] == "completed"


@pytest.mark.parametrize(
    "answer",
    [
        WHOLE,
        chunked(*(STREAM[i : i + 1] for i in range(len(STREAM)))),
        reply(STREAM, 200, EVENTS),
        reply(gzip.compress(STREAM), 200, EVENTS, content_encoding="gzip"),
    ],
    ids=["chunked", "byte-by-byte", "with-length", "gzip"],
)
@pytest.mark.parametrize("stream", [True, False])
def test_good_replies(start_proxy: StartProxy, answer: bytes, stream: bool) -> None:
    with FakeUpstream(answer) as glm:
        response = served(start_proxy, glm).post(turn_body(stream=stream))
    final = last_event(response)["response"] if stream else response.json()
    assert isinstance(final, dict)
    assert final["status"] == "completed"
    assert final["output"][0]["content"][0]["text"] == "Hello."


def test_nobody_listens_at_glm(start_proxy: StartProxy) -> None:
    with FakeUpstream(listens=False) as gone:
        proxy = served(start_proxy, gone)
        response = proxy.post()
    assert response.status_code >= 500 or failure_code(response)
    assert proxy.flow().metadata["glm"]["outcome"] == "failed"


@pytest.mark.parametrize("sent", [b"", chunked(HELLO, ended=False)], ids=["before", "midstream"])
def test_a_client_that_leaves_ends_the_request_to_glm(start_proxy: StartProxy, sent: bytes) -> None:
    with FakeUpstream(sent, end=HOLD) as glm:
        proxy = served(start_proxy, glm)
        with (
            proxy.client() as client,
            client.stream("POST", "/v1/responses", json=turn_body()) as response,
        ):
            wait_until(lambda: glm.seen)
            assert not sent or any(b"Hello." in piece for piece in response.iter_bytes())
        assert glm.left.wait(10)
        wait_until(lambda: proxy.flows)
    flow = proxy.flow()
    assert flow.error
    assert flow.metadata["glm"]["outcome"] == "failed"
    if sent:
        assert flow.response
        assert b"Hello." in (flow.response.content or b"")


def test_first_bytes_come_before_the_last(start_proxy: StartProxy) -> None:
    with FakeUpstream(chunked(HELLO, ended=False), end=HOLD) as glm:
        proxy = served(start_proxy, glm)
        with (
            proxy.client() as client,
            client.stream("POST", "/v1/responses", json=turn_body()) as response,
        ):
            read = b""
            for piece in response.iter_bytes():
                read += piece
                if b"Hello." in read:
                    break
        assert b"response.output_text.delta" in read


class NoTls(FakeUpstream):
    """Answers a handshake with something else."""

    def _answer(self, connection: socket.socket, _: int) -> bool:
        connection.recv(1)
        connection.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")
        connection.close()
        return False


def test_no_tls_at_glm(start_proxy: StartProxy) -> None:
    with NoTls() as glm:
        base = glm.base_url.replace("http:", "https:")
        proxy = start_proxy(glm_api_base=base, glm_api_key=KEY, glm_retries="2")
        streamed, whole = proxy.post(), proxy.post(turn_body(stream=False))
    assert failure_code(streamed) == "invalid_prompt"
    assert "could not be reached" in streamed.text
    assert "Tried 3 times" in streamed.text
    assert (whole.status_code, whole.json()["error"]["code"]) == (502, "server_error")
    assert rules(proxy) == ["unreachable"] * 2
