"""GLM's chunks, read into deltas. The upstream's quirks of shape end here.

Shapes: Z.ai API reference, recordings of 2025-11 to 2026-09. One chunk may hold several things;
they come out one by one, in GLM's own order: thinking, text, calls, finish, usage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .growing_text import join_pairs
from .wire_json import encode_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .wire_json import JsonObject


class ThinkingDelta(NamedTuple):
    """More `reasoning_content`."""

    text: str


class TextDelta(NamedTuple):
    """More `content`."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """More of one call: its first fragment has id and name, the later ones arguments."""

    index: int | None
    """The call's place in the reply; None where GLM named none."""
    id: str
    name: str
    arguments: str


class Finished(NamedTuple):
    """The reply's `finish_reason`."""

    reason: str


class Usage(NamedTuple):
    """Token counts; `cached` are part of `prompt`, `thinking` are part of `completion`."""

    prompt: int
    cached: int
    completion: int
    thinking: int
    total: int


def join_rounds(rounds: list[Usage]) -> Usage:
    """Join the counts of a turn's rounds.

    Each round's prompt holds the one before it, so the last prompt counts, and every completion:
    Codex takes the total for the size of its context (codex-cli 0.169.0).
    """
    *earlier, last = rounds
    completion = sum(each.completion for each in earlier)
    return last._replace(
        completion=last.completion + completion,
        thinking=last.thinking + sum(each.thinking for each in earlier),
        total=last.total + completion,
    )


class UpstreamError(NamedTuple):
    """An error object inside the stream."""

    error: JsonObject


class Restarted(NamedTuple):
    """What follows is another generation: GLM's gateway has begun the reply anew."""


class Unreadable(NamedTuple):
    """A frame that is no chunk."""

    problem: str


class Closed(NamedTuple):
    """GLM said that its stream is over."""


type Delta = ThinkingDelta | TextDelta | ToolCallDelta | Finished | Usage | UpstreamError
"""What a chunk holds."""

type Sign = Restarted | Unreadable | Closed
"""What stands between the deltas of a stream."""

type TextBearing = TextDelta | ThinkingDelta | ToolCallDelta


def text_of(delta: TextBearing) -> str:
    """Give the text that a delta brings: of a call, its arguments."""
    return delta.arguments if isinstance(delta, ToolCallDelta) else delta.text


def with_text(delta: TextBearing, text: str) -> TextBearing:
    """Give a delta with another text in the place of its own."""
    if isinstance(delta, ToolCallDelta):
        return ToolCallDelta(delta.index, delta.id, delta.name, text)
    return type(delta)(text)


def parse_chunk(chunk: JsonObject) -> Iterator[Delta]:
    """Give the deltas of one chunk; an envelope without content gives none."""
    error = chunk.get("error")
    if error is not None:
        yield UpstreamError(error if isinstance(error, dict) else {"message": str(error)})
        return
    choices = chunk.get("choices")
    for choice in choices if isinstance(choices, list) else []:
        if isinstance(choice, dict):
            yield from _parse_choice(choice)
    if usage := _parse_usage(chunk.get("usage")):
        yield usage


def _parse_choice(choice: JsonObject) -> Iterator[Delta]:
    delta = choice.get("delta") or choice.get("message")
    if isinstance(delta, dict):
        if thinking := _text(delta.get("reasoning_content")):
            yield ThinkingDelta(thinking)
        if text := _text(delta.get("content")):
            yield TextDelta(text)
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else []:
            if isinstance(call, dict):
                yield _parse_call(call)
    if reason := join_pairs(_text(choice.get("finish_reason"))):
        yield Finished(reason)


def _parse_call(call: JsonObject) -> ToolCallDelta:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    index = call.get("index")
    arguments = function.get("arguments")
    # The reference calls arguments an object, every recording has text.
    if isinstance(arguments, dict | list):
        arguments = encode_text(arguments)
    return ToolCallDelta(
        index if isinstance(index, int) else None,
        join_pairs(_text(call.get("id"))),
        join_pairs(_text(function.get("name"))),
        _text(arguments),
    )


def _parse_usage(usage: object) -> Usage | None:
    if not isinstance(usage, dict):
        return None
    prompt, completion = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    return Usage(
        prompt=prompt,
        cached=_count(usage.get("prompt_tokens_details"), "cached_tokens"),
        completion=completion,
        thinking=_count(usage.get("completion_tokens_details"), "reasoning_tokens"),
        total=_count(usage, "total_tokens") or prompt + completion,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(holder: object, key: str) -> int:
    value = holder.get(key) if isinstance(holder, dict) else None
    return value if isinstance(value, int) and value > 0 else 0
