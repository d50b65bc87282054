from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.models import MODELS
from codex_glm.translation.receipt import Receipt
from codex_glm.translation.request.parameters import (
    after_a_call,
    as_used,
    demanded_call,
    translate_parameters,
)
from codex_glm.translation.tools.declarations import ToolNames, translate_tools

from ..support import function

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

BASE: JsonObject = {"model": "m", "input": "hi"}
STREAMED = {"stream": True, "stream_options": {"include_usage": True}}
TWO = [
    function("a"),
    {"type": "namespace", "name": "n", "tools": [function("b")]},
]
B = {"type": "function", "name": "b", "namespace": "n"}
CALL_A = {"type": "function", "function": {"name": "a"}}
CALL_B = {"type": "function", "function": {"name": "n__b"}}


def translate(
    tools: list[JsonObject] | None = None,
    model: str = "glm-4-plus",
    effort: str = "",
    **body: object,
) -> tuple[JsonObject, list[str]]:
    """Give the fields besides the streaming ones, and the rules of the receipt."""
    names, receipt = ToolNames(), Receipt()
    functions = translate_tools(tools or [], names, receipt)
    receipt.entries.clear()
    fields = translate_parameters(
        {**BASE, **body}, functions, names, MODELS[model], effort, receipt
    )
    assert {key: fields.pop(key) for key in STREAMED} == STREAMED
    return fields, [f"{entry.kind} {entry.rule}" for entry in receipt.entries]


@pytest.mark.parametrize(
    ("tools", "choice", "names", "said", "rules"),
    [
        ([], "auto", [], None, []),
        ([], {"type": "function", "name": "a"}, [], None, []),
        (TWO, None, ["a", "n__b"], "auto", []),
        (TWO, "auto", ["a", "n__b"], "auto", []),
        (TWO, "none", [], None, ["changed tool-choice"]),
        (TWO, "required", ["a", "n__b"], "auto", ["changed tool-choice"]),
        (TWO[:1], "required", ["a"], CALL_A, []),
        (TWO, {"type": "function", "name": "a"}, ["a", "n__b"], CALL_A, []),
        (TWO, {"type": "custom", "name": "b", "namespace": "n"}, ["a", "n__b"], CALL_B, []),
        (TWO, {"type": "web_search"}, ["a", "n__b"], "auto", ["changed tool-choice"]),
        (
            TWO,
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "a"}]},
            ["a"],
            "auto",
            ["changed tool-choice"],
        ),
        (
            TWO,
            {"type": "allowed_tools", "mode": "required", "tools": [{"name": "a"}]},
            ["a"],
            CALL_A,
            ["changed tool-choice"],
        ),
        (
            TWO,
            {"type": "allowed_tools", "mode": "required", "tools": [{"name": "a"}, B]},
            ["a", "n__b"],
            "auto",
            ["changed tool-choice"] * 2,
        ),
        (TWO, {"type": "allowed_tools", "tools": ["odd"]}, [], None, ["changed tool-choice"]),
        (TWO, {"type": "allowed_tools", "tools": 5}, [], None, ["changed tool-choice"]),
        (TWO, {"type": "allowed_tools"}, [], None, ["changed tool-choice"]),
    ],
)
def test_tool_choice(
    tools: list[JsonObject], choice: object, names: list[str], said: object, rules: list[str]
) -> None:
    fields, found = translate(tools, tool_choice=choice)
    declared = fields.get("tools", [])
    assert isinstance(declared, list)
    assert [tool["function"]["name"] for tool in declared] == names
    assert fields.get("tool_choice") == said
    assert found == rules


ENABLED = {"type": "enabled", "clear_thinking": False}


@pytest.mark.parametrize(
    ("model", "own", "asked", "fields", "rules"),
    [
        ("glm-5.3", "", None, {"thinking": ENABLED, "reasoning_effort": "max"}, []),
        ("glm-5.3", "", "low", {"thinking": ENABLED, "reasoning_effort": "low"}, []),
        ("glm-5.3", "", "none", {"thinking": ENABLED, "reasoning_effort": "low"}, ["effort"]),
        ("glm-5.3", "high", "low", {"thinking": ENABLED, "reasoning_effort": "high"}, []),
        ("glm-5.3", "", 7, {"thinking": ENABLED, "reasoning_effort": "max"}, []),
        ("glm-5.2", "", "none", {"thinking": {"type": "disabled"}}, ["effort"]),
        ("glm-5", "", None, {"thinking": ENABLED}, []),
        ("glm-5", "", "high", {"thinking": ENABLED}, ["effort"]),
        ("glm-4.6", "", None, {"thinking": {"type": "enabled"}}, []),
        ("glm-4-plus", "", None, {}, []),
        ("glm-4-plus", "", "high", {}, ["effort"]),
    ],
)
def test_thinking(
    model: str, own: str, asked: object, fields: JsonObject, rules: list[str]
) -> None:
    body = {"reasoning": {"effort": asked}} if asked else {}
    found, receipt = translate(None, model, own, **body)
    assert found == fields
    assert [line.split()[1] for line in receipt] == rules


@pytest.mark.parametrize(
    ("body", "fields", "rules"),
    [
        ({"temperature": 0.5, "top_p": 1}, {"temperature": 0.5, "top_p": 1}, []),
        ({"temperature": 2}, {"temperature": 1.0}, ["changed range"]),
        ({"top_p": 0}, {"top_p": 0.01}, ["changed range"]),
        ({"max_output_tokens": 100_000}, {"max_tokens": 4096}, ["changed range"]),
        ({"max_output_tokens": 0}, {"max_tokens": 1}, ["changed range"]),
        ({"temperature": None}, {}, []),
        ({"text": {"verbosity": "low"}}, {}, ["dropped verbosity"]),
        ({"text": {"format": {"type": "text"}}}, {}, []),
        (
            {"text": {"format": {"type": "json_object"}}},
            {"response_format": {"type": "json_object"}},
            [],
        ),
        (
            {"text": {"format": {"type": "json_schema", "schema": {}}}},
            {"response_format": {"type": "json_object"}},
            ["changed json-schema"],
        ),
        ({"prompt_cache_key": "k", "user": None}, {}, ["withheld private"]),
        ({"metadata": {}, "client_metadata": {}, "store": False, "include": None}, {}, []),
        ({"truncation": "disabled", "include": ["reasoning.encrypted_content"]}, {}, []),
        ({"store": True, "truncation": "auto"}, {}, ["dropped parameter"] * 2),
        ({"include": ["message.output_text.logprobs", 7]}, {}, ["dropped parameter"] * 2),
        ({"brand_new": None}, {}, []),
        ({"service_tier": "priority", "top_logprobs": None}, {}, ["dropped parameter"]),
        ({"max_tool_calls": 2, "presence_penalty": 1}, {}, ["dropped parameter"] * 2),
        ({"brand_new": 1}, {}, ["unknown request-field"]),
        ({"reasoning": {"context": "all"}}, {}, ["dropped parameter"]),
    ],
)
def test_the_other_fields(body: JsonObject, fields: JsonObject, rules: list[str]) -> None:
    assert translate(**body) == (fields, rules)  # type: ignore[arg-type]


def test_what_is_sent_is_told() -> None:
    fields, _ = translate(temperature=2, max_output_tokens=5)
    assert as_used(fields) == {"temperature": 1.0, "max_output_tokens": 5}


ONE_ALLOWED = {"type": "allowed_tools", "tools": [{"type": "function", "name": "a"}]}


@pytest.mark.parametrize(
    ("choice", "demanded", "after"),
    [
        (None, False, None),
        ("auto", False, "auto"),
        ("none", False, "none"),
        ("required", True, "auto"),
        ({"type": "function", "name": "a"}, False, "auto"),
        (ONE_ALLOWED, False, {**ONE_ALLOWED, "mode": "auto"}),
        ({**ONE_ALLOWED, "mode": "required"}, True, {**ONE_ALLOWED, "mode": "auto"}),
    ],
)
def test_a_demanded_call(choice: object, demanded: bool, after: object) -> None:
    asked = {"tool_choice": choice}
    assert bool(demanded_call(asked, {"tool_choice": "auto"})) is demanded
    assert demanded_call(asked, {"tool_choice": CALL_A}) == ""
    assert demanded_call(asked, {}) == ""
    assert after_a_call(choice) == after
