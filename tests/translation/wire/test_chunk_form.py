from __future__ import annotations

import json

import pytest
from codex_glm.translation.wire.chunk_form import find_form
from codex_glm.translation.wire.chunks import (
    Finished,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    parse_chunk,
)
from codex_glm.translation.wire.wire_json import parse_object
from hypothesis import given
from hypothesis import strategies as st

from ..support import call, delta

CALL = ToolCallDelta(0, "", "", "x")
CHUNKS = {
    "text": (json.dumps(delta(content="x", role="assistant")), TextDelta("x")),
    "thinking": (json.dumps(delta(reasoning_content="x", content="")), ThinkingDelta("x")),
    "call": (json.dumps(call("x")), CALL),
    "spaced": ('{"choices": [ {"delta" : {"content" :\n"x" }} ] }', TextDelta("x")),
    "told twice": ('{"choices":[{"delta":{"content":"a","content":"x"}}]}', None),
    "elsewhere": ('{"content":"y","choices":[{"delta":{"content":"x"}}]}', None),
    "in the text": (json.dumps(delta(content='"content":"x"')), TextDelta("x")),
    "escaped key": ('{"choices":[{"delta":{"cont\\u0065nt":"x"}}]}', None),
    "arguments as object": (json.dumps(call({"a": 1})), None),
    "two deltas": (json.dumps(delta(content="x", reasoning_content="y")), None),
    "with its end": (json.dumps(delta("stop", content="x")), None),
    "no text": (json.dumps(delta(content="")), None),
    "cut": ('{"choices":[{"delta":{"content":"x', None),
    "joined": ('{"a":data: {"choices":[{"delta":{"content":"x"}}]}', None),
}


def deltas_of(data: str) -> list[object]:
    return list(
        parse_chunk(parse_object(data[max(data.rfind("data: "), 0) :].removeprefix("data: ")))
    )


@pytest.mark.parametrize("name", CHUNKS)
def test_find_form(name: str) -> None:
    data, expected = CHUNKS[name]
    deltas = [TextDelta("x")] if name == "cut" else deltas_of(data)
    form = find_form(data, deltas)  # type: ignore[arg-type]  # they are
    assert (form is None) == (expected is None)
    if form:
        assert form.read(data) == deltas[0]


def test_a_form_needs_a_delta_that_bears_text() -> None:
    assert find_form("{}", []) is None
    assert find_form(json.dumps(delta("stop")), [Finished("stop")]) is None


raw = st.lists(
    st.sampled_from(
        [
            *("a", "b", "中", "é", '"', "\\", "/", "\n", "\x00", "\x7f", "\u2028", "\ufffd", "😀"),
            *(
                "\\n",
                '\\"',
                "\\\\",
                "\\ud83d",
                "\\ude80",
                "\\u00e9",
                "\\x",
                "\\u12",
                '"}',
                '","content":"',
            ),
        ]
    ),
    max_size=5,
).map("".join)
"""The inside of a JSON string as it stands on the wire, sound or not."""


@pytest.mark.parametrize("name", [name for name, (_, read) in CHUNKS.items() if read])
@given(text=raw)
def test_a_form_reads_what_a_parser_reads_or_nothing(name: str, text: str) -> None:
    data, _ = CHUNKS[name]
    form = find_form(data, deltas_of(data))  # type: ignore[arg-type]  # they are
    assert form
    like = form.before + text + form.after
    try:
        expected = deltas_of(like)
    except ValueError:
        expected = []
    found = form.read(like)
    assert found is None or [found] == expected
    if expected and text and '"' not in text.replace('\\"', ""):
        assert found


@given(st.integers(0, 40), st.integers(0, 40))
def test_what_is_shorter_than_its_form_is_not_read(start: int, end: int) -> None:
    data, _ = CHUNKS["text"]
    form = find_form(data, [TextDelta("x")])
    assert form
    assert form.read(form.before[:start] + form.after[-end:]) is None
