"""Chat messages as a conversation that one can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .loose import object_of, objects, parsed, text, written
from .prompt import estimate
from .wording import indented, short_count, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codex_glm.translation.wire.wire_json import JsonObject

_OUTPUT_LINES = 12
_OUTPUT_CHARACTERS = 1200
_ARGUMENT_LINES = 40


def conversation(messages: list[JsonObject], whole: list[JsonObject]) -> list[str]:
    """Give messages as lines; each begins with who speaks.

    `whole` is the conversation that they are from, with the calls whose outputs they may hold.
    """
    return list(_blocks(messages, _call_names(whole)))


def newest(messages: list[JsonObject]) -> list[JsonObject]:
    """Give what came since the model last spoke."""
    return old_and_new(messages, messages)[1]


def old_and_new(
    messages: list[JsonObject], first: list[JsonObject]
) -> tuple[list[JsonObject], list[JsonObject]]:
    """Part a request where its turn begins, instructions left out.

    `first` is the request of the turn's first round: in a later one the model has spoken again.
    """
    speakers = [i for i, each in enumerate(first) if each.get("role") == "assistant"]
    start = speakers[-1] + 1 if speakers else 0
    new = messages[start:]
    return _without_system(messages[:start]), new if start else _without_system(new)


def call_text(name: str, call_id: str, arguments: str) -> str:
    """Give a tool call: its name, and its arguments one below the other."""
    title = f"→ {name or '(no name)'}" + (f"  [{call_id}]" if call_id else "")
    return f"{title}\n{indented(arguments_text(arguments))}" if arguments else title


def arguments_text(arguments: str) -> str:
    """Give a call's arguments by name; what is no JSON object stands as it is."""
    named = parsed(arguments)
    if not named:
        return shortened(arguments, _ARGUMENT_LINES)
    return "\n".join(_argument(name, value) for name, value in named.items())


def content_text(content: object) -> str:
    """Give a message's content; images as their size."""
    if not isinstance(content, list):
        return written(content)
    return "\n".join(_part(each) for each in objects(content))


def _without_system(messages: list[JsonObject]) -> list[JsonObject]:
    return [each for each in messages if each.get("role") != "system"]


def _blocks(messages: list[JsonObject], names: dict[str, str]) -> Iterator[str]:
    for message in messages:
        role = text(message.get("role")) or "(no role)"
        said = content_text(message.get("content"))
        if role == "tool":
            yield from ("", _output(text(message.get("tool_call_id")), said, names))
            continue
        yield from ("", f"── {role} ──")
        if thinking := text(message.get("reasoning_content")):
            size = short_count(estimate(thinking))
            yield f"(thinking, ~{size} tokens)\n{indented(shortened(thinking, 10, 1000))}"
        if said:
            yield shortened(said)
        for call in objects(message.get("tool_calls")):
            function = object_of(call.get("function"))
            arguments = written(function.get("arguments"))
            yield call_text(text(function.get("name")), text(call.get("id")), arguments)


def _output(call_id: str, said: str, names: dict[str, str]) -> str:
    title = f"← {names.get(call_id, 'output')}  [{call_id}]"
    shown = shortened(said.rstrip("\n"), _OUTPUT_LINES, _OUTPUT_CHARACTERS)
    return f"{title}\n{indented(shown)}"


def _call_names(messages: list[JsonObject]) -> dict[str, str]:
    return {
        text(call.get("id")): text(object_of(call.get("function")).get("name"))
        for message in messages
        for call in objects(message.get("tool_calls"))
    }


def _argument(name: str, value: object) -> str:
    said = shortened(written(value).rstrip("\n"), _ARGUMENT_LINES)
    return f"{name}:\n{indented(said)}" if "\n" in said else f"{name}: {said}"


def _part(part: JsonObject) -> str:
    if said := text(part.get("text")):
        return said
    url = text(object_of(part.get("image_url")).get("url"))
    head, _, data = url.partition(",")
    return f"[{part.get('type')}: {head[:80]}, {len(data):,} characters]"
