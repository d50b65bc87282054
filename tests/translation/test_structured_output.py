from __future__ import annotations

import pytest
from codex_glm.translation.structured_output import (
    AnswerSchema,
    Rejected,
    accept_any,
    asked_schema,
    bare_json,
    correction,
)

from .support import SETTINGS, USAGE, call, delta, replay, request, sse

REQUIRED = {"type": "json_schema", "name": "a", "schema": {"a": 1}}


def wants_a_list(_schema: object, value: object) -> str:
    return "" if isinstance(value, list) else "no list"


@pytest.mark.parametrize(
    "text", [None, "odd", {}, {"format": "odd"}, {"format": {"type": "json_object"}}]
)
def test_no_schema(text: object) -> None:
    assert asked_schema(request(text=text), accept_any) is None


@pytest.mark.parametrize(
    ("answer", "problem"), [("[]", ""), ("{}", "no list"), ("[", "it is not JSON: ")]
)
def test_problems(answer: str, problem: str) -> None:
    schema = asked_schema(request(text={"format": REQUIRED}), wants_a_list)
    assert schema
    assert schema.prompt().endswith('by this JSON Schema: {"a":1}')
    said = schema.problem(answer)
    assert said.startswith(problem)
    assert bool(said) == bool(problem)


def test_without_a_validator_json_is_enough() -> None:
    assert AnswerSchema({}, SETTINGS.validate).problem("7") == ""


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ('{"a":1}', '{"a":1}'),
        ('```json\n{"a":1}\n```', '{"a":1}'),
        ('Here you are:\n```\n{"a":1}```\nBye.', '{"a":1}'),
        ('"```json\\n{}\\n```"', '"```json\\n{}\\n```"'),
        ("```json\n{oops\n```", "```json\n{oops\n```"),
        ("```json\n{}\n```\n```json\n{}\n```", "```json\n{}\n```\n```json\n{}\n```"),
        ("plain", "plain"),
    ],
)
def test_bare_json(text: str, bare: str) -> None:
    assert bare_json(text) == bare


def test_correction_shows_the_answer_and_what_is_wrong() -> None:
    spoken, asked = correction(Rejected("bad", "no list"))
    assert (spoken["role"], asked["role"]) == ("assistant", "user")
    assert "no list" in str(asked["content"])


@pytest.mark.parametrize("finish", ["stop", "length"])
def test_an_answer_is_shown_once_it_is_whole(finish: str) -> None:
    body = sse(delta(content="```json\n{"), delta(content="}\n```"), delta(finish), USAGE, "[DONE]")
    made = replay([body], text={"format": REQUIRED})
    assert made.types.count("output_text.delta") == 1
    text = made.output[0]["content"][0]["text"]  # type: ignore[index]
    assert text == "{}"
    assert made.types[-1] == ("completed" if finish == "stop" else "incomplete")


def test_text_before_a_call_is_no_answer() -> None:
    body = sse(delta(content="Let me see."), call("{}", name="add", id="c"), delta("tool_calls"))
    made = replay([body], text={"format": REQUIRED})
    assert [item["type"] for item in made.output] == ["message", "function_call"]
