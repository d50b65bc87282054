"""`POST …/responses/compact`: compaction on the server's side as older Codex versions ask for it.

Codex calls it for providers called OpenAI or Azure (codex-cli 0.77.0 to 0.146.0; 0.63.0 to 0.73.0
with a ChatGPT login) and takes the `output` of the reply for its whole history: the messages of the
user and the developer, as they were, and one compaction item that stands for all the rest (OpenAI
API reference). For GLM it is the turn that newer versions send with a `compaction_trigger`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from .context import TranslatedRequest
from .translate import translate_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..receipt import Receipt
    from ..wire.wire_json import JsonObject
    from .context import TranslationSettings, TurnContext

_MOST_CHARACTERS = 80_000
"""How much of what the user said is kept word for word, about 20,000 tokens as in Codex's own
compaction (codex-cli 0.169.0); the summary speaks for what is older."""

_OLDER_CODEX = re.compile(r"codex[\w-]*/0\.(?:\d|[1-5]\d|6[0-4])\.\d+")
"""Codex up to 0.64.0 loses an item of type `compaction`, and with it the whole summary: the next
request holds `{"type": "other"}` (codex-cli 0.63.0 and 0.64.0; 0.65.0 reads both names)."""

_CONTEXT = ("# AGENTS.md instructions", "<environment_context", "<user_instructions")
"""How the user's messages begin that Codex writes itself: they are kept, whatever their age."""


def translate_compaction(
    body: JsonObject, settings: TranslationSettings, headers: Mapping[str, str]
) -> TranslatedRequest:
    """Translate one request for compaction; raises RequestError as `translate_request` does."""
    items = _items(body)
    turn: JsonObject = {**body, "stream": False}
    if items:
        turn["input"] = [*items, {"type": "compaction_trigger"}]
    translated = translate_request(turn, settings, headers)
    receipt = translated.context.receipt
    kept, name = _kept_messages(items, receipt), _compaction_type(headers, receipt)
    context = replace(translated.context, kept=kept, compaction_type=name)
    return TranslatedRequest(translated.chat_body, context)


def _compaction_type(headers: Mapping[str, str], receipt: Receipt) -> str:
    agent = _OLDER_CODEX.match(headers.get("user-agent", ""))
    if not agent:
        return "compaction"
    receipt.add("renamed", "compaction-type", f"{agent[0]} calls it compaction_summary")
    return "compaction_summary"


def _items(body: JsonObject) -> list[object]:
    given = body.get("input")
    if isinstance(given, str) and given:
        return [{"type": "message", "role": "user", "content": given}]
    return given if isinstance(given, list) else []


def _kept_messages(items: list[object], receipt: Receipt) -> tuple[JsonObject, ...]:
    """Choose the messages that stay: the developer's all, of the user's the last ones."""
    kept: list[JsonObject] = []
    left, dropped = _MOST_CHARACTERS, 0
    messages = [item for item in items if isinstance(item, dict) and "role" in item]
    spoken = False
    for item in reversed(messages):
        role = item["role"]
        if role == "user" and not _is_context(item):
            left -= sum(len(str(part.get("text") or "")) for part in _parts(item.get("content")))
            if left < 0 and spoken:
                dropped += 1
                continue
            spoken = True
        if role in ("user", "developer", "system"):
            kept.append(item)
    if dropped:
        receipt.add("dropped", "compaction", f"{dropped} older messages of the user are summed up")
    return tuple(reversed(kept))


def _is_context(item: JsonObject) -> bool:
    parts = _parts(item.get("content"))
    return bool(parts) and str(parts[0].get("text")).startswith(_CONTEXT)


def _parts(content: object) -> list[JsonObject]:
    if isinstance(content, str):
        return [{"type": "input_text", "text": content}]
    parts = content if isinstance(content, list) else []
    return [part for part in parts if isinstance(part, dict)]


def client_response(context: TurnContext, response: JsonObject) -> JsonObject:
    """Give a response as a client gets it that does not stream: as it is, or as a compaction."""
    if context.kept is None:
        return response
    unique = str(response["id"]).removeprefix("resp_")
    kept = [_message(item, f"msg_{unique}k{place}") for place, item in enumerate(context.kept)]
    summary = [
        {**item, "type": context.compaction_type}
        for item in cast("list[JsonObject]", response["output"])
    ]
    compacted = {
        "id": response["id"],
        "object": "response.compaction",
        "created_at": response["created_at"],
        "output": [*kept, *summary],
    }
    return compacted | ({"usage": response["usage"]} if response.get("usage") else {})


def _message(item: JsonObject, item_id: str) -> JsonObject:
    return {
        "id": item.get("id") or item_id,
        "type": "message",
        "status": "completed",
        "role": item["role"],
        "content": _parts(item.get("content")),
    }
