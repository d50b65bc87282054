"""Side calls at a gate: they wait for their place, try again where it helps, and always leave."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from codex_glm.proxy.turns.gate import Gate
from codex_glm.proxy.turns.retry import RetryLimits
from codex_glm.proxy.turns.side_gate import pass_gate
from codex_glm.sidecalls.client import SideCallError

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

    type Answers = list[JsonObject | SideCallError]

OK: JsonObject = {"a": 1}
SLOW = SideCallError("1302", "slow down", 429)
HUGE = 10**9
"""The ticket of a turn that comes later than every side call."""


class Vision:
    """Answers each call with the next of its answers, and looks at the gate meanwhile."""

    def __init__(self, *answers: JsonObject | SideCallError, fixed: int = 1) -> None:
        self.gate = Gate(time.monotonic, lambda: None, fixed)
        self.asked = 0
        self._answers = list(answers)

    async def call(self) -> JsonObject:
        self.asked += 1
        assert not self.gate.may_enter(HUGE), "somebody else was let in"
        self.gate.left(HUGE)
        answer = self._answers.pop(0)
        if isinstance(answer, SideCallError):
            raise answer
        return answer

    def run(self, tries: int = 3, seconds: float = 30) -> JsonObject:
        return asyncio.run(pass_gate(self.gate, self.call, RetryLimits(tries, seconds)))

    @property
    def free(self) -> bool:
        return self.gate.may_enter(HUGE)


def test_a_call_takes_a_place_and_leaves_it() -> None:
    vision = Vision(OK)
    assert vision.run() == OK
    assert vision.free


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([SLOW, OK], 2),
        ([SLOW, SideCallError("1305", "busy", 429), SideCallError("", "", 503), OK], 4),
    ],
)
def test_what_may_pass_is_tried_again(answers: Answers, asked: int) -> None:
    vision = Vision(*answers)
    assert vision.run() == OK
    assert vision.asked == asked
    assert vision.free


@pytest.mark.parametrize(
    ("error", "tries", "asked"),
    [
        (SideCallError("1301", "unsafe", 400), 3, 1),
        (SideCallError("1113", "no balance", 429), 3, 1),
        (SideCallError("", "no answer within 60 s", 0), 3, 1),
        (SideCallError("", "the description is empty", 200), 3, 1),
        (SLOW, 0, 1),
        (SLOW, 2, 3),
    ],
)
def test_what_will_not_pass_is_told(error: SideCallError, tries: int, asked: int) -> None:
    vision = Vision(*[error] * 5)
    with pytest.raises(SideCallError) as caught:
        vision.run(tries)
    assert caught.value is error
    assert vision.asked == asked
    assert vision.free


def test_a_side_call_waits_for_a_turn() -> None:
    vision = Vision(OK)
    assert vision.gate.may_enter(-1)

    async def run() -> JsonObject:
        waiting = asyncio.ensure_future(pass_gate(vision.gate, vision.call))
        await asyncio.sleep(0.2)
        assert vision.asked == 0
        vision.gate.left(-1, well=True)
        return await waiting

    assert asyncio.run(run()) == OK


def test_no_place_in_time() -> None:
    vision = Vision(OK)
    assert vision.gate.may_enter(-1)
    with pytest.raises(SideCallError, match="left no room"):
        vision.run(seconds=0.1)
    assert vision.asked == 0
    vision.gate.left(-1)
    assert vision.free


def test_a_cancelled_call_leaves() -> None:
    vision = Vision(OK)

    async def run() -> None:
        started = asyncio.Event()

        async def hang() -> JsonObject:
            started.set()
            await asyncio.sleep(30)
            return OK

        task = asyncio.ensure_future(pass_gate(vision.gate, hang))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert vision.free
