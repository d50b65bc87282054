from __future__ import annotations

import pytest
from codex_glm.translation.wire.growing_text import GrowingText, join_pairs
from hypothesis import given
from hypothesis import strategies as st

from ..strategies import any_text, splits


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("", ""),
        ("plain 中🚀", "plain 中🚀"),
        ("\ud83d\ude80", "🚀"),
        ("a\ud83db", "a\ufffdb"),
        ("\ude80", "\ufffd"),
    ],
)
def test_join_pairs(text: str, joined: str) -> None:
    assert join_pairs(text) == joined


@pytest.mark.parametrize(
    ("pieces", "given"),
    [
        (["a", "b"], ["a", "b"]),
        (["a\ud83d", "\ude80b"], ["a", "🚀b"]),
        (["\ud83d", "", "\ude80"], ["", "", "🚀"]),
        (["\ud83d", "x"], ["", "\ufffdx"]),
        (["\ud83d", "\ud83d", "\ude80"], ["", "\ufffd", "🚀"]),
        (["x\ud83d"], ["x"]),
    ],
)
def test_pieces(pieces: list[str], given: list[str]) -> None:
    growing = GrowingText()
    assert [growing.append(piece) for piece in pieces] == given
    assert growing.value == "".join(given)


@given(st.data(), any_text)
def test_any_split_gives_the_same(data: st.DataObject, text: str) -> None:
    growing = GrowingText()
    given = [growing.append(piece) for piece in data.draw(splits(text))]
    assert growing.value == "".join(given)
    growing.value.encode()
    # A half at the very end waits for its other half for ever.
    waiting = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
    assert growing.value == join_pairs(text.removesuffix(waiting))
