from __future__ import annotations

from typing import get_args

import pytest
from codex_glm.translation.receipt import Receipt
from codex_glm.translation.request.content import Content
from codex_glm.translation.request.messages import MessageFold
from codex_glm.translation.request.steps import Call, Output, Say, Speak, Step, Think

EVERY: list[Step] = [
    Say("user", Content(("u",))),
    Think("t"),
    Speak("s"),
    Call("c", "tool", "{}"),
    Output("c", Content(("o",)), "tool"),
]


def test_every_step_is_here() -> None:
    assert {type(step) for step in EVERY} == set(get_args(Step.__value__))


@pytest.mark.parametrize("step", EVERY, ids=lambda step: type(step).__name__)
def test_every_step_can_be_folded(step: Step) -> None:
    receipt = Receipt()
    messages = MessageFold(receipt).fold([Say("user", Content(("hi",))), step])
    assert len(messages) > 1 or receipt.entries


def test_a_conversation_of_all_of_them() -> None:
    messages = MessageFold(Receipt()).fold(EVERY)
    assert [message["role"] for message in messages] == ["user", "assistant", "tool"]
