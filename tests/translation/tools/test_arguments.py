from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from codex_glm.translation.tools.arguments import (
    is_object,
    repair_arguments,
    same_arguments,
    sound_arguments,
)
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "command": {"type": "array", "items": {"type": "string"}},
        "counts": {"type": "array", "items": {"type": "integer"}},
        "seconds": {"type": "number"},
        "login": {"type": "boolean"},
        "text": {"type": "string"},
        "any": {},
        "place": {"type": "object", "properties": {"line": {"type": "integer"}}},
    },
}


@pytest.mark.parametrize(
    "text",
    [
        '{"text": "5", "seconds": 1.5}',
        '{"login": true,  "any": "[1]"}',
        '{"unknown": "7"}',
        "{}",
        '{"seconds": "soon"}',
        '{"seconds": "true"}',
        '{"counts": "{}"}',
        '{"text": "tr',
        '{"text": "a"} and more',
        '"only a string"',
        "[]",
        "7",
        "",
        '{"text": NaN}',
        "[" * 100_000,
    ],
)
def test_what_is_right_or_beyond_repair_stays(text: str) -> None:
    assert repair_arguments(text, SCHEMA) == ((text,), ())


@pytest.mark.parametrize(
    ("text", "repaired", "notes"),
    [
        ('{"command":"[\\"ls\\",\\"-l\\"]"}', {"command": ["ls", "-l"]}, 1),
        ('{"seconds":"10"}', {"seconds": 10}, 1),
        ('{"seconds":" 2.5 "}', {"seconds": 2.5}, 1),
        ('{"login":"True"}', {"login": True}, 1),
        ('{"login":"false"}', {"login": False}, 1),
        ('{"place":"{\\"line\\":\\"3\\"}"}', {"place": {"line": 3}}, 2),
        ('{"counts":["1",2]}', {"counts": [1, 2]}, 1),
        ('"{\\"seconds\\":1}"', {"seconds": 1}, 1),
        ('{"text":"a"}{"text":"a"}', {"text": "a"}, 1),
        ('{"text":"a"}{}', {"text": "a"}, 1),
        ('{}{"text":"a"}', {"text": "a"}, 1),
        ("{}{}", {}, 1),
        ('{"text":"a\n\tb"}', {"text": "a\n\tb"}, 1),
    ],
)
def test_repairs(text: str, repaired: JsonObject, notes: int) -> None:
    found = repair_arguments(text, SCHEMA)
    assert [json.loads(each) for each in found.texts] == [repaired]
    assert len(found.notes) == notes


def test_what_was_odd_is_said() -> None:
    assert repair_arguments('{"text":"a\n"}', SCHEMA).notes == (
        "line breaks or tabs inside a string were escaped",
    )
    for text in ('{"text":"a"}{}', '"{}"'):
        assert repair_arguments(text, SCHEMA).notes[0].startswith("the object came as a string")


def test_two_objects_are_two_calls() -> None:
    found = repair_arguments('{"text":"a"} {"seconds":"1"}', SCHEMA)
    assert [json.loads(each) for each in found.texts] == [{"text": "a"}, {"seconds": 1}]
    assert found.notes[0] == "2 objects in one call became 2 calls"


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(list("abcdef")), inner),
)
KINDS = st.sampled_from(["string", "number", "integer", "boolean", "array", "object"])
PROPERTIES = st.dictionaries(
    st.sampled_from(list("abcdef")), KINDS.map(lambda kind: {"type": kind})
)


@given(st.dictionaries(st.sampled_from(list("abcdef")), JSON), PROPERTIES)
def test_a_repair_is_final_and_loses_no_name(
    value: dict[str, object], properties: dict[str, object]
) -> None:
    schema: JsonObject = {"type": "object", "properties": properties}
    (once,) = repair_arguments(json.dumps(value), schema).texts
    assert set(json.loads(once)) == set(value)
    strings = {k for k, v in value.items() if isinstance(v, str)}
    kept = {k: v for k, v in json.loads(once).items() if k not in strings}
    assert kept == {k: v for k, v in value.items() if k not in strings}


@given(st.text(), PROPERTIES)
def test_no_text_raises(text: str, properties: dict[str, object]) -> None:
    assert repair_arguments(text, {"type": "object", "properties": properties}).texts


@pytest.mark.parametrize(
    ("text", "found"), [("{}", True), (' {"a":1} ', True), ("[]", False), ("{", False), ("", False)]
)
def test_is_object(text: str, found: bool) -> None:
    assert is_object(text) is found


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ('{"seconds":1,"text":"a"}', '{"text": "a", "seconds": "1"}', True),
        ("", "{}", True),
        ("{}", "{}{}", True),
        ('{"text":"a"}', '{"text":"b"}', False),
        ('{"text":"a"}', '{"text":"a"}{"text":"b"}', False),
        ("{", "{", False),
        ("{", "", False),
    ],
)
def test_same_arguments(first: str, second: str, same: bool) -> None:
    assert same_arguments(first, second, SCHEMA) is same
    assert same_arguments(second, first, SCHEMA) is same


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        (' {"a": 1}', ' {"a": 1}'),
        (" ", "{}"),
        ("[1]", '{"invalid_arguments":"[1]"}'),
        ('{"a', '{"invalid_arguments":"{\\"a"}'),
    ],
)
def test_sound_arguments(text: str, sound: str) -> None:
    assert sound_arguments(text) == sound
