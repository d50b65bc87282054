from __future__ import annotations

import json

import pytest
from codex_glm.translation.wire.growing_text import join_pairs
from codex_glm.translation.wire.partial_json import PartialString
from hypothesis import given
from hypothesis import strategies as st

from ..strategies import any_text, splits


@pytest.mark.parametrize(
    ("fragments", "given"),
    [
        (['{"input":"ab', 'c"}'], ["ab", "c"]),
        (['{"in', 'put" : "', 'a"'], ["", "", "a"]),
        (['{"input":"a\\', 'n"}'], ["a", "\n"]),
        (['{"input":"a\\u00', 'e9"}'], ["a", "é"]),
        (['{"input":"\\\\', 'n"}'], ["\\", "n"]),
        (['{"input":"\\\\u00', 'e9"}'], ["\\u00", "e9"]),
        (['{"input":"\\"', '"}'], ['"', ""]),
        (['{"input":"\\ud83d', '\\ude80"}'], ["", "🚀"]),
        (['{"input":"\\\\ud83d', '"}'], ["\\ud83d", ""]),
        (['{"input":"a"', ',"b":"c"}'], ["a", ""]),
        (['{"input":"a\n', 'b"}'], ["a\n", "b"]),
        (['{"input":"a\\q', 'b"}'], ["a", ""]),
        (['{"input":"a\\', 'q"}'], ["a", ""]),
        (['{"other":"a"}', '{"input":"b"}'], ["", ""]),
        (['["a"]', "x"], ["", ""]),
        ([" {\n", '\t"input"\n:"', "a"], ["", "", "a"]),
    ],
)
def test_feed(fragments: list[str], given: list[str]) -> None:
    partial = PartialString("input")
    assert [partial.feed(fragment) for fragment in fragments] == given


@pytest.mark.parametrize(
    ("text", "closed"),
    [('{"input":"a"', True), ('{"input":"a', False), ('{"input":"\\q"', False), ('"a"', False)],
)
def test_closed(text: str, closed: bool) -> None:
    partial = PartialString("input")
    partial.feed(text)
    assert partial.closed is closed


@given(st.data(), any_text, st.booleans())
def test_any_split_gives_the_string(data: st.DataObject, text: str, ascii_only: bool) -> None:
    whole = json.dumps({"input": text, "more": 1}, ensure_ascii=ascii_only)
    partial = PartialString("input")
    joined = "".join(partial.feed(piece) for piece in data.draw(splits(whole)))
    assert join_pairs(joined) == join_pairs(json.loads(whole)["input"])


@given(st.data(), any_text)
def test_a_cut_gives_a_prefix(data: st.DataObject, text: str) -> None:
    whole = json.dumps({"input": text})
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    partial = PartialString("input")
    given = "".join(partial.feed(piece) for piece in data.draw(splits(cut)))
    assert json.loads(whole)["input"].startswith(given)


@given(st.data(), any_text)
def test_anything_else_is_silent_or_harmless(data: st.DataObject, text: str) -> None:
    partial = PartialString("input")
    for piece in data.draw(splits(text)):
        partial.feed(piece).encode("utf-8", "surrogatepass")
