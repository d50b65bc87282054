"""What a request says so far: the prompt it is about, and how far its turn has got."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codex_glm.simulator.pictures import read_picture
from codex_glm.simulator.rules.content import image_urls, plain_text

_CONTEXT_TAGS = (
    "environment_context|user_instructions|permissions instructions|subagent_notification"
    "|turn_aborted|model_switch|collaboration_mode|skills_instructions|skill|tools"
)
# Codex puts these ahead of the user's words, in messages of their own or in the same one.
_CONTEXT = re.compile(
    rf"\s*(?:<({_CONTEXT_TAGS})>.*?(?:</\1>|\Z)|# AGENTS\.md.*?(?:</INSTRUCTIONS>|\Z))\s*",
    re.DOTALL,
)
_IMAGE_TAG = re.compile(r"</?image\b[^>]*>\s*")


@dataclass(frozen=True)
class Conversation:
    """One request as the scenarios see it.

    Attributes:
        model: The model asked for.
        prompt: The last words of the user, without the context messages of the client.
        rounds: Assistant messages with tool calls since then.
        last_output: Text of the newest tool message since then, or "".
        told: Texts of all user and tool messages, oldest first.
        tools: Declared function names, in order.
        response_format: "text" or "json_object".
        messages: How many messages there are.
        images: What is known of each image beside the prompt.
        key: Same for every request of one turn, other for other turns.

    """

    model: str
    prompt: str
    rounds: int
    last_output: str
    told: tuple[str, ...]
    tools: tuple[str, ...]
    response_format: str
    messages: int
    images: tuple[str, ...]
    key: str


def read_conversation(body: Mapping[str, Any]) -> Conversation:
    """Read a request that the judge has let pass."""
    messages: Sequence[Mapping[str, Any]] = body["messages"]
    prompt, at = _last_prompt(messages)
    turn = messages[at + 1 :]
    outputs = [plain_text(one.get("content")) for one in turn if one["role"] == "tool"]
    return Conversation(
        model=body["model"],
        prompt=prompt,
        rounds=sum(1 for message in turn if message.get("tool_calls")),
        last_output=outputs[-1] if outputs else "",
        told=tuple(
            plain_text(one.get("content")) for one in messages if one["role"] in ("user", "tool")
        ),
        tools=tuple(
            tool["function"]["name"] for tool in body.get("tools", ()) if "function" in tool
        ),
        response_format=body.get("response_format", {"type": "text"})["type"],
        messages=len(messages),
        images=tuple(map(_describe, image_urls(messages[at].get("content")) if prompt else ())),
        key=digest([body["model"], *messages[: at + 1]]),
    )


def _describe(url: str) -> str:
    return str(read_picture(url) or f"an image at {url}")


def digest(value: object) -> str:
    """Hash a JSON value to 64 hex digits, the same in every run."""
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def user_words(content: object) -> str:
    """Return what the user wrote in a message, or "" if it only holds the client's context."""
    text = plain_text(content)
    while found := _CONTEXT.match(text):
        text = text[found.end() :]
    return _IMAGE_TAG.sub("", text).strip()


def _last_prompt(messages: Sequence[Mapping[str, Any]]) -> tuple[str, int]:
    for at in range(len(messages) - 1, -1, -1):
        words = user_words(messages[at].get("content")) if messages[at]["role"] == "user" else ""
        if words and not _carries_output(messages, at):
            return words, at
    return "", -1


def _carries_output(messages: Sequence[Mapping[str, Any]], at: int) -> bool:
    """Tell images of a tool from a prompt: GLM takes none in tool messages, so they come after."""
    content = messages[at].get("content")
    images = isinstance(content, list) and any("image_url" in part for part in content)
    return images and at > 0 and messages[at - 1]["role"] == "tool"
