"""The Responses object that the first and the last events of a turn carry.

It has every field that the Open Responses specification (2026-04-24) requires, in every state;
what that specification lets be null is null where there is nothing to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..errors import Failure
    from ..request.context import TurnContext
    from ..wire.chunks import Usage
    from ..wire.wire_json import JsonObject

_ECHOED: dict[str, object] = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "temperature": 1.0,
    "top_p": 0.95,
    "user": None,
}
"""Request fields that a Responses object repeats, with their defaults: for sampling those of GLM's
models from 4.6 on (Z.ai API reference), else those of OpenAI's API reference."""

_LEFT_OUT_WHEN_NONE = frozenset({"user"})
"""Old fields that the specification does not have."""

_UNSERVED: JsonObject = {
    "background": False,
    "frequency_penalty": 0.0,
    "max_tool_calls": None,
    "presence_penalty": 0.0,
    "previous_response_id": None,
    "service_tier": "default",
    "store": False,
    "top_logprobs": 0,
    "truncation": "disabled",
}
"""What a request may ask for and nobody here does; the object says how it was, not the wish."""


class ResponseObject:
    """Builds the states of one response; what never changes is put together once."""

    def __init__(
        self,
        context: TurnContext,
        response_id: str,
        created_at: int,
        clock: Callable[[], int] | None = None,
    ) -> None:
        body = context.echo
        echoed = {
            key: default if body.get(key) is None else body[key]
            for key, default in _ECHOED.items()
            if body.get(key) is not None or key not in _LEFT_OUT_WHEN_NONE
        }
        self._clock = clock or (lambda: created_at)
        self.fixed: JsonObject = {
            "id": response_id,
            "object": "response",
            "created_at": created_at,
            "model": context.model,
            "reasoning": _reasoning(body.get("reasoning")),
            "text": _text_settings(body.get("text")),
            "tool_choice": _tool_choice(body.get("tool_choice")),
            "tools": [_tool(tool) for tool in cast("list[object]", body.get("tools") or [])],
            **_UNSERVED,
            **echoed,
        }
        """The fields that stand first in every state."""

    def build(
        self,
        status: str,
        output: list[JsonObject],
        usage: Usage | None = None,
        failure: Failure | None = None,
        incomplete: str | None = None,
    ) -> JsonObject:
        """Give the object in one state.

        `usage` is null when GLM told none: Codex refuses a half-filled one (codex-cli 0.169.0).
        """
        return {
            **self.fixed,
            "status": status,
            "completed_at": self._clock() if status == "completed" else None,
            "error": {"code": failure.code, "message": failure.message} if failure else None,
            "incomplete_details": {"reason": incomplete} if incomplete else None,
            "output": output,
            "usage": _usage(usage) if usage else None,
        }


def _usage(usage: Usage) -> JsonObject:
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": 0},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": usage.thinking},
        "total_tokens": usage.total,
    }


def _object(asked: object) -> JsonObject:
    return cast("JsonObject", asked) if isinstance(asked, dict) else {}


def _reasoning(asked: object) -> JsonObject:
    given = _object(asked)
    return {"effort": given.get("effort"), "summary": given.get("summary")}


def _text_settings(asked: object) -> JsonObject:
    form = _object(_object(asked).get("format")) or {"type": "text"}
    if form.get("type") == "json_schema":
        form = _with(form, description=None) | {"strict": bool(form.get("strict"))}
    return {"format": form}


def _tool_choice(asked: object) -> object:
    if _object(asked).get("type") == "allowed_tools":
        return _with(asked, mode="auto")
    return asked or "auto"


def _tool(asked: object) -> object:
    """Give a declaration as it was; functions with the fields that a client may leave out."""
    if _object(asked).get("type") != "function":
        return asked
    return _with(asked, description=None, parameters=None, strict=None)


def _with(asked: object, **missing: object) -> JsonObject:
    """Add fields that the client may leave out and the specification demands."""
    return _object(asked) | {k: v for k, v in missing.items() if k not in _object(asked)}
