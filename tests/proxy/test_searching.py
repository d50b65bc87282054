"""Searches of a turn beside what else happens: other turns, calls, and clients that leave."""

from __future__ import annotations

import gc
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from codex_glm.inspect.turn_record import read_record

from tests.translation.grammar import assert_valid

from .fake_upstream import WHOLE, FakeUpstream, Step, chunk, chunked, reply
from .support import events, served, turn_body, wait_until

if TYPE_CHECKING:
    import pytest
    from codex_glm.proxy.turns.turn import Turn

    from .conftest import StartProxy
    from .fake_upstream import Reply, Seen
    from .support import ProxyThread

SEARCH = {"type": "web_search"}
SHELL = {"type": "function", "name": "shell", "parameters": {"type": "object"}}
FOUND = reply(b'{"search_result":[{"title":"T","link":"https://a.example/x","content":"C"}]}')
SOON = 5.0


def calls(*names: str) -> bytes:
    """Make a reply of GLM that calls these functions."""
    called = [
        {"index": at, "id": f"c{at}", "function": {"name": name, "arguments": '{"query":"news"}'}}
        for at, name in enumerate(names)
    ]
    delta = {"choices": [{"index": 0, "delta": {"tool_calls": called}}]}
    framed = b"data: " + json.dumps(delta).encode() + b"\n\n"
    return chunked(framed, chunk(finish="tool_calls"))


class Searched(FakeUpstream):
    """A GLM whose searches take until `found` is set; `searching` tells that one runs."""

    def __init__(self, *replies: Reply) -> None:
        super().__init__(*replies)
        self.searching, self.found = threading.Event(), threading.Event()

    def _next(self, seen: Seen) -> Step:
        if "/web_search " not in seen.head:
            return super()._next(seen)
        self.searching.set()
        self.found.wait(SOON)
        return Step(FOUND)


def leave_while_it_searches(proxy: ProxyThread, glm: Searched) -> None:
    """Post a turn, leave once its search runs, and wait for the turn's end."""
    body = turn_body(tools=[SEARCH])
    with proxy.client() as client, client.stream("POST", "/v1/responses", json=body):
        assert glm.searching.wait(SOON)
    wait_until(lambda: proxy.flows)
    glm.found.set()


def under_way(proxy: ProxyThread) -> list[Turn]:
    return list(proxy.addon.turns.under_way.values())


def test_what_was_found_comes_before_the_pulses_of_the_queue(start_proxy: StartProxy) -> None:
    """The turn gave its place away while it searched, and must wait for its next round."""

    def once_it_waited(_: Seen) -> bytes:
        glm.found.set()
        wait_until(lambda: searching.gate._waiting)
        before = len(searching.sent)
        wait_until(lambda: len(searching.sent) > before)  # a pulse
        return WHOLE

    with (
        Searched(calls("web_search"), once_it_waited, WHOLE) as glm,
        ThreadPoolExecutor() as go,
    ):
        proxy = served(start_proxy, glm, glm_concurrency="1", glm_keepalive="0.1")
        first = go.submit(proxy.post, turn_body(tools=[SEARCH]))
        assert glm.searching.wait(SOON)
        (searching,) = under_way(proxy)
        second = go.submit(proxy.post)
        assert {each.result().status_code for each in (first, second)} == {200}
    told = events(first.result().content)
    numbers = [event["sequence_number"] for event in told]
    assert numbers == sorted(numbers)  # type: ignore[type-var]
    assert_valid(told)


def test_a_client_that_leaves_while_a_search_runs_is_no_error(
    start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    with Searched(calls("web_search")) as glm:
        leave_while_it_searches(served(start_proxy, glm), glm)
    gc.collect()  # asyncio tells then of what nobody asked for
    assert [each.getMessage() for each in caplog.records if each.levelname == "ERROR"] == []


def test_a_search_whose_client_left_is_shown_and_counted(start_proxy: StartProxy) -> None:
    with Searched(calls("web_search")) as glm:
        proxy = served(start_proxy, glm)
        leave_while_it_searches(proxy, glm)
        with proxy.client() as client:
            counts = client.get("/health").json()["side_calls"]
    (call,) = proxy.flow(0).metadata["glm"]["side_calls"]
    assert call["outcome"] == "given up before it ended"
    assert counts == {"web_search": {"asked": 1, "failed": 1}}


def test_a_round_begins_when_it_is_sent_also_where_searches_end_the_turn(
    start_proxy: StartProxy,
) -> None:
    with Searched(calls("web_search", "shell")) as glm:
        glm.found.set()
        proxy = served(start_proxy, glm)
        assert proxy.post(turn_body(tools=[SEARCH, SHELL])).status_code == 200
    (one,) = read_record(proxy.flow().metadata["glm"]).rounds
    assert one.begun is not None
    assert one.first_byte is not None
    assert one.begun <= one.first_byte
