"""Messages: roles, fields, and calls that must each be answered at once."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from codex_glm.simulator.models import ModelFacts
from codex_glm.simulator.rules.content import check_content, image_urls, plain_text
from codex_glm.simulator.rules.tools import TOOL_NAME
from codex_glm.simulator.verdict import Violation, noticed, refused

_FIELDS = {
    "system": {"role", "content"},
    "user": {"role", "content"},
    "assistant": {"role", "content", "reasoning_content", "tool_calls"},
    "tool": {"role", "content", "tool_call_id"},
}


def check_messages(body: Mapping[str, Any], facts: ModelFacts) -> Iterator[Violation]:
    """Check every message by itself, then the order of calls and their outputs."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        yield refused("1214", "Input cannot be empty")
        return
    if not all(isinstance(message, dict) for message in messages):
        yield refused("1214", "Invalid messages parameter: every message must be an object")
        return
    for index, message in enumerate(messages):
        yield from _check_message(message, f"messages[{index}]", facts)
    if not any(message.get("role") == "user" for message in messages):
        yield refused("1214", "Invalid messages parameter: must not be only system and assistant")
    images = sum(len(image_urls(message.get("content"))) for message in messages)
    if images > facts.most_images:
        yield refused("1210", f"Invalid messages parameter: at most {facts.most_images} images")
    yield from _check_answers(messages)


def _check_message(message: dict[str, Any], where: str, facts: ModelFacts) -> Iterator[Violation]:
    role = message.get("role")
    if not isinstance(role, str) or role not in _FIELDS:
        yield refused("1214", "Incorrect role information")
        return
    for unknown in sorted(set(message) - _FIELDS[role]):
        yield refused("1210", f"Unknown parameter: {where}.{unknown}")
    if role == "assistant":
        yield from _check_assistant(message, where, facts)
        return
    yield from check_content(message.get("content"), f"{where}.content", role, facts)
    if role in ("user", "system") and not plain_text(message.get("content")).strip():
        yield refused("1213", f"The prompt was not received normally: {where} has no text")


def _check_assistant(message: dict[str, Any], where: str, facts: ModelFacts) -> Iterator[Violation]:
    content, calls = message.get("content"), message.get("tool_calls")
    if content is None:
        yield noticed(f'{where}.content should be "" rather than null')
    else:
        yield from check_content(content, f"{where}.content", "assistant", facts)
    if not isinstance(message.get("reasoning_content", ""), str):
        yield refused("1214", f"Invalid {where}.reasoning_content parameter: must be a string")
    if "tool_calls" in message and (not isinstance(calls, list) or not calls):
        yield refused("1214", f"Invalid {where}.tool_calls parameter: must be a non-empty array")
    for index, call in enumerate(calls if isinstance(calls, list) else []):
        yield from _check_call(call, f"{where}.tool_calls[{index}]")
    if not plain_text(content) and not calls and not message.get("reasoning_content"):
        yield refused("1214", f"Input cannot be empty: {where}")


def _check_call(call: Any, where: str) -> Iterator[Violation]:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or call.get("type") != "function":
        yield refused("1214", f"Invalid {where} parameter: must be a call of a function")
        return
    for unknown in sorted(set(call) - {"id", "type", "function", "index"}):
        yield refused("1210", f"Unknown parameter: {where}.{unknown}")
    if not isinstance(call.get("id"), str) or not call["id"]:
        yield refused("1214", f"Invalid {where}.id parameter: must be a string")
    if not TOOL_NAME.fullmatch(str(function.get("name", ""))):
        yield refused("1214", f"Invalid {where}.function.name: {function.get('name')!r}")
    yield from _check_arguments(function.get("arguments"), f"{where}.function.arguments")


def _check_arguments(arguments: object, where: str) -> Iterator[Violation]:
    if not isinstance(arguments, str):
        # An object is answered with 422 (reported 2026); the code beside the status is not known.
        yield refused("1214", f"Invalid {where}: must be a string", status=422)
        return
    try:
        holds_object = isinstance(json.loads(arguments), dict)
    except ValueError:
        holds_object = False
    if not holds_object:
        yield refused("1214", f"Invalid {where}: must be the text of a JSON object")


def _check_answers(messages: list[dict[str, Any]]) -> Iterator[Violation]:
    """Each call is answered exactly once, before any message that is not an answer."""
    waiting: list[str] = []
    for index, message in enumerate(messages):
        where = f"messages[{index}]"
        if message.get("role") == "tool":
            answered = message.get("tool_call_id")
            if answered in waiting:
                waiting.remove(answered)
            else:
                yield refused("1214", f"{where}.tool_call_id answers no open call: {answered!r}")
            continue
        if waiting:
            yield refused("1214", f"{where} comes before the outputs of {', '.join(waiting)}")
        waiting = _call_ids(message)
        if len(set(waiting)) < len(waiting):
            yield refused("1214", f"{where}.tool_calls has the same id twice")
    if waiting:
        yield refused("1214", f"no output for {', '.join(waiting)}")


def _call_ids(message: dict[str, Any]) -> list[str]:
    calls = message.get("tool_calls")
    listed = calls if isinstance(calls, list) else []
    return [str(call.get("id")) for call in listed if isinstance(call, dict)]
