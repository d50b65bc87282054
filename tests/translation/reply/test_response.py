from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.errors import failure
from codex_glm.translation.reply.response import ResponseObject
from codex_glm.translation.wire.chunks import Usage
from openai.types.responses import Response

from ..open_responses import lacks_of
from ..support import TOOLS, turn

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject


JSON_OBJECT = {"type": "json_object"}
SCHEMA = {"type": "json_schema", "name": "n", "schema": {}}
NOT_SAID = {"description": None, "strict": None}
FULL_SCHEMA = {**SCHEMA, "description": None, "strict": False}
ALLOWED = {"type": "allowed_tools", "tools": [{"type": "function", "name": "add"}]}
BARE = {"type": "function", "name": "add"}
CREATED, NOW = 1_700_000_000, 1_700_000_009


def build(status: str = "in_progress", *args: object, **fields: object) -> JsonObject:
    made = ResponseObject(turn(**fields), "resp_1", CREATED, lambda: NOW)
    state = made.build(status, [], *args)  # type: ignore[arg-type]
    assert lacks_of("Response", state) == []
    return state


def test_the_first_state() -> None:
    state = build()
    assert state == {
        "id": "resp_1",
        "object": "response",
        "created_at": CREATED,
        "completed_at": None,
        "background": False,
        "store": False,
        "model": "glm-5.3",
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "text": {"format": {"type": "text"}},
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "prompt_cache_key": None,
        "safety_identifier": None,
        "temperature": 1.0,
        "frequency_penalty": 0.0,
        "presence_penalty": 0.0,
        "tool_choice": "auto",
        "tools": TOOLS,
        "top_logprobs": 0,
        "top_p": 0.95,
        "truncation": "disabled",
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "output": [],
        "usage": None,
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
        ({"text": {"verbosity": "low", "format": None}}, {"text": {"format": {"type": "text"}}}),
        ({"text": {"format": {"type": "json_object"}}}, {"text": {"format": JSON_OBJECT}}),
        ({"text": {"format": SCHEMA}}, {"text": {"format": FULL_SCHEMA}}),
        ({"tool_choice": "required"}, {"tool_choice": "required"}),
        (
            {"tool_choice": {"type": "function", "name": "add"}},
            {"tool_choice": {"type": "function", "name": "add"}},
        ),
        ({"tool_choice": ALLOWED}, {"tool_choice": {**ALLOWED, "mode": "auto"}}),
        (
            {"tool_choice": {**ALLOWED, "mode": "required"}},
            {"tool_choice": {**ALLOWED, "mode": "required"}},
        ),
        ({"tools": [BARE]}, {"tools": [{**BARE, **NOT_SAID, "parameters": None}]}),
        ({"tools": [{"type": "odd"}]}, {"tools": [{"type": "odd"}]}),
    ],
)
def test_what_is_repeated_of_the_request(asked: JsonObject, told: JsonObject) -> None:
    state = build(**asked)  # type: ignore[arg-type]
    assert {key: state[key] for key in told} == told


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"store": True}, {"store": False}),
        ({"truncation": "auto"}, {"truncation": "disabled"}),
        ({"max_tool_calls": 3, "top_logprobs": 5}, {"max_tool_calls": None, "top_logprobs": 0}),
        ({"service_tier": "priority"}, {"service_tier": "default"}),
        ({"frequency_penalty": 1.5}, {"frequency_penalty": 0.0}),
        ({"temperature": 2, "top_p": 0}, {"temperature": 1.0, "top_p": 0.01}),
        ({"max_output_tokens": 10**9}, {"max_output_tokens": 131_072}),
    ],
)
def test_what_was_not_done_is_not_claimed(wish: JsonObject, told: JsonObject) -> None:
    state = build(**wish)  # type: ignore[arg-type]
    assert {key: state[key] for key in told} == told


def test_without_a_clock_a_reply_takes_no_time() -> None:
    assert ResponseObject(turn(), "resp_1", 7).build("completed", [])["completed_at"] == 7


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
    assert failed["usage"] is None
    assert failed["completed_at"] is None
    assert build("completed")["completed_at"] == NOW
    incomplete = build("incomplete", None, None, "max_output_tokens")
    assert incomplete["incomplete_details"] == {"reason": "max_output_tokens"}
