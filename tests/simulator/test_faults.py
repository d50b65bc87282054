"""Replies that go wrong, as the scenario says."""

import json
import time
from typing import Any

import httpx
import pytest
from codex_glm.simulator.thread import SimulatorThread

from .samples import KEY, body
from .test_server import payloads, play, post

RAW = b'data: {"a":1}\r\n\r\ndata: {"b":2}\n\ndata: {"c'


def read_until_cut(simulator: SimulatorThread) -> bytes:
    url, read = f"{simulator.base_url}/chat/completions", b""
    sent = body(stream=True)
    with httpx.stream("POST", url, headers=KEY, json=sent, trust_env=False) as response:
        try:
            for piece in response.iter_raw():
                read += piece
        except httpx.RemoteProtocolError:
            return read
    pytest.fail("the stream ended as if it were whole")


def failing(**fault: Any) -> SimulatorThread:
    return SimulatorThread(play({"text": "one two three", "fault": fault}))


@pytest.mark.parametrize(
    ("fault", "status", "code", "message"),
    [
        ({"code": "1302"}, 429, "1302", "Rate limit reached for requests"),
        ({"code": 1261}, 400, "1261", "Prompt too long"),
        ({"code": "1305", "status": 529, "message": "busy"}, 529, "1305", "busy"),
        ({"code": "9999"}, 500, "9999", "Internal Error"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_error(fault: dict[str, Any], status: int, code: str, message: str, stream: bool) -> None:
    with failing(**fault) as simulator:
        response = post(simulator, body(stream=stream))
    assert response.status_code == status
    assert response.json() == {"error": {"code": code, "message": message}}
    assert response.headers["content-type"].startswith("application/json")


def test_error_then_success() -> None:
    with failing(code="1302", attempts=1) as simulator:
        assert [post(simulator, body()).status_code for _ in range(3)] == [429, 200, 200]


@pytest.mark.parametrize("cut_after", [0, 1, 3])
def test_cut(cut_after: int) -> None:
    with failing(cut_after=cut_after) as simulator:
        received = read_until_cut(simulator)
    assert received.count(b"data: ") == received.count(b"\n\n") == cut_after
    assert b"[DONE]" not in received


def test_cut_of_a_whole_answer() -> None:
    with failing(cut_after=0) as simulator, pytest.raises(httpx.RemoteProtocolError):
        post(simulator, body())


def test_raw_is_sent_as_it_is() -> None:
    with failing(raw=RAW) as simulator:
        response = post(simulator, body(stream=True))
    assert response.content == RAW
    assert response.headers["content-type"] == "text/event-stream;charset=UTF-8"


def test_raw_is_cut_between_events() -> None:
    with failing(raw=RAW, cut_after=1) as simulator:
        assert read_until_cut(simulator) == RAW[: RAW.index(b'data: {"b')]


def test_plain_json_on_a_stream() -> None:
    raw = '{"error":{"code":"1305","message":"é"}}'
    with failing(raw=raw, content_type="application/json", status=200) as simulator:
        response = post(simulator, body(stream=True))
    assert (response.status_code, response.json()["error"]["message"]) == (200, "é")
    assert response.headers["content-type"] == "application/json"


def test_status_without_a_code() -> None:
    with failing(raw="bad gateway", status=502, content_type="text/html") as simulator:
        response = post(simulator, body(stream=True))
    assert (response.status_code, response.text) == (502, "bad gateway")


def test_no_done() -> None:
    with failing(done=False) as simulator:
        last = payloads(post(simulator, body(stream=True)))[-1]
    assert json.loads(last)["choices"][0]["finish_reason"] == "stop"


def test_extra_headers() -> None:
    with failing(code="1302", headers={"Retry-After": "7"}) as simulator:
        assert post(simulator, body()).headers["retry-after"] == "7"


def test_gzip_stream() -> None:
    with failing(gzip=True) as simulator:
        response = post(simulator, body(stream=True))
    assert response.headers["content-encoding"] == "gzip"
    assert payloads(response)[-1] == "[DONE]"


def test_stall_and_pace_take_time() -> None:
    assert _seconds(failing(stall=0.15, stall_before=2)) >= 0.14
    # Five chunks: three of text, the finish chunk and [DONE]. Timers may fire a little early.
    assert _seconds(SimulatorThread(play({"text": "a b c"}), pace=0.03)) >= 0.14


def _seconds(started: SimulatorThread) -> float:
    with started as simulator:
        begin = time.monotonic()
        post(simulator, body(stream=True))
        return time.monotonic() - begin


@pytest.mark.parametrize("finish", ["length", "sensitive", "network_error"])
def test_finish_reason(finish: str) -> None:
    with SimulatorThread(play({"text": "a", "finish": finish})) as simulator:
        streamed = json.loads(payloads(post(simulator, body(stream=True)))[-2])
        whole = post(simulator, body()).json()
    assert streamed["choices"][0]["finish_reason"] == finish
    assert whole["choices"][0]["finish_reason"] == finish
