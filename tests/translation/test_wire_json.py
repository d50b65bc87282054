from __future__ import annotations

import json

import pytest
from codex_glm.translation.wire_json import (
    encode_json,
    encode_text,
    parse_json,
    parse_loose,
    parse_next,
    parse_object,
)
from hypothesis import given

from .strategies import json_values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        (b'{"a":[true,null]}', {"a": [True, None]}),
        ('"\\ud83d\\ude80"', "🚀"),
        (' "é" ', "é"),
    ],
)
def test_parse_json(text: str | bytes, value: object) -> None:
    assert parse_json(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{'a':1}",
        "NaN",
        "[Infinity]",
        "-Infinity",
        b'"\xff"',
        "9" * 5000,
        "[" * 200_000,
    ],
    ids=lambda text: str(text[:12]),
)
def test_parse_json_refuses(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


@pytest.mark.parametrize("text", ["", "{", "NaN", "1 2", "[" * 200_000], ids=lambda text: text[:9])
def test_parse_loose_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_loose(text)


def test_control_characters_inside_strings() -> None:
    text = ' {"a":"b\n\tc"} '
    assert parse_loose(text) == {"a": "b\n\tc"}
    assert parse_next('"\n"1', loose=True) == ("\n", 3)
    with pytest.raises(ValueError, match="control"):
        parse_next('"\n"1')


@pytest.mark.parametrize("text", ["[]", "1", '"a"', "null"])
def test_parse_object_refuses_other_values(text: str) -> None:
    with pytest.raises(ValueError, match="not a JSON object"):
        parse_object(text)


def test_parse_object() -> None:
    assert parse_object('{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [1, 2]}, b'{"b":1,"a":[1,2]}'),
        ("中🚀", '"中🚀"'.encode()),
        ("\ud800 中", b'"\\ud800 \\u4e2d"'),
    ],
)
def test_encode_json(value: object, text: bytes) -> None:
    assert encode_json(value) == text


@given(json_values)
def test_what_is_written_can_be_read(value: object) -> None:
    assert json.loads(encode_json(value)) == value
    assert parse_json(encode_json(value)) == value
    assert parse_json(encode_text(value)) == value
