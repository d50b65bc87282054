from __future__ import annotations

import pytest
from codex_glm.translation.wire.chunks import (
    Delta,
    Finished,
    TextBearing,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UpstreamError,
    Usage,
    parse_chunk,
    text_of,
    with_text,
)
from hypothesis import given
from hypothesis import strategies as st

from ..strategies import json_values
from ..support import USAGE, call, delta


@pytest.mark.parametrize(
    ("chunk", "deltas"),
    [
        (delta(reasoning_content="t"), [ThinkingDelta("t")]),
        (delta(content="c", role="assistant"), [TextDelta("c")]),
        (delta(content="", reasoning_content=None), []),
        ({"choices": [{"message": {"content": "whole"}}]}, [TextDelta("whole")]),
        (call("{}", name="f", id="c"), [ToolCallDelta(0, "c", "f", "{}")]),
        (call(None, None), [ToolCallDelta(None, "", "", "")]),
        (call({"a": 1}, "0"), [ToolCallDelta(None, "", "", '{"a":1}')]),
        (call([1], 2), [ToolCallDelta(2, "", "", "[1]")]),
        (delta(tool_calls=[{"index": 1, "function": None}]), [ToolCallDelta(1, "", "", "")]),
        (delta(tool_calls=["odd"]), []),
        (delta(tool_calls="odd"), []),
        (delta("stop"), [Finished("stop")]),
        (USAGE, [Usage(7, 4, 5, 3, 12)]),
        (
            {"usage": {"prompt_tokens": 7, "completion_tokens": 5}},
            [Usage(prompt=7, cached=0, completion=5, thinking=0, total=12)],
        ),
        ({"usage": {"prompt_tokens": -1, "total_tokens": "x"}}, [Usage(0, 0, 0, 0, 0)]),
        ({"id": "", "choices": None, "usage": None}, []),
        ({"choices": ["odd", {}, {"delta": None}]}, []),
        ({}, []),
        ({"error": {"code": "1234"}, "choices": [1]}, [UpstreamError({"code": "1234"})]),
        ({"error": "broken"}, [UpstreamError({"message": "broken"})]),
    ],
)
def test_parse_chunk(chunk: dict[str, object], deltas: list[Delta]) -> None:
    assert list(parse_chunk(chunk)) == deltas


def test_a_compound_chunk_comes_out_in_glms_order() -> None:
    calls = [{"index": i, "function": {"name": n}} for i, n in enumerate("ab")]
    chunk = delta("tool_calls", tool_calls=calls, content="c", reasoning_content="t") | USAGE
    chunk["choices"] = delta("tool_calls", tool_calls=calls, content="c", reasoning_content="t")[
        "choices"
    ]
    assert [type(found) for found in parse_chunk(chunk)] == [
        ThinkingDelta,
        TextDelta,
        ToolCallDelta,
        ToolCallDelta,
        Finished,
        Usage,
    ]


keys = ["choices", "usage", "error", "delta", "tool_calls", "function", "prompt_tokens_details"]


@given(st.dictionaries(st.sampled_from(keys), json_values | st.lists(json_values)))
def test_any_object_can_be_parsed(chunk: dict[str, object]) -> None:
    list(parse_chunk(chunk))
    list(parse_chunk({"choices": [chunk, {"delta": chunk}], "usage": chunk}))


@pytest.mark.parametrize(
    ("delta", "other"),
    [
        (TextDelta("x"), TextDelta("y")),
        (ThinkingDelta("x"), ThinkingDelta("y")),
        (ToolCallDelta(1, "c", "f", "x"), ToolCallDelta(1, "c", "f", "y")),
    ],
)
def test_the_text_of_a_delta(delta: TextBearing, other: TextBearing) -> None:
    assert (text_of(delta), text_of(other)) == ("x", "y")
    assert with_text(delta, "y") == other
