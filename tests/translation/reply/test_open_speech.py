from __future__ import annotations

import pytest
from codex_glm.translation.reply.open_speech import OpenSpeech
from codex_glm.translation.wire.chunks import TextDelta, ThinkingDelta
from codex_glm.translation.wire.item_ids import ItemIds

from ..support import rules, turn

S, T = TextDelta, ThinkingDelta


@pytest.mark.parametrize(
    ("deltas", "opened", "thinking", "speaking"),
    [
        ([], 0, False, False),
        ([T("\n")], 0, False, False),
        ([T("\n"), T("a")], 1, True, False),
        ([T("a"), S("b")], 2, False, True),
        ([S("b"), T("a"), T("c")], 2, True, False),
    ],
)
def test_one_item_is_open(
    deltas: list[TextDelta | ThinkingDelta], opened: int, *, thinking: bool, speaking: bool
) -> None:
    ids = ItemIds("x")
    speech = OpenSpeech(turn(), ids)
    for delta in deltas:
        speech.receive(delta)
    assert ids.take()[1] == opened
    assert (speech.thinking, speech.speaking) == (thinking, speaking)
    assert speech.kind == ("thinking" if thinking else "text" if speaking else "")


def test_white_space_alone_is_dropped_and_noted() -> None:
    context = turn()
    speech = OpenSpeech(context, ItemIds("x"))
    assert speech.receive(S(" \n")) == []
    assert speech.close() == []
    assert rules(context)[-1] == "blank"


def test_beginning_anew_keeps_only_the_new_thinking() -> None:
    context = turn()
    speech = OpenSpeech(context, ItemIds("x"))
    speech.receive(T("old"))
    speech.begin_anew()
    speech.receive(T("new"))
    item = speech.close()[-1]["item"]
    assert isinstance(item, dict)
    assert item["summary"] == [{"type": "summary_text", "text": "oldnew"}]
    assert item["encrypted_content"].endswith("\nnew")
    assert rules(context)[-1] == "restart"


def test_beginning_anew_without_thinking_notes_nothing() -> None:
    context = turn()
    OpenSpeech(context, ItemIds("x")).begin_anew()
    assert "restart" not in rules(context)
