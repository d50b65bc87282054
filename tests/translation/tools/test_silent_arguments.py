from __future__ import annotations

from codex_glm.translation.tools.silent_arguments import SilentArguments
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_pieces_are_gathered_in_silence(pieces: list[str]) -> None:
    arguments = SilentArguments()
    assert [arguments.append(piece) for piece in pieces] == [[]] * len(pieces)
    assert arguments.arguments == "".join(pieces)
