"""The Responses events that are sent, each as the object that stands on the wire.

Names and fields are those of OpenAI's API reference; `sequence_number` is left to `stream`, which
numbers every event in one place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .wire_json import JsonObject

type Event = JsonObject


def output_item_added(output_index: int, item: JsonObject) -> Event:
    """An item opens; `item` is its first, empty state."""
    return {"type": "response.output_item.added", "output_index": output_index, "item": item}


def output_item_done(output_index: int, item: JsonObject) -> Event:
    """An item is finished; Codex acts on this event alone (codex-cli 0.169.0)."""
    return {"type": "response.output_item.done", "output_index": output_index, "item": item}


def content_part(kind: str, item_id: str, output_index: int, part: JsonObject) -> Event:
    """A message's only part opens or closes; `kind` is `added` or `done`."""
    return {
        "type": f"response.content_part.{kind}",
        "item_id": item_id,
        "output_index": output_index,
        "content_index": 0,
        "part": part,
    }


def output_text_delta(item_id: str, output_index: int, delta: str) -> Event:
    """More text of a message."""
    return {
        "type": "response.output_text.delta",
        "item_id": item_id,
        "output_index": output_index,
        "content_index": 0,
        "delta": delta,
        "logprobs": [],
    }


def output_text_done(item_id: str, output_index: int, text: str) -> Event:
    """The whole text of a message."""
    return {
        "type": "response.output_text.done",
        "item_id": item_id,
        "output_index": output_index,
        "content_index": 0,
        "text": text,
        "logprobs": [],
    }


def summary_part(kind: str, item_id: str, output_index: int, text: str) -> Event:
    """A reasoning item's only summary part opens or closes; `kind` is `added` or `done`."""
    return {
        "type": f"response.reasoning_summary_part.{kind}",
        "item_id": item_id,
        "output_index": output_index,
        "summary_index": 0,
        "part": {"type": "summary_text", "text": text},
    }


def summary_text(kind: str, item_id: str, output_index: int, text: str) -> Event:
    """Thinking as summary: `kind` is `delta` for more of it, `done` for all of it."""
    return {
        "type": f"response.reasoning_summary_text.{kind}",
        "item_id": item_id,
        "output_index": output_index,
        "summary_index": 0,
        ("delta" if kind == "delta" else "text"): text,
    }


def arguments_delta(item_id: str, output_index: int, delta: str) -> Event:
    """More of a function call's arguments."""
    return {
        "type": "response.function_call_arguments.delta",
        "item_id": item_id,
        "output_index": output_index,
        "delta": delta,
    }


def arguments_done(item_id: str, output_index: int, arguments: str) -> Event:
    """A function call's whole arguments."""
    return {
        "type": "response.function_call_arguments.done",
        "item_id": item_id,
        "output_index": output_index,
        "arguments": arguments,
    }


def custom_input(kind: str, item_id: str, output_index: int, text: str) -> Event:
    """A custom tool's input: `kind` is `delta` for more of it, `done` for all of it."""
    return {
        "type": f"response.custom_tool_call_input.{kind}",
        "item_id": item_id,
        "output_index": output_index,
        ("delta" if kind == "delta" else "input"): text,
    }


def web_search(kind: str, item_id: str, output_index: int) -> Event:
    """A search goes on: `kind` is `in_progress`, `searching` or `completed`."""
    return {
        "type": f"response.web_search_call.{kind}",
        "item_id": item_id,
        "output_index": output_index,
    }
