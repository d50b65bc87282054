"""The request side of a turn, readable: what goes to the model, and where its tokens are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .conversation import conversation, old_and_new
from .loose import object_of, objects, parsed, text
from .prefix import describe, read_change
from .prompt import estimate, prompt_parts, real_scale, sizes
from .wording import indented, share, short_count, shortened

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

    from .prompt import PromptPart
    from .turn_record import TurnRecord

NOT_KEPT = "GLM's request is not kept."


def render_request(record: TurnRecord, codex_request: bytes) -> str:
    """Give the view; `codex_request` is the body that Codex sent."""
    chat, asked = record.chat, parsed(codex_request)
    lines = [_title(record, chat, asked), ""]
    if not chat:
        return "\n".join([*lines, NOT_KEPT])
    parts = prompt_parts(chat)
    lines += [*_sizes(record, parts), "", "CACHE"]
    lines += [f"  {line}" for line in describe(read_change(record.prefix), record.usage)]
    messages = objects(chat.get("messages"))
    old, new = old_and_new(messages, objects(record.first_chat.get("messages")))
    lines += ["", "NEW IN THIS TURN", *conversation(new, messages)]
    if old:
        words = "message" if len(old) == 1 else "messages"
        lines += ["", f"BEFORE IT ({len(old)} {words})", *conversation(old, messages)]
    lines += ["", "INSTRUCTIONS", *_instructions(parts), "", "TOOLS", *_tools(record, parts)]
    return "\n".join(lines)


def said_effort(chat: JsonObject) -> str:
    """Give how much GLM was told to think."""
    thinking = text(object_of(chat.get("thinking")).get("type"))
    return text(chat.get("reasoning_effort")) or {"enabled": "on", "disabled": "off"}.get(
        thinking, "as GLM likes"
    )


def _title(record: TurnRecord, chat: JsonObject, asked: JsonObject) -> str:
    wish = text(object_of(asked.get("reasoning")).get("effort")) or "none asked"
    model = record.model or "(no model)"
    same = record.asked_model in ("", record.model)
    parts = [model if same else f"{record.asked_model} → {model}"]
    parts += [f"effort {wish} → {said_effort(chat)}"] if chat else []
    parts += [record.kind] if record.kind not in ("", "turn") else []
    parts += [f"thread {record.thread}"] if record.thread else []
    return " · ".join(parts)


def _sizes(record: TurnRecord, parts: list[PromptPart]) -> list[str]:
    real = record.usage.prompt if record.usage else 0
    groups = sizes(parts, real)
    total = real or sum(groups.values())
    lines = [f"PROMPT  {'' if real else '~'}{total:,} tokens"]
    counts = {name: sum(part.group == name for part in parts) for name in groups}
    lines += [
        f"  {name:<13}{size:>9,}  {share(size, total):>4}   {_things(name, counts[name])}"
        for name, size in groups.items()
    ]
    told = "the total is GLM's count, the parts are estimated" if real else "estimated"
    return [*lines, f"  ({told})"]


def _things(group: str, many: int) -> str:
    word = "tool" if group == "tools" else "message"
    return f"{many} {word}" + ("" if many == 1 else "s")


def _instructions(parts: list[PromptPart]) -> list[str]:
    said = "\n\n".join(part.text for part in parts if part.group == "instructions")
    return [indented(shortened(said, 15, 1500))] if said else ["  none"]


def _tools(record: TurnRecord, parts: list[PromptPart]) -> list[str]:
    scale = real_scale(parts, record.usage.prompt if record.usage else 0)
    lines = [
        f"  {part.name}, ~{short_count(round(estimate(part.text) * scale))}"
        for part in parts
        if part.group == "tools"
    ]
    return lines or ["  none"]
