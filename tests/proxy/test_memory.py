"""What the view holds stays bounded: old bodies go first, then old rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from codex_glm.proxy.shown.memory import LET_GO, NOTE, Memory
from codex_glm.proxy.shown.record import METADATA_KEY, REPAIRED
from codex_glm.proxy.shown.rows import SIDE_OF
from mitmproxy.addons.view import View
from mitmproxy.test import taddons, tflow, tutils

from .fake_upstream import WHOLE, FakeUpstream
from .support import served, turn_body, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mitmproxy.http import HTTPFlow

    from .conftest import StartProxy

BODY = 100_000
ROW = 16_384
WHOLE_FLOW = ROW + 2 * BODY
BARE_FLOW = ROW + 2 * len(NOTE)


@pytest.fixture
def view() -> Iterator[View]:
    view = View()
    with taddons.context(view):
        yield view


@pytest.fixture
def memory(view: View) -> Memory:
    memory = Memory()
    memory.watch(view)
    return memory


def turn(memory: Memory, view: View, **fields: object) -> HTTPFlow:
    """Let a turn end, with its two bodies."""
    request, response = tutils.treq(content=bytes(BODY)), tutils.tresp(content=bytes(BODY))
    flow = tflow.tflow(req=request, resp=response, live=False)
    for name, value in fields.items():
        setattr(flow, name, value)
    view.add([flow])
    memory.take(flow)
    return flow


def bodies(flow: HTTPFlow) -> list[bytes | None]:
    assert flow.response
    return [flow.request.content, flow.response.content]


def test_old_bodies_go_first(memory: Memory, view: View) -> None:
    memory.limit = 3 * WHOLE_FLOW
    flows = [turn(memory, view) for _ in range(5)]
    assert [bodies(flow) == [NOTE, NOTE] for flow in flows] == [True] * 3 + [False] * 2
    assert [flow.metadata.get(LET_GO, False) for flow in flows] == [True] * 3 + [False] * 2
    assert memory.held == 3 * BARE_FLOW + 2 * WHOLE_FLOW <= memory.limit
    assert view.store_count() == 5


def test_then_the_oldest_rows(memory: Memory, view: View) -> None:
    memory.limit = WHOLE_FLOW + 2 * BARE_FLOW
    flows = [turn(memory, view) for _ in range(5)]
    assert list(view._store.values()) == flows[2:]
    assert memory.held == memory.limit


def test_the_newest_stays_whole(memory: Memory, view: View) -> None:
    memory.limit = 1
    turn(memory, view)
    flow = turn(memory, view)
    assert bodies(flow) == [bytes(BODY)] * 2
    assert view.store_count() == 1


def test_no_limit(memory: Memory, view: View) -> None:
    flows = [turn(memory, view) for _ in range(5)]
    assert memory.held == 5 * WHOLE_FLOW
    assert not any(LET_GO in flow.metadata for flow in flows)


@pytest.mark.parametrize(
    ("fields", "stays"),
    [
        ({"marked": ":star:"}, True),
        ({"marked": REPAIRED}, False),
        ({"live": True}, True),
        ({}, False),
    ],
    ids=["marked", "marked-by-us", "live", "other"],
)
def test_what_stays(memory: Memory, view: View, fields: dict[str, object], *, stays: bool) -> None:
    memory.limit = 2 * WHOLE_FLOW
    first = turn(memory, view, **fields)
    flows = [turn(memory, view) for _ in range(9)]
    assert (LET_GO not in first.metadata) == stays
    assert LET_GO in flows[0].metadata


def test_marked_flows_do_not_cost_each_turn_more(memory: Memory, view: View) -> None:
    memory.limit = WHOLE_FLOW
    flows = [turn(memory, view, marked=":star:") for _ in range(300)]
    assert not any(LET_GO in flow.metadata for flow in flows)
    for flow in flows:
        flow.marked = ""
    for _ in range(10):
        turn(memory, view)
    assert memory.held <= WHOLE_FLOW + BARE_FLOW


def test_what_is_removed_is_forgotten(memory: Memory, view: View) -> None:
    flows = [turn(memory, view) for _ in range(4)]
    view.remove([flows[1]])
    assert memory.held == 3 * WHOLE_FLOW
    flows[0].marked = ":star:"
    view.clear_not_marked()
    assert memory.held == WHOLE_FLOW
    view.clear()
    assert memory.held == 0


def test_a_replay_counts_once(memory: Memory, view: View) -> None:
    flow = turn(memory, view)
    memory.take(flow)
    assert memory.held == WHOLE_FLOW


def test_a_whole_turn_goes(start_proxy: StartProxy) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm, view=True, glm_keep_bytes="300k")
        for number in range(4):
            proxy.post(turn_body(input="x" * 20_000))
            wait_until(lambda: len(proxy.flows) > number)  # noqa: B023  # called at once
        flows = proxy.view
    clients = [flow for flow in flows if SIDE_OF not in flow.metadata]
    old, new = clients[0], clients[-1]
    assert old.metadata[LET_GO]
    assert [bodies(row) for row in flows if row.metadata.get(SIDE_OF) == old.id] == [[NOTE, NOTE]]
    kept = old.metadata[METADATA_KEY]
    assert (kept["rounds"][0]["request"], kept["rounds"][0]["reply"]) == ("", "")
    assert (kept["outcome"], kept["usage"]) == ("completed", [])
    assert old.comment
    assert LET_GO not in new.metadata
    assert 100_000 < proxy.addon._memory.held <= 300 << 10


def test_a_kept_flow_keeps_no_turn(start_proxy: StartProxy) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm, view=True)
        proxy.post()
        wait_until(lambda: proxy.flows)
        response = proxy.flow().response
    assert response
    assert response.stream is True, "through its method the turn would stay as long as the flow"


def test_loaded_flows_are_left_alone(start_proxy: StartProxy) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm, view=True, glm_keep_bytes="1k")
        flow = tflow.tflow(req=tutils.treq(content=bytes(BODY)), resp=True, live=False)
        proxy.run(proxy.master.load_flow(flow))
    assert proxy.addon._memory.held == 0
    assert flow.request.content == bytes(BODY)
