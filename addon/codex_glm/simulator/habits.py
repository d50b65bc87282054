"""What model and request make of a scripted reply: thinking on or off, and how long it may be."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from codex_glm.simulator.models import ModelFacts
from codex_glm.simulator.reply import Reply
from codex_glm.simulator.tokens import CHARACTERS_PER_TOKEN, count_tokens


def suit_request(reply: Reply, body: Mapping[str, Any], facts: ModelFacts) -> Reply:
    """Adapt a reply to the model and to the request's thinking and max_tokens."""
    if facts.thinking == "none" or body.get("thinking", {}).get("type") == "disabled":
        reply = replace(reply, thinking="")
    if facts.leading_newline:
        reply = _with_leading_newlines(reply)
    return _shortened(reply, body.get("max_tokens", facts.max_output))


def _with_leading_newlines(reply: Reply) -> Reply:
    thinking, text = (f"\n{one}" if one else "" for one in (reply.thinking, reply.text))
    return replace(reply, thinking=thinking, text=text)


def _shortened(reply: Reply, max_tokens: int) -> Reply:
    """Cut a reply that is longer than allowed; reasoning counts, and comes first."""
    calls = sum(count_tokens(call.name + call.arguments) for call in reply.calls)
    if count_tokens(reply.thinking) + count_tokens(reply.text) + calls <= max_tokens:
        return reply
    room = max_tokens * CHARACTERS_PER_TOKEN
    thinking = reply.thinking[:room]
    text = reply.text[: room - len(thinking)]
    return replace(reply, thinking=thinking, text=text, calls=(), finish="length")
