from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.request.history import _READERS
from codex_glm.translation.request.parameters import _UNSAID
from codex_glm.translation.request.translate import translate_request
from codex_glm.translation.vocabulary import _TABLE, CATEGORIES, is_known, unknown_fields

from .support import GLM, SETTINGS, delta, receipt_lines, replay, request, sse
from .test_golden_requests import BODIES

if TYPE_CHECKING:
    from codex_glm.translation.receipt import Receipt
    from codex_glm.translation.wire.wire_json import JsonObject


def unknown(receipt: Receipt) -> list[tuple[str, str]]:
    return [(entry.rule, entry.word) for entry in receipt.entries if entry.kind == "unknown"]


@pytest.mark.parametrize("name", BODIES)
def test_recorded_requests_hold_nothing_new(name: str) -> None:
    if BODIES[name].get("previous_response_id"):
        return
    assert unknown(translate_request(BODIES[name], SETTINGS).context.receipt) == []


@pytest.mark.parametrize("path", sorted(GLM.glob("*.sse")), ids=lambda path: path.stem)
def test_recorded_streams_hold_nothing_new(path: object) -> None:
    name = getattr(path, "name", "")
    found = unknown(replay([(GLM / name).read_bytes()]).receipt)
    assert found == [] or name.startswith("30")  # another dialect


def test_what_is_read_is_not_in_the_table() -> None:
    assert set(_READERS).isdisjoint(_TABLE["item-type"])
    assert {"model", "input", "tools"} < _UNSAID
    lists = [words for words in _TABLE.values() if isinstance(words, list)]
    assert all(len(set(words)) == len(words) for words in lists)


@pytest.mark.parametrize(
    ("category", "word", "known"),
    [
        ("tool-type", "web_search_2025_08_26", True),
        ("tool-type", "web", False),
        ("item-type", "image_generation_call", True),
        ("item-type", "image_generation", False),
        ("request-kind", "thread_source=user", True),
        ("request-kind", "subagent=user", False),
    ],
)
def test_is_known(category: str, word: str, known: bool) -> None:
    assert is_known(category, word) is known


def message(**part: object) -> JsonObject:
    return {"input": [{"role": "user", "content": [{"type": "input_text", "text": "hi"}, part]}]}


TURN = {"x-codex-turn-metadata": json.dumps({"request_kind": "dream", "thread_source": "user"})}
TOOL: JsonObject = {"type": "new", "name": "go", "description": "Goes."}
SCHEMA: JsonObject = {"type": "object", "properties": {"to": {"type": "string"}}}
GRAMMAR: JsonObject = {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"}


@pytest.mark.parametrize(
    ("fields", "line", "kept"),
    [
        (message(type="new", text="told"), "part-type: new: {}, its text was kept", "hi\ntold"),
        (message(type="new"), "part-type: new: {}, left out", "hi\n[new omitted]"),
        (message(text="told"), "part-type: None: {}, its text was kept", "hi\ntold"),
        ({"brand_new": 1}, "request-field: brand_new: {}, left out", ""),
        ({"reasoning": {"depth": 3}}, "request-field: reasoning.depth: {}, left out", ""),
        ({"text": {"colour": "red"}}, "request-field: text.colour: {}, left out", ""),
        (
            {"tools": [TOOL | {"parameters": SCHEMA}]},
            "tool-type: new: {}, tool go is declared as a function tool",
            '"name": "go", "description": "Goes.", "parameters"',
        ),
        (
            {"tools": [TOOL | {"format": GRAMMAR}]},
            "tool-type: new: {}, tool go is declared as a custom tool",
            '"name": "go", "description": "Goes.',
        ),
        ({"tools": [TOOL]}, "tool-type: new: {}, tool go is left out", ""),
        ({"tools": [{"type": "new"}]}, "tool-type: new: {}, tool new is left out", ""),
        ({"tools": [{"name": "go"}]}, "tool-type: None: {}, tool go is left out", ""),
    ],
)
def test_what_is_new_in_a_request(fields: JsonObject, line: str, kept: str) -> None:
    translated = translate_request(request(**{"tools": [], "model": "glm-5.3", **fields}), SETTINGS)
    lines = receipt_lines(translated.context.receipt)
    assert f"unknown {line.format('never seen before')}" in lines
    assert kept.replace("\n", "\\n") in json.dumps(translated.chat_body)
    assert not translated.context.receipt.lossless
    assert {entry.rule for entry in translated.context.receipt.entries} & CATEGORIES


def test_a_new_kind_of_request() -> None:
    translated = translate_request(request(model="glm-5.3"), SETTINGS, TURN)
    assert unknown(translated.context.receipt) == [("request-kind", "request_kind=dream")]
    assert translated.context.kind.name == ""


def test_known_empty_and_odd_fields_of_a_chunk() -> None:
    chunk: JsonObject = {
        "id": "1",
        "new": None,
        "choices": [None, {"delta": {"role": "assistant", "new": ""}, "new": []}, {"delta": 5}],
        "usage": {"new": 1},
    }
    assert list(unknown_fields(chunk)) == []
    assert list(unknown_fields({"choices": 5})) == []


def test_new_fields_of_a_chunk() -> None:
    part: JsonObject = {"id": "c", "new": 1, "function": {"name": "n", "new": 1}}
    chunk: JsonObject = {
        "new": 1,
        "choices": [{"new": 1, "delta": {"new": 1, "tool_calls": [part, {"function": 5}, 6]}}],
    }
    places = ("", "choice.", "delta.", "call.", "function.")
    assert list(unknown_fields(chunk)) == [f"{place}new" for place in places]
    assert list(unknown_fields({"choices": [{"message": {"new": 1}}]})) == ["delta.new"]


def test_what_is_new_in_a_reply() -> None:
    chunks = [delta(content="Hi", mood="good"), delta(content="!", mood="bad")]
    replayed = replay([sse(*chunks, delta(finish="tired"), "[DONE]")])
    assert receipt_lines(replayed.receipt) == [
        "unknown chunk-field: delta.mood: never seen before, not read",
        "unknown finish-reason: tired: never seen before, taken for a failure",
    ]
    assert replayed.types[-1] == "failed"


def test_words_are_short_and_printable() -> None:
    body = request(**{"a\nb\x1b" + "c" * 100: 1})
    words = [w for _, w in unknown(translate_request(body, SETTINGS).context.receipt)]
    assert words == ["a?b?" + "c" * 60]
