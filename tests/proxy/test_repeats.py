from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from codex_glm.proxy.turns.repeats import Repeats

from .fake_upstream import CUT, HOLD, WHOLE, FakeUpstream, Step, chunk, chunked
from .support import events, served, turn_body, wait_until

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


def leave_in_mid_reply(client: httpx.Client) -> None:
    """Post a turn of the thread and leave once text has come, as Codex does on Esc."""
    thread = {"thread-id": "t"}
    with client.stream("POST", "/v1/responses", json=turn_body(), headers=thread) as reply:
        assert any("Hel" in line for line in reply.iter_lines())


@pytest.mark.parametrize(
    ("ends", "code"), [("ss", "server_error"), ("bs", "server_error"), ("sbb", "invalid_prompt")]
)
def test_a_turn_that_the_person_stopped_did_not_break(
    start_proxy: StartProxy, ends: str, code: str
) -> None:
    """Each letter is a turn, broken or stopped; then one more breaks."""
    text = chunked(chunk("Hel"), ended=False)
    steps = [Step(text, HOLD if end == "s" else CUT) for end in f"{ends}b"]
    with FakeUpstream(*steps) as glm:
        proxy = served(start_proxy, glm)
        for number, end in enumerate(ends, 1):
            with proxy.client() as client:
                (leave_in_mid_reply if end == "s" else code_of)(client)
            wait_until(lambda number=number: len(proxy.flows) == number)  # type: ignore[misc]
        with proxy.client() as client:
            assert code_of(client) == code
