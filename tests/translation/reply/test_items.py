from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.reasoning import Opened, unseal
from codex_glm.translation.reply.items import MessageItem, ReasoningItem

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject


def types(events: list[JsonObject]) -> list[str]:
    return [str(event["type"]).removeprefix("response.") for event in events]


def item_of(event: JsonObject) -> JsonObject:
    item = event["item"]
    assert isinstance(item, dict)
    return item


@pytest.mark.parametrize("status", ["completed", "incomplete"])
def test_message(status: str) -> None:
    message = MessageItem("x01", 1)
    opened = message.open()
    assert types(opened) == ["output_item.added", "content_part.added"]
    first = {"id": "msg_x01", "type": "message", "status": "in_progress", "role": "assistant"}
    assert item_of(opened[0]) == {**first, "content": []}
    deltas = [*message.append("a\ud83d"), *message.append(""), *message.append("\ude80")]
    assert [event["delta"] for event in deltas] == ["a", "🚀"]
    closed = message.close(status)
    assert types(closed) == ["output_text.done", "content_part.done", "output_item.done"]
    part = {"type": "output_text", "text": "a🚀", "annotations": [], "logprobs": []}
    assert item_of(closed[-1]) == {**first, "status": status, "content": [part]}


def test_reasoning() -> None:
    reasoning = ReasoningItem("x00", 0, "glm-5.3", b"key")
    opened = reasoning.open()
    assert types(opened) == ["output_item.added", "reasoning_summary_part.added"]
    first = {"id": "rs_x00", "type": "reasoning", "summary": []}
    assert item_of(opened[0]) == {**first, "status": "in_progress"}
    deltas = [*reasoning.append("W\ud83d"), *reasoning.append("hy")]
    assert [event["delta"] for event in deltas] == ["W", "\ufffdhy"]
    assert reasoning.append("\ud83d") == []
    closed = reasoning.close("incomplete")
    assert types(closed) == [
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
    ]
    item = item_of(closed[-1])
    assert item["summary"] == [{"type": "summary_text", "text": "W\ufffdhy"}]
    assert item["status"] == "incomplete"
    opened_again = unseal(str(item["encrypted_content"]), "glm-5.3", b"key")
    assert opened_again == Opened("W\ufffdhy", "")
