from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from codex_glm.translation.wire import events
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

ADAPTER: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
CALL: JsonObject = {"type": "function_call", "call_id": "c", "name": "n", "arguments": ""}
PART: JsonObject = {"type": "output_text", "text": "", "annotations": []}
SAID: JsonObject = {"item_id": "i", "output_index": 3}
TEXT: JsonObject = {**SAID, "content_index": 0}
SUMMARY: JsonObject = {**SAID, "summary_index": 0}


@pytest.mark.parametrize(
    ("event", "kind", "fields"),
    [
        (events.output_item_added(3, CALL), "output_item.added", {"output_index": 3, "item": CALL}),
        (events.output_item_done(3, CALL), "output_item.done", {"output_index": 3, "item": CALL}),
        (events.content_part("added", "i", 3, PART), "content_part.added", {**TEXT, "part": PART}),
        (events.content_part("done", "i", 3, PART), "content_part.done", {**TEXT, "part": PART}),
        (
            events.output_text_delta("i", 3, "x"),
            "output_text.delta",
            {**TEXT, "delta": "x", "logprobs": []},
        ),
        (
            events.output_text_done("i", 3, "x"),
            "output_text.done",
            {**TEXT, "text": "x", "logprobs": []},
        ),
        (
            events.summary_part("added", "i", 3, "x"),
            "reasoning_summary_part.added",
            {**SUMMARY, "part": {"type": "summary_text", "text": "x"}},
        ),
        (
            events.summary_part("done", "i", 3, "x"),
            "reasoning_summary_part.done",
            {**SUMMARY, "part": {"type": "summary_text", "text": "x"}},
        ),
        (
            events.summary_text("delta", "i", 3, "x"),
            "reasoning_summary_text.delta",
            {**SUMMARY, "delta": "x"},
        ),
        (
            events.summary_text("done", "i", 3, "x"),
            "reasoning_summary_text.done",
            {**SUMMARY, "text": "x"},
        ),
        (
            events.arguments_delta("i", 3, "x"),
            "function_call_arguments.delta",
            {**SAID, "delta": "x"},
        ),
        (
            events.arguments_done("i", 3, "x"),
            "function_call_arguments.done",
            {**SAID, "arguments": "x"},
        ),
        (
            events.custom_input("delta", "i", 3, "x"),
            "custom_tool_call_input.delta",
            {**SAID, "delta": "x"},
        ),
        (
            events.custom_input("done", "i", 3, "x"),
            "custom_tool_call_input.done",
            {**SAID, "input": "x"},
        ),
    ],
)
def test_events(event: JsonObject, kind: str, fields: JsonObject) -> None:
    assert event == {"type": f"response.{kind}", **fields}
    model = ADAPTER.validate_python({**event, "sequence_number": 0}, strict=True)
    assert model.type == event["type"]
