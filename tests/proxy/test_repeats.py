from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from codex_glm.proxy.turns.repeats import Repeats

from .fake_upstream import CUT, WHOLE, FakeUpstream, Step, chunk, chunked
from .support import events, served, turn_body

if TYPE_CHECKING:
    import httpx

    from .conftest import StartProxy


def code_of(client: httpx.Client) -> str:
    """Post a turn of a thread and give the error code of its end, if it has one."""
    reply = client.post("/v1/responses", json=turn_body(), headers={"thread-id": "t"})
    response: Any = events(reply.content)[-1]["response"]
    return str(response["error"]["code"]) if response["error"] else ""


@pytest.mark.parametrize(
    ("ends", "last"),
    [("", False), ("b", False), ("bb", True), ("bbb", True), ("bbw", False), ("bwb", False)],
)
def test_broken_turns_in_a_row(ends: str, *, last: bool) -> None:
    repeats = Repeats()
    for end in ends:
        repeats.note("thread", broken=end == "b")
    assert repeats.is_last_try("thread") == last
    assert not repeats.is_last_try("another")


def test_a_client_without_a_thread_is_not_counted() -> None:
    repeats = Repeats()
    for _ in range(9):
        repeats.note("", broken=True)
    assert not repeats.is_last_try("")


def test_the_oldest_threads_are_forgotten() -> None:
    repeats = Repeats()
    for number in range(3000):
        repeats.note(str(number % 1500), broken=True)
    assert len(repeats._broken) == 1000


def test_the_third_broken_turn_in_a_row_names_the_cause_and_stops(
    start_proxy: StartProxy,
) -> None:
    cut = Step(chunked(chunk("Hel"), ended=False), CUT)
    with FakeUpstream(cut, cut, cut, cut, WHOLE) as glm:
        proxy = served(start_proxy, glm)
        with proxy.client() as client:
            codes = [code_of(client) for _ in range(5)]
    assert codes == ["server_error", "server_error", "invalid_prompt", "server_error", ""]
