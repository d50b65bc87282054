"""Many turns at once, on a key that bears few."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from codex_glm.proxy.turns.new_turn import new_turn
from codex_glm.proxy.turns.under_way import Turns
from codex_glm.translation import errors
from codex_glm.translation.wire.wire_json import encode_json

from tests.translation.grammar import assert_valid

from .fake_upstream import WHOLE, FakeUpstream, reply
from .support import events, served, text_of, turn_body, wait_until

if TYPE_CHECKING:
    from codex_glm.proxy.turns.turn import Turn
    from codex_glm.translation.request.context import TranslatedRequest
    from mitmproxy.http import HTTPFlow

    from .conftest import StartProxy
    from .fake_upstream import Seen
    from .support import ProxyThread

BUSY = reply(b'{"error":{"code":"1302","message":"m"}}', 429)


class Bears(FakeUpstream):
    """Serves so many turns at once, and answers 1302 to the others.

    Where it `refuses` any, the first ones are served no sooner than one was refused.
    """

    def __init__(self, number: int, *, refuses: bool) -> None:
        super().__init__(self._take)
        self.served: list[int] = []
        self.refused = 0
        self.most = 0
        self._number, self._running = number, 0
        self._full = threading.Event()
        if not refuses:
            self._full.set()

    def _take(self, seen: Seen) -> bytes:
        with self._lock:
            if self._running >= self._number:
                self.refused += 1
                self._full.set()
                return BUSY
            self._running += 1
            self.most = max(self.most, self._running)
            self.served.append(int(json.loads(seen.body)["messages"][-1]["content"]))
        assert self._full.wait(10)
        time.sleep(0.02)
        with self._lock:
            self._running -= 1
        return WHOLE


def ask(proxy: ProxyThread, number: int, stream: bool = True) -> str:
    body = turn_body(input=str(number), stream=stream)
    with proxy.client(timeout=60) as client:
        response = client.post("/v1/responses", json=body)
    if stream:
        assert_valid(events(response.content))
    assert b'"status":"completed"' in response.content
    return response.text


@pytest.fixture
def arrived(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give the numbers of the turns in the order in which they came to the addon."""
    order: list[int] = []

    def noted(translated: TranslatedRequest, *rest: Any) -> Turn:
        order.append(int(json.loads(encode_json(translated.chat_body))["messages"][-1]["content"]))
        return new_turn(translated, *rest)

    monkeypatch.setattr("codex_glm.proxy.turns.under_way.new_turn", noted)
    return order


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give the numbers of the turns in the order in which they were let go to GLM at first."""
    order: list[int] = []
    begin_round = Turns.begin_round

    def noted(turns: Turns, flow: HTTPFlow, turn: Turn) -> None:
        number = int(json.loads(turn.exchange.request)["messages"][-1]["content"])
        order.extend([] if number in order else [number])
        begin_round(turns, flow, turn)

    monkeypatch.setattr(Turns, "begin_round", noted)
    return order


def crowd(proxy: ProxyThread, count: int) -> None:
    """Let turns come all at once, every fifth not streamed."""
    with ThreadPoolExecutor(count) as pool:
        asked = [pool.submit(ask, proxy, n, n % 5 > 0) for n in range(count)]
        for each in asked:
            each.result()


def test_fifty_turns_on_a_key_that_bears_two(
    start_proxy: StartProxy,
    arrived: list[int],
    begun: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(errors._TABLE["pace"], "soon", [0.05] * 7)
    with Bears(2, refuses=True) as glm:
        proxy = served(start_proxy, glm)
        crowd(proxy, 50)
        assert sorted(glm.served) == list(range(50))
        assert glm.refused <= 8
        assert glm.most == 2
        assert begun == arrived, "first come, first served"
    assert next(iter(proxy.addon.turns._gates.values())).learned
    wait_until(lambda: len(proxy.flows) == 50)
    assert {flow.metadata["glm"]["outcome"] for flow in proxy.flows} == {"completed"}


def test_one_at_a_time(start_proxy: StartProxy, arrived: list[int]) -> None:
    with Bears(1, refuses=False) as glm:
        proxy = served(start_proxy, glm, glm_concurrency="1")
        crowd(proxy, 8)
        assert (glm.served, glm.refused, glm.most) == (arrived, 0, 1)


def test_each_key_has_its_own_gate(start_proxy: StartProxy) -> None:
    both = threading.Barrier(2)

    def when_both_are_there(_: Seen) -> bytes:
        both.wait(5)
        return WHOLE

    keys = [f"clientclient{n}.clientsecret{n}" for n in range(2)]
    with FakeUpstream(when_both_are_there) as glm, ThreadPoolExecutor(2) as pool:
        proxy = start_proxy(glm_api_base=glm.base_url, glm_concurrency="1")
        asked = [
            pool.submit(proxy.post, headers={"authorization": f"Bearer {key}"}) for key in keys
        ]
        assert [text_of(each.result()) for each in asked] == ["Hello."] * 2
        assert len(proxy.addon.turns._gates) == 2
