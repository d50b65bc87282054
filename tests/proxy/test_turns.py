"""Turns through a running proxy, answered by the simulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from codex_glm import __version__
from codex_glm.simulator.thread import SimulatorThread
from mitmproxy.net import encoding

from .fake_upstream import WHOLE, FakeUpstream
from .support import JSON, KEY, codex_request, events, failure_code, last_event, turn_body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import StartProxy
    from .support import ProxyThread


@pytest.fixture
def simulator() -> Iterator[SimulatorThread]:
    with SimulatorThread() as running:
        yield running


@pytest.fixture
def proxy(start_proxy: StartProxy, simulator: SimulatorThread) -> ProxyThread:
    return start_proxy(glm_api_base=simulator.base_url, glm_api_key=KEY)


def test_streamed_turn(proxy: ProxyThread, simulator: SimulatorThread) -> None:
    response = proxy.post(codex_request("first-turn-gpt-5.5"))
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    numbers = [event["sequence_number"] for event in events(response.content)]
    assert numbers == list(range(len(numbers)))
    assert last_event(response)["type"] == "completed"
    assert simulator.received[0].violations == []
    assert simulator.received[0].headers["authorization"] == f"Bearer {KEY}"


def test_turn_that_is_not_streamed(proxy: ProxyThread, simulator: SimulatorThread) -> None:
    response = proxy.post(turn_body(stream=False))
    whole = response.json()
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert (whole["object"], whole["status"]) == ("response", "completed")
    assert whole["output"][-1]["content"][0]["text"]
    assert simulator.received[0].violations == []


@pytest.mark.parametrize("name", ["zstd", "gzip", "br", "deflate", "identity"])
def test_compressed_request(proxy: ProxyThread, simulator: SimulatorThread, name: str) -> None:
    packed = encoding.encode(json.dumps(turn_body()).encode(), name)
    response = proxy.post(content=packed, headers={**JSON, "content-encoding": name})
    assert last_event(response)["type"] == "completed"
    assert simulator.received[0].body["messages"] == [{"role": "user", "content": "say hello"}]


@pytest.mark.parametrize(
    "path", ["/responses", "/v1/responses", "/v1/responses/", "/any/where/responses?a=b"]
)
def test_every_path_of_a_turn(proxy: ProxyThread, path: str) -> None:
    with proxy.client() as client:
        assert last_event(client.post(path, json=turn_body()))["type"] == "completed"


def test_connections_are_kept(proxy: ProxyThread, simulator: SimulatorThread) -> None:
    with proxy.client() as client:
        for stream in (True, False, True):
            assert client.post("/v1/responses", json=turn_body(stream=stream)).is_success
    proxy.post()
    assert [received.connection for received in simulator.received] == [1, 1, 1, 2]


def test_headers_to_glm_are_exactly_ours(start_proxy: StartProxy) -> None:
    sent = {
        "authorization": "Bearer sk-of-openai",
        "chatgpt-account-id": "acc",
        "cookie": "c=1",
        "originator": "codex_exec",
        "session-id": "s",
        "x-codex-turn-metadata": "{}",
        "x-anything": "else",
        "user-agent": "codex/1",
    }
    with FakeUpstream(WHOLE) as glm:
        proxy = start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY)
        response = proxy.post(headers=sent)
        assert last_event(response)["type"] == "completed"
        seen = glm.seen[0]
    assert seen.head.split("\r\n")[0] == "POST /v4/chat/completions HTTP/1.1"
    assert seen.headers == {
        "user-agent": f"codex-glm/{__version__}",
        "host": f"127.0.0.1:{glm.port}",
        "content-type": "application/json",
        "content-length": str(len(seen.body)),
        "accept": "text/event-stream",
        "accept-language": "en-US,en",
        "accept-encoding": "identity",
        "authorization": f"Bearer {KEY}",
    }


CLIENT_KEY = "clientclient.clientsecret"


@pytest.mark.parametrize(
    ("configured", "bearer", "used"),
    [
        (KEY, CLIENT_KEY, KEY),
        (KEY, "sk-proj-0123456789", KEY),
        ("", CLIENT_KEY, CLIENT_KEY),
        ("", "sk-proj-0123456789.abcdefghij", None),
        ("", "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl", None),
        ("", "codex-glm", None),
    ],
)
def test_whose_key_is_used(
    start_proxy: StartProxy, configured: str, bearer: str, used: str | None
) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = start_proxy(glm_api_base=glm.base_url, glm_api_key=configured)
        response = proxy.post(headers={"authorization": f"Bearer {bearer}"})
        keys = [seen.headers["authorization"] for seen in glm.seen]
    assert keys == ([f"Bearer {used}"] if used else [])
    assert last_event(response)["type"] == ("completed" if used else "failed")


def test_without_a_key_the_error_says_what_to_set(start_proxy: StartProxy) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = start_proxy(glm_api_base=glm.base_url)
        streamed, whole = proxy.post(), proxy.post(turn_body(stream=False))
        assert glm.connections == 0
    assert failure_code(streamed) == "invalid_prompt"
    assert whole.status_code == 401
    assert "GLM_API_KEY" in whole.json()["error"]["message"]
    assert "GLM_API_KEY" in streamed.text
