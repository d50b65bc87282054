"""The simulator over HTTP, through real clients."""

import asyncio
import gzip
import http.client
import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import openai
import pytest
from codex_glm.simulator.scenarios import Scenario, parse_scenario
from codex_glm.simulator.server import Simulator
from codex_glm.simulator.thread import SimulatorThread

from .samples import KEY, body, tool, user


def play(*steps: dict[str, Any]) -> list[Scenario]:
    return [parse_scenario({"name": "s", "steps": steps})]


def post(simulator: SimulatorThread, request_body: Any, **options: Any) -> httpx.Response:
    url = f"{simulator.base_url}/chat/completions"
    return httpx.post(url, headers=KEY, json=request_body, trust_env=False, **options)


def payloads(response: httpx.Response) -> list[str]:
    frames = response.text.split("\n\n")
    assert frames.pop() == ""
    assert all(frame.startswith("data: ") for frame in frames)
    return [frame.removeprefix("data: ") for frame in frames]


@pytest.fixture
def shipped() -> Iterator[SimulatorThread]:
    with SimulatorThread() as simulator:
        yield simulator


def test_openai_client_streams() -> None:
    steps = {"thinking": "Think.", "text": "Say.", "calls": [{"ls": {"path": "."}}]}
    with SimulatorThread(play(steps)) as simulator:
        client = openai.OpenAI(api_key="id.secret", base_url=simulator.base_url, max_retries=0)
        asked: dict[str, Any] = body(tools=[tool("ls")])
        chunks = list(client.chat.completions.create(**asked, stream=True))
        received = simulator.received[0]
    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert "".join(delta.content or "" for delta in deltas) == "Say."
    calls = [call for delta in deltas for call in delta.tool_calls or []]
    assert [call.function and call.function.arguments for call in calls] == ['{"path":"."}']
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
    assert chunks[-1].usage
    assert chunks[-1].usage.prompt_tokens > 0
    assert received.violations == []


def test_openai_client_without_streaming(shipped: SimulatorThread) -> None:
    client = openai.OpenAI(api_key="id.secret", base_url=shipped.base_url, max_retries=0)
    answer = client.chat.completions.create(**body())
    assert (answer.choices[0].message.content or "").startswith("[SIMULATOR] No GLM model")
    assert "glm-5.3" in [model.id for model in client.models.list()]


def test_stream_on_the_wire() -> None:
    with SimulatorThread(play({"text": "a"})) as simulator:
        response = post(simulator, body(stream=True))
    assert response.headers["content-type"] == "text/event-stream;charset=UTF-8"
    *chunks, done = payloads(response)
    assert done == "[DONE]"
    assert [json.loads(chunk)["id"] for chunk in chunks] == [response.headers["x-log-id"]] * 2


def test_received_is_what_was_sent(shipped: SimulatorThread) -> None:
    sent = body(store=False)
    response = post(shipped, sent)
    received = shipped.received[0]
    assert (received.method, received.body) == ("POST", sent)
    assert received.path == "/api/coding/paas/v4/chat/completions"
    assert json.loads(received.raw) == sent
    assert received.headers["authorization"] == "Bearer id.secret"
    assert received.violations == ["1210 Unknown parameter: store"]
    assert response.status_code == 400
    assert response.json() == {"error": {"code": "1210", "message": "Unknown parameter: store"}}


def test_same_request_same_answer(shipped: SimulatorThread) -> None:
    # The third time, so that the cache has nothing left to learn.
    answers = [post(shipped, body(user("a" * 900), stream=True)).content for _ in range(3)]
    assert answers[1] == answers[2]


def test_cache_is_seen_in_the_usage(shipped: SimulatorThread) -> None:
    sent = body(user("a" * 1000))
    usages = [post(shipped, sent).json()["usage"] for _ in range(2)]
    cached = [usage["prompt_tokens_details"]["cached_tokens"] for usage in usages]
    assert cached == [0, 256]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/anything/chat/completions", 200),
        ("GET", "/v1/models", 200),
        ("GET", "/chat/completions", 404),
        ("POST", "/api/v1/responses", 404),
        ("PUT", "/", 404),
    ],
)
def test_paths(shipped: SimulatorThread, method: str, path: str, status: int) -> None:
    host = shipped.base_url.removesuffix("/api/coding/paas/v4")
    response = httpx.request(method, host + path, headers=KEY, json=body(), trust_env=False)
    assert response.status_code == status
    assert "etag" not in response.headers
    if status == 404:
        assert response.json()["error"]["code"] == "1222"


def test_key_is_needed(shipped: SimulatorThread) -> None:
    for url in (f"{shipped.base_url}/models", f"{shipped.base_url}/chat/completions"):
        response = httpx.request("GET" if "models" in url else "POST", url, trust_env=False)
        assert (response.status_code, response.json()["error"]["code"]) == (401, "1001")


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff"])
def test_body_must_be_an_object(shipped: SimulatorThread, raw: bytes) -> None:
    url = f"{shipped.base_url}/chat/completions"
    response = httpx.post(url, headers=KEY, content=raw, trust_env=False)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "1210")
    assert (shipped.received[0].raw, shipped.received[0].body) == (raw, {})


def test_schema_fails_or_empties_the_stream(shipped: SimulatorThread) -> None:
    parameters = {"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}]}}}
    sent = body(tools=[tool(parameters=parameters)])
    whole = post(shipped, sent)
    assert (whole.status_code, whole.json()["error"]["code"]) == (500, "1234")
    streamed = post(shipped, {**sent, "stream": True})
    finish, done = payloads(streamed)
    assert (streamed.status_code, done) == (200, "[DONE]")
    assert json.loads(finish)["usage"]["completion_tokens"] == 0


def test_connections_are_numbered(shipped: SimulatorThread) -> None:
    with httpx.Client(headers=KEY, trust_env=False) as client:
        for _ in range(2):
            client.post(f"{shipped.base_url}/chat/completions", json=body(stream=True))
    post(shipped, body())
    assert [received.connection for received in shipped.received] == [1, 1, 2]


def test_answer_reaches_a_plain_client_whole(shipped: SimulatorThread) -> None:
    connection = http.client.HTTPConnection(urlsplit(shipped.base_url).netloc)
    connection.request("POST", "/chat/completions", json.dumps(body()), KEY)
    answer = connection.getresponse()
    assert json.loads(answer.read())["object"] == "chat.completion"
    connection.close()


def test_only_the_newest_requests_are_kept() -> None:
    async def scene() -> list[str]:
        simulator = Simulator(keep=2)
        base_url = await simulator.start()
        async with httpx.AsyncClient(trust_env=False) as client:
            for number in range(3):
                await client.get(f"{base_url}/{number}")
        await simulator.stop()
        await simulator.stop()
        return [received.path[-1] for received in simulator.received]

    assert asyncio.run(scene()) == ["1", "2"]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "localhost.example"])
def test_only_loopback(host: str) -> None:
    with pytest.raises(ValueError, match=r"loopback|does not appear"):
        asyncio.run(Simulator().start(host))


def test_port_in_use_is_reported_and_leaves_no_thread(shipped: SimulatorThread) -> None:
    port, threads = urlsplit(shipped.base_url).port, threading.active_count()
    with pytest.raises(OSError, match="in use"), SimulatorThread(port=port or 0):
        pass
    assert threading.active_count() <= threads  # those of others may end meanwhile


def test_gzip_is_what_it_says() -> None:
    with SimulatorThread(play({"text": "a", "fault": {"gzip": True}})) as simulator:
        url = f"{simulator.base_url}/chat/completions"
        with httpx.stream("POST", url, headers=KEY, json=body(), trust_env=False) as response:
            raw = b"".join(response.iter_raw())
    assert response.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(raw))["object"] == "chat.completion"
