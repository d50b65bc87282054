"""A turn is seen while it runs: its body grows, its comment tells what GLM is at."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from codex_glm.proxy.shown import live
from codex_glm.proxy.shown.record import METADATA_KEY, REPAIRED

from .fake_upstream import HOLD, WHOLE, FakeUpstream, chunk, chunked, error, thinking
from .support import events, served, turn_body, wait_until

if TYPE_CHECKING:
    from .conftest import StartProxy

CALL = {"index": 0, "id": "c", "function": {"name": "lookup", "arguments": '{"a": '}}
TOOL = {"type": "function", "name": "lookup", "parameters": {"type": "object", "properties": {}}}


@pytest.fixture(autouse=True)
def watched(monkeypatch: pytest.MonkeyPatch) -> set[object]:
    """Give the browsers that are connected; one is."""
    browsers: set[object] = {"a browser"}
    web = SimpleNamespace(ClientConnection=SimpleNamespace(connections=browsers))
    monkeypatch.setitem(sys.modules, "mitmproxy.tools.web.app", web)
    monkeypatch.setattr(live, "SECONDS", 0.01)
    return browsers


def calling() -> bytes:
    chunk = {"choices": [{"index": 0, "delta": {"tool_calls": [CALL]}}]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


@pytest.mark.parametrize(
    ("pieces", "comment"),
    [
        ([thinking()], "thinking ~1"),
        ([thinking(), thinking()], "thinking ~2"),
        ([thinking(), chunk("Hello.")], "text ~2"),
        ([chunk("Hello."), calling()], "lookup ~2"),
        ([b": nothing yet\n\n"], "~0"),
    ],
    ids=["thinking", "more", "text", "call", "silent"],
)
def test_in_mid_stream(start_proxy: StartProxy, pieces: list[bytes], comment: str) -> None:
    with FakeUpstream(chunked(*pieces, ended=False), end=HOLD) as glm:
        proxy = served(start_proxy, glm, view=True)
        with (
            proxy.client() as client,
            client.stream("POST", "/v1/responses", json=turn_body(tools=[TOOL])) as response,
        ):
            assert response.status_code == 200
            wait_until(lambda: proxy.view and proxy.view[0].comment == comment)
            flow, row = proxy.view
            assert flow.response
            assert events(flow.response.content or b"")[0]["type"] == "response.created"
            assert flow.metadata[METADATA_KEY]["rounds"][-1]["reply"] == b"".join(pieces).decode()
            assert "outcome" not in flow.metadata[METADATA_KEY]
            wait_until(lambda: row.response and row.response.content == b"".join(pieces))


def test_the_end_is_whole(start_proxy: StartProxy) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm, view=True)
        response = proxy.post()
        flow = proxy.flow()
    assert flow.response
    assert flow.response.content == response.content


def test_nobody_looks(start_proxy: StartProxy, watched: set[object]) -> None:
    watched.clear()
    with FakeUpstream(chunked(thinking(), ended=False), end=HOLD) as glm:
        proxy = served(start_proxy, glm, view=True)
        with (
            proxy.client() as client,
            client.stream("POST", "/v1/responses", json=turn_body()) as response,
        ):
            pieces = response.iter_bytes()
            while b"summary_text.delta" not in next(pieces):
                pass
            assert proxy.view[0].comment.startswith("→ ")
            watched.add("a browser")
            wait_until(lambda: proxy.view[0].comment == "thinking ~1")


def test_the_console_is_always_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "mitmproxy.tools.web.app")
    assert live.is_watched()


def test_after_a_retry(start_proxy: StartProxy) -> None:
    with FakeUpstream(error("1302"), chunked(chunk("Hello."), ended=False)) as glm:
        proxy = served(start_proxy, glm, view=True)
        with (
            proxy.client() as client,
            client.stream("POST", "/v1/responses", json=turn_body()) as response,
        ):
            assert response.status_code == 200
            wait_until(lambda: proxy.view and proxy.view[0].comment == "text ~1 · 1 tried again")


def test_repaired_turns_are_marked(start_proxy: StartProxy) -> None:
    leaked = "<tool_call>lookup<arg_key>a</arg_key><arg_value>b</arg_value></tool_call>"
    whole = chunked(chunk(leaked), chunk(finish="stop"), b"data: [DONE]\n\n")
    with FakeUpstream(whole) as glm:
        proxy = served(start_proxy, glm, view=True)
        proxy.post(turn_body(tools=[TOOL]))
        flow = proxy.flow()
    assert "repaired" in {entry["kind"] for entry in flow.metadata[METADATA_KEY]["receipt"]}
    assert flow.marked == REPAIRED
