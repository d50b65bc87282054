"""What a later request of a thread holds: thinking, calls, and all that went before, unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .checks import called, check_growing, messages
from .test_turns import HELLO, check_hello

if TYPE_CHECKING:
    from codex_glm.simulator.thread import SimulatorThread

    from .codex import Codex

THOUGHTS = [
    "The user wants hello.py that prints hello. First I look at what is there.",
    "I have seen the directory. Now I write hello.py; it needs one line only.",
    "The file should be written. I run it and see whether it prints hello.",
    "The command has ended. I report what it printed and stop.",
]


def test_thinking_comes_back_within_a_turn(codex: Codex, simulator: SimulatorThread) -> None:
    result = codex.exec(HELLO)
    assert [item["text"] for item in result.items("reasoning")] == THOUGHTS, result.said
    for step, one in enumerate(simulator.received):
        assert one.body["thinking"] == {"type": "enabled", "clear_thinking": False}
        kept = [message["reasoning_content"] for message in messages(one, "assistant")]
        assert kept == THOUGHTS[:step]
    assert result.usage["reasoning_output_tokens"] > 0


def test_second_turn_by_resume(codex: Codex, simulator: SimulatorThread) -> None:
    first = codex.exec(HELLO)
    assert first.code == 0, first.said
    second = codex.exec("resume", "--last", "run two commands in parallel")
    assert second.code == 0, second.said
    check_hello(codex)
    assert second.events[0] == first.events[0], "not the same thread"
    received = simulator.received
    assert len(received) == 6
    check_growing(received)
    assert received[4].body["thinking"] == {"type": "enabled", "clear_thinking": False}
    *steps, last = messages(received[4], "assistant")
    assert [message["reasoning_content"] for message in (*steps, last)] == THOUGHTS
    assert [called(message) for message in steps] == [
        ["exec_command"],
        ["apply_patch"],
        ["exec_command"],
    ]
    assert "tool_calls" not in last
    assert last["content"] == first.message
    assert received[4].body["messages"][-1]["content"] == "run two commands in parallel"
    cached = second.usage["cached_input_tokens"] - first.usage["cached_input_tokens"]
    assert cached > first.usage["input_tokens"] / 4, "the second turn found the first in the cache"
