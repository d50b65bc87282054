"""The parts of a prompt in the order in which the model reads them, and their size in tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from codex_glm.translation.wire.wire_json import encode_text

from .loose import object_of, objects, text, written

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

type Group = Literal["instructions", "tools", "history"]

BYTES_PER_TOKEN = 4
"""The estimate everything here rests on. It takes a Chinese character for three quarters of a
token, an English word for one and a half; a turn's real usage then scales it."""


class PromptPart(NamedTuple):
    """A tool's declaration or a message."""

    name: str
    """Its place, for people: `tool 3 (apply_patch)`, `message 7 (user)`."""
    group: Group
    text: str


def prompt_parts(chat: JsonObject) -> list[PromptPart]:
    """Give the parts of a chat body: tools first, as GLM's published chat templates lay it out."""
    tools = [
        PromptPart(f"tool {place} ({_tool_name(tool)})", "tools", encode_text(tool))
        for place, tool in enumerate(objects(chat.get("tools")), 1)
    ]
    return tools + _messages(objects(chat.get("messages")))


def estimate(said: str) -> int:
    """Estimate the tokens of a text."""
    return -(-len(said.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


def sizes(parts: list[PromptPart], real: int = 0) -> dict[Group, int]:
    """Give the tokens of each group; `real` is the whole prompt's number if GLM has told it."""
    groups: dict[Group, int] = {"instructions": 0, "tools": 0, "history": 0}
    for part in parts:
        groups[part.group] += estimate(part.text)
    scale = real_scale(parts, real)
    return {group: round(size * scale) for group, size in groups.items()}


def real_scale(parts: list[PromptPart], real: int) -> float:
    """Give what an estimate is multiplied by, once GLM has told the real number."""
    return real / max(1, sum(estimate(part.text) for part in parts)) if real else 1.0


def message_text(message: JsonObject) -> str:
    """Give all that a message says to the model, as one text."""
    content = message.get("content")
    parts = [
        text(message.get("reasoning_content")),
        content if isinstance(content, str) else written(content),
    ]
    for call in objects(message.get("tool_calls")):
        function = object_of(call.get("function"))
        parts.append(f"{text(function.get('name'))} {written(function.get('arguments'))}")
    return "\n".join(filter(None, parts))


def _messages(messages: list[JsonObject]) -> list[PromptPart]:
    parts, leading = [], True
    for place, message in enumerate(messages, 1):
        role = text(message.get("role"))
        leading = leading and role == "system"
        name = "system text" if leading and place == 1 else f"message {place} ({role})"
        group: Group = "instructions" if leading else "history"
        parts.append(PromptPart(name, group, message_text(message)))
    return parts


def _tool_name(tool: JsonObject) -> str:
    function = object_of(tool.get("function"))
    return text(function.get("name")) or text(tool.get("type"))
