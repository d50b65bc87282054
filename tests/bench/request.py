"""The requests of the measurements: the same conversation in both dialects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from .wire import Order

type Dialect = Literal["responses", "chat"]

_INSTRUCTIONS = "You are a coding agent. Be brief, and use the tools that you have. " * 30
_TOOL = {
    "name": "shell",
    "description": "Runs a command and returns its output.",
    "parameters": {
        "type": "object",
        "properties": {"command": {"type": "array", "items": {"type": "string"}}},
        "required": ["command"],
    },
}
_WORDS = 'def area(self) -> float:\n    return self.width * self.height  # "square"\n'


class History(NamedTuple):
    """How much of a conversation goes before the question: items, and bytes in each output."""

    items: int
    size: int


SHORT = History(0, 0)
USUAL = History(8, 8000)
"""About 20 kB, as a turn of a thread that has just begun."""
LONG = History(400, 19600)
"""About 2 MB."""


def body(dialect: Dialect, model: str, order: Order, history: History = SHORT) -> bytes:
    """Write a request; the mark for the upstream is the last user message."""
    make = _responses if dialect == "responses" else _chat
    return json.dumps(make(model, str(order), history), separators=(",", ":")).encode()


def _output(history: History, number: int) -> str:
    text = _WORDS * (history.size // len(_WORDS) + 1)
    return f"{number}\n{text[: history.size]}"


def _arguments(number: int) -> str:
    return json.dumps({"command": ["sed", "-n", f"{number},200p", "src/shapes.py"]})


def _responses(model: str, question: str, history: History) -> dict[str, Any]:
    items: list[dict[str, Any]] = []
    for number in range(history.items // 4):
        items += (
            _said("user", "input_text", f"Look at part {number} and go on."),
            _said("assistant", "output_text", f"I read part {number}."),
            _call(number),
            {
                "type": "function_call_output",
                "call_id": f"call_{number}",
                "output": _output(history, number),
            },
        )
    return {
        "model": model,
        "instructions": _INSTRUCTIONS,
        "input": [*items, _said("user", "input_text", question)],
        "tools": [{"type": "function", "strict": False, **_TOOL}],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "store": False,
        "stream": True,
    }


def _said(role: str, kind: str, text: str) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


def _call(number: int) -> dict[str, Any]:
    return {
        "type": "function_call",
        "call_id": f"call_{number}",
        "name": "shell",
        "arguments": _arguments(number),
    }


def _chat(model: str, question: str, history: History) -> dict[str, Any]:
    messages: list[dict[str, Any]] = [{"role": "system", "content": _INSTRUCTIONS}]
    for number in range(history.items // 4):
        call = {"name": "shell", "arguments": _arguments(number)}
        calls = [{"id": f"call_{number}", "type": "function", "function": call}]
        said = f"I read part {number}."
        messages += (
            {"role": "user", "content": f"Look at part {number} and go on."},
            {"role": "assistant", "content": said, "tool_calls": calls},
            {
                "role": "tool",
                "tool_call_id": f"call_{number}",
                "content": _output(history, number),
            },
        )
    return {
        "model": model,
        "messages": [*messages, {"role": "user", "content": question}],
        "tools": [{"type": "function", "function": _TOOL}],
        "tool_choice": "auto",
        "stream": True,
    }
