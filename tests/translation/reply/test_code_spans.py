from __future__ import annotations

import pytest
from codex_glm.translation.reply.code_spans import CodeSpans
from hypothesis import given
from hypothesis import strategies as st

from ..strategies import splits


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("", False),
        ("a `b` c ", False),
        ("a `b c ", True),
        ("a `b\nc ", False),
        ("```\na", True),
        ("```py\na\n```\n", False),
        ("```py\na\n``\n", True),
        ("````\n```\n", True),
        ("````\n`````\n", False),
        ("```\n``` more\n", True),
        ("```\n~~~\n", True),
        ("~~~ a`b\n", True),
        ("``` a`b\n", False),
        ("   ```\n", True),
        ("    ```\n", False),
        ("```", True),
        ("a\n    ", True),
        ("a\n\t", True),
        ("a\n   ", False),
        ("    a ", False),
    ],
)
def test_in_code(text: str, inside: bool) -> None:
    spans = CodeSpans()
    spans.append(text)
    assert spans.in_code() is inside
    assert spans.in_code() is inside


texts = st.lists(st.sampled_from(["`", "```", "~~~", "\n", " ", "a", "\t"]), max_size=12)


@given(st.data(), texts.map("".join))
def test_any_split_says_the_same(data: st.DataObject, text: str) -> None:
    whole, cut = CodeSpans(), CodeSpans()
    whole.append(text)
    for piece in data.draw(splits(text)):
        cut.append(piece)
        cut.in_code()
    assert cut.in_code() is whole.in_code()
