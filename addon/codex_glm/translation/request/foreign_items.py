"""Input items of a type that is not read: what a chat model can make of them all the same.

An item that this build has never seen may hold what the conversation is about. So whatever in it
is text goes to GLM, as what it looks like: the output of a call, the assistant's words, or a note
of the user. What is no text, such as an image's bytes, is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .content import Content
from .steps import Output, Say, Speak

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..wire.wire_json import JsonObject
    from .steps import Step

_READABLE = ("content", "text", "output", "summary", "message", "refusal")
"""Fields that hold text, or parts with text, in every item and part that is known."""


def read_foreign(item: JsonObject, kind: str) -> Step | None:
    """Give what an item of an unread type is in a conversation; None if nothing in it is text."""
    text = "\n".join(_texts(item))
    if not text:
        return None
    call_id = item.get("call_id")
    if isinstance(call_id, str) and call_id and "output" in item:
        return Output(call_id, Content((text,)), str(item.get("name") or kind))
    if item.get("role") == "assistant":
        return Speak(text)
    return Say("user", Content((f"[{kind}]", text)))


def _texts(holder: JsonObject) -> Iterator[str]:
    for key in _READABLE:
        yield from _text(holder.get(key))


def _text(value: object) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _text(each)
    elif isinstance(value, dict):
        yield from _texts(value)
