from __future__ import annotations

import json

import pytest
from codex_glm.translation.wire.wire_json import (
    JsonObject,
    encode_json,
    encode_text,
    parse_json,
    parse_loose,
    parse_next,
    parse_object,
)
from hypothesis import given

from ..strategies import any_text, json_values


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
        "[" * 129 + "]" * 129,
        '{"a":' * 128 + "[]" + "}" * 128,
        "1e999",
        "[-1e999]",
    ],
    ids=lambda text: f"{text[:12]!s}, {len(text)}",
)
def test_parse_json_refuses(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


@pytest.mark.parametrize("text", ["", "{", "NaN", "1 2", "[" * 200_000], ids=lambda text: text[:9])
def test_parse_loose_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_loose(text)


@pytest.mark.parametrize("text", ["[" * 129 + "]" * 129, "1e400"], ids=["deep", "large"])
def test_parse_next_refuses_as_well(text: str) -> None:
    for loose in (False, True):
        with pytest.raises(ValueError, match="too"):
            parse_next(f"{text}, and more", loose=loose)


def test_as_deep_as_can_be() -> None:
    text = "[" * 128 + "1" + "]" * 128
    assert json.dumps(parse_json(text)) == text
    wide = json.dumps([{"a": [n]} for n in range(200)])
    assert parse_json(wide) == json.loads(wide)
    assert parse_json("[1.5, 1e-999]") == [1.5, 0.0]
    assert parse_json(json.dumps("[" * 400)) == "[" * 400


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


ODD = 'word \n\t\r"\\/\b\f\x1f\x7f\x00 中🚀\u2028 '


@pytest.mark.parametrize(
    "value",
    [
        {"a": [], "b": {}, "c": [1, 2.5, None, True, "x"], "d": {"e": ODD, ODD: [ODD, ODD * 40]}},
        {"large": [2**63, -(2**63), 2**64, 10**30]},
        {"deep": json.loads("[" * 128 + "]" * 128)},
        {"half": ["\ud800", ODD], "pair": "🚀"},
    ],
    ids=", ".join,
)
def test_both_writers_write_the_same(value: JsonObject) -> None:
    written = encode_json(value)
    assert json.loads(written) == value
    if "half" not in value:
        assert written == encode_text(value).encode()


@given(any_text)
def test_any_text(text: str) -> None:
    """Two lone surrogates that follow each other spell one character."""
    spelled = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert parse_json(encode_json(text)) in (text, spelled)


@given(json_values)
def test_what_is_written_can_be_read(value: object) -> None:
    assert json.loads(encode_json(value)) == value
    assert parse_json(encode_json(value)) == value
    assert parse_json(encode_text(value)) == value
