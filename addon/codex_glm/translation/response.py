"""The Responses object that the first and the last events of a turn carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from .chunks import Usage
    from .errors import Failure
    from .request import TurnContext
    from .wire_json import JsonObject

_ECHOED: dict[str, object] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""Request fields that a Responses object repeats, with their defaults (OpenAI API reference)."""

_LEFT_OUT_WHEN_NONE = frozenset({"prompt_cache_key", "safety_identifier", "user"})


class ResponseObject:
    """Builds the states of one response; what never changes is put together once."""

    def __init__(self, context: TurnContext, response_id: str, created_at: int) -> None:
        body = context.echo
        echoed = {
            key: default if body.get(key) is None else body[key]
            for key, default in _ECHOED.items()
            if body.get(key) is not None or key not in _LEFT_OUT_WHEN_NONE
        }
        self._fixed: JsonObject = {
            "id": response_id,
            "object": "response",
            "created_at": created_at,
            "background": False,
            "model": context.asked_model,
            "previous_response_id": None,
            "reasoning": _reasoning(body.get("reasoning")),
            "service_tier": "default",
            "text": _text_settings(body.get("text")),
            **echoed,
        }

    def build(
        self,
        status: str,
        output: list[JsonObject],
        usage: Usage | None = None,
        failure: Failure | None = None,
        incomplete: str | None = None,
    ) -> JsonObject:
        """Give the object in one state.

        `usage` is left out when GLM told none: Codex refuses a half-filled one (codex-cli
        0.169.0).
        """
        state: JsonObject = {
            **self._fixed,
            "status": status,
            "error": {"code": failure.code, "message": failure.message} if failure else None,
            "incomplete_details": {"reason": incomplete} if incomplete else None,
            "output": output,
        }
        if usage:
            state["usage"] = _usage(usage)
        return state


def _usage(usage: Usage) -> JsonObject:
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": 0},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": usage.thinking},
        "total_tokens": usage.total,
    }


def _reasoning(asked: object) -> JsonObject:
    given = cast("JsonObject", asked) if isinstance(asked, dict) else {}
    return {"effort": given.get("effort"), "summary": given.get("summary")}


def _text_settings(asked: object) -> JsonObject:
    given = cast("JsonObject", asked) if isinstance(asked, dict) else {}
    return {"format": {"type": "text"}, **given}
