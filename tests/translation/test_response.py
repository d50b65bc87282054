from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.chunks import Usage
from codex_glm.translation.errors import failure
from codex_glm.translation.response import ResponseObject
from openai.types.responses import Response

from .support import TOOLS, turn

if TYPE_CHECKING:
    from codex_glm.translation.wire_json import JsonObject


def build(status: str = "in_progress", *args: object, **fields: object) -> JsonObject:
    made = ResponseObject(turn(**fields), "resp_1", 1_700_000_000)
    return made.build(status, [], *args)  # type: ignore[arg-type]


def test_the_first_state() -> None:
    state = build()
    assert state == {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "background": False,
        "model": "gpt-5",
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "text": {"format": {"type": "text"}},
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": TOOLS,
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "output": [],
    }
    Response.model_validate(state, strict=True)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"instructions": "Be brief."}, {"instructions": "Be brief."}),
        ({"parallel_tool_calls": False}, {"parallel_tool_calls": False}),
        ({"parallel_tool_calls": None}, {"parallel_tool_calls": True}),
        ({"temperature": 0}, {"temperature": 0}),
        ({"prompt_cache_key": "k", "user": "u"}, {"prompt_cache_key": "k", "user": "u"}),
        ({"metadata": {"a": "b"}}, {"metadata": {"a": "b"}}),
        (
            {"reasoning": {"effort": "high", "summary": "auto", "context": "x"}},
            {"reasoning": {"effort": "high", "summary": "auto"}},
        ),
        (
            {"text": {"verbosity": "low"}},
            {"text": {"format": {"type": "text"}, "verbosity": "low"}},
        ),
    ],
)
def test_what_is_repeated_of_the_request(asked: JsonObject, told: JsonObject) -> None:
    state = build(**asked)  # type: ignore[arg-type]
    assert {key: state[key] for key in told} == told


def test_terminal_states() -> None:
    usage = Usage(prompt=7, cached=4, completion=5, thinking=3, total=12)
    assert build("completed", usage)["usage"] == {
        "input_tokens": 7,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 3},
        "total_tokens": 12,
    }
    failed = build("failed", None, failure("cut"))
    assert failed["error"] == {"code": "server_error", "message": failure("cut").message}
    assert "usage" not in failed
    incomplete = build("incomplete", None, None, "max_output_tokens")
    assert incomplete["incomplete_details"] == {"reason": "max_output_tokens"}
