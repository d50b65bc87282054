from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.errors import RequestError
from codex_glm.translation.request.admission import KNOWN, check_types, refuse_state

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

BASE: JsonObject = {"model": "m", "input": "hi"}


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"model": "m"}, "input", "missing_required_parameter"),
        ({"model": "", "input": "hi"}, "model", "missing_required_parameter"),
        ({"model": "m", "input": []}, "input", "missing_required_parameter"),
        ({"model": "m", "input": {}}, "input", "invalid_type"),
        ({"model": 1, "input": "hi"}, "model", "invalid_type"),
        ({"model": "m" * 257, "input": "hi"}, "model", "invalid_value"),
        ({**BASE, "tools": {}}, "tools", "invalid_type"),
        ({**BASE, "stream": 1}, "stream", "invalid_type"),
        ({**BASE, "temperature": True}, "temperature", "invalid_type"),
        ({**BASE, "max_output_tokens": 1.5}, "max_output_tokens", "invalid_type"),
        ({**BASE, "reasoning": "high"}, "reasoning", "invalid_type"),
        ({**BASE, "metadata": "m"}, "metadata", "invalid_type"),
        ({**BASE, "include": "reasoning.encrypted_content"}, "include", "invalid_type"),
        ({**BASE, "top_logprobs": True}, "top_logprobs", "invalid_type"),
        ({**BASE, "tool_choice": "sometimes"}, "tool_choice", "invalid_value"),
        ({**BASE, "truncation": "half"}, "truncation", "invalid_value"),
        ({**BASE, "text": {"format": "json"}}, "text.format", "invalid_type"),
        ({**BASE, "text": {"format": {"type": "grammar"}}}, "text.format.type", "invalid_value"),
        ({**BASE, "text": {"format": {"type": []}}}, "text.format.type", "invalid_value"),
        (
            {**BASE, "text": {"format": {"type": "json_schema", "name": "n"}}},
            "text.format.schema",
            "invalid_type",
        ),
    ],
)
def test_wrong_types(body: JsonObject, param: str, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        check_types(body)
    assert (caught.value.failure.param, caught.value.failure.code) == (param, code)
    assert param in caught.value.failure.message


def test_right_types() -> None:
    nothing = dict.fromkeys(["instructions", "tools", "stream", "temperature", "text"])
    check_types({**BASE, **nothing})
    check_types({**BASE, "stream": False, "temperature": 1, "tool_choice": {}, "unknown": object()})
    check_types({**BASE, "tool_choice": "none", "truncation": "auto", "text": {"format": None}})
    for form in ({"type": "text"}, {"type": "json_object"}, {"type": "json_schema", "schema": {}}):
        check_types({**BASE, "text": {"format": form}})


@pytest.mark.parametrize("name", ["previous_response_id", "conversation", "prompt", "background"])
def test_state_is_refused(name: str) -> None:
    refuse_state({**BASE, name: None})
    with pytest.raises(RequestError) as caught:
        refuse_state({**BASE, name: "x"})
    assert caught.value.failure.param == name
    assert caught.value.failure.code == "unsupported_parameter"


def test_what_is_known() -> None:
    assert {"model", "tool_choice", "prompt"} <= KNOWN
    assert "temprature" not in KNOWN
