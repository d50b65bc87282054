"""The grammar itself: a stream that is broken in any one way must not pass it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from .grammar import Event, assert_valid
from .support import GLM, replay

if TYPE_CHECKING:
    from collections.abc import Callable


def good(name: str = "08-thinking-content-tool") -> list[Event]:
    return copy.deepcopy(replay([(GLM / f"{name}.sse").read_bytes()]).events)


def first(events: list[Event], kind: str) -> Event:
    return next(event for event in events if event["type"] == f"response.{kind}")


def renumber(events: list[Event]) -> None:
    for number, event in enumerate(events):
        event["sequence_number"] = number


def drop(kind: str) -> Callable[[list[Event]], None]:
    def alter(events: list[Event]) -> None:
        events.remove(first(events, kind))
        renumber(events)

    return alter


def put(kind: str, **fields: object) -> Callable[[list[Event]], None]:
    return lambda events: first(events, kind).update(fields)


def put_item(kind: str, **fields: object) -> Callable[[list[Event]], None]:
    return lambda events: first(events, kind)["item"].update(fields)


def twice(kind: str) -> Callable[[list[Event]], None]:
    def alter(events: list[Event]) -> None:
        events.append(copy.deepcopy(first(events, kind)))
        renumber(events)

    return alter


def swap(at: int) -> Callable[[list[Event]], None]:
    def alter(events: list[Event]) -> None:
        events[at], events[at + 1] = events[at + 1], events[at]
        renumber(events)

    return alter


BREAKS: dict[str, Callable[[list[Event]], object]] = {
    "no created": drop("created"),
    "no added": drop("output_item.added"),
    "no done": drop("output_item.done"),
    "no part": drop("content_part.added"),
    "no text done": drop("output_text.done"),
    "no delta": drop("output_text.delta"),
    "no terminal event": drop("completed"),
    "two terminal events": twice("completed"),
    "something after the end": twice("output_text.delta"),
    "a gap in the numbers": put("output_item.done", sequence_number=99),
    "a number from another": put("created", sequence_number=1),
    "another text": put("output_text.done", text="x"),
    "other arguments": put("function_call_arguments.done", arguments="{}"),
    "another delta": put("reasoning_summary_text.delta", delta="x"),
    "another item id": put("output_text.delta", item_id="msg_2"),
    "a wrong prefix": put_item("output_item.added", id="msg_1"),
    "another call id": lambda events: events[-2]["item"].update(call_id="x"),
    "a missing field": lambda events: first(events, "output_text.delta").pop("logprobs"),
    "an unknown field": put("output_text.delta", surprise=1),
    "a wrong type": put("output_text.delta", content_index="0"),
    "a wrong status": lambda events: events[-1]["response"].update(status="incomplete"),
    "an error that is none": lambda events: events[-1]["response"].update(
        error={"code": "server_error", "message": "m"}
    ),
    "an unknown code": lambda events: events[-1]["response"].update(error={"code": "x"}),
    "output left out": lambda events: events[-1]["response"]["output"].pop(),
    "output reversed": lambda events: events[-1]["response"]["output"].reverse(),
    "done before its deltas": swap(4),
    "created later": swap(0),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_a_broken_stream_does_not_pass(broken: str) -> None:
    events = good()
    assert_valid(events)
    BREAKS[broken](events)
    with pytest.raises((AssertionError, ValueError, RuntimeError, KeyError)):
        assert_valid(events)


def test_input_may_be_rewritten_only_where_the_receipt_says_so() -> None:
    events = good("05-tool-stream-repeated-id-name")
    first(events, "custom_tool_call_input.delta")["delta"] = "{"
    assert_valid(events, input_rewritten=True)
    with pytest.raises(AssertionError):
        assert_valid(events)
