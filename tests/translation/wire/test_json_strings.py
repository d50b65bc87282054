from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.wire.json_strings import strings_of
from codex_glm.translation.wire.wire_json import encode_text
from hypothesis import given

from ..strategies import json_values

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("no JSON", []),
        ('"x"', [("", "x")]),
        ('{"a": "x", "b" : ["y", {"c":"z"}, "v"], "d": 5, "e": "w"}', None),
        (r'{"p\u0061ss": "q\"u\\"}', [("pass", 'q"u\\')]),
        ('{"a":"x\ny"}', [("a", "x\ny")]),
        ('{"a":"cut of', [("a", "cut of")]),
        ('{"a":"cut of\\', [("a", "cut of")]),
        ('{"a":"cut of\\u00', [("a", "cut of\\u00")]),
        ('}]"x"}{"a":"y"', [("", "x"), ("a", "y")]),
    ],
)
def test_strings(text: str, found: list[tuple[str, str]] | None) -> None:
    nested = [("a", "x"), ("b", "y"), ("c", "z"), ("b", "v"), ("e", "w")]
    assert [(s.name, s.text) for s in strings_of(text)] == (nested if found is None else found)


@given(json_values)
def test_they_are_the_texts_of_the_value(value: object) -> None:
    for text in (encode_text(value), json.dumps(value, indent=1)):
        strings = list(strings_of(text))
        assert [s.text for s in strings] == list(texts_in(value))
        assert [json.loads(f'"{text[s.start : s.end]}"') for s in strings] == [
            s.text for s in strings
        ]


def texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts_in(each)


@pytest.mark.parametrize("piece", ['"', "\\", "{", "}", '"a":', '"\\', "{}"])
def test_long_texts_are_read_in_one_go(piece: str) -> None:
    assert sum(len(s.text) for s in strings_of(piece * (200_000 // len(piece)))) < 200_000
