"""Both sides beside each other: what is found on the other side, and what one side lacks."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from codex_glm.inspect.alignment import align
from codex_glm.inspect.turn_record import read_record
from codex_glm.translation.wire.wire_json import encode_json, encode_text

from .samples import exchange, sample

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

TURN = sample("exec-command-followup", "03-one-tool-call")


def test_alignment() -> None:
    lines = align(TURN.record, TURN.asked, TURN.answered)
    text = "\n".join(lines)
    for found in (" = message 1 (system)", "call exec_command", "= message 5 (tool)"):
        assert found in text
    assert text.count("round 1, ") == 3
    assert "←" not in text.partition("REPLY")[2]


def test_alignment_shows_what_one_side_lacks() -> None:
    body: JsonObject = copy.deepcopy(TURN.record.chat)
    messages = body["messages"]
    assert isinstance(messages, list)
    del messages[-1]
    kept = TURN.with_(rounds=[exchange(encode_text(body), TURN.kept["rounds"][0]["reply"])])
    asked, _, answered = "\n".join(align(kept.record, TURN.asked, b"")).partition("REPLY")
    assert [line for line in asked.split("\n") if line.endswith(" -")] != []
    assert answered.count("← round 1") == 3


def test_a_short_message_is_not_found_within_the_words_of_another() -> None:
    messages = [{"role": "user", "content": text} for text in ("On this machine.", "hi", "hi")]
    body = encode_text({"messages": [{"role": "system", "content": "Think."}, *messages]})
    record = read_record({"rounds": [exchange(body, "")]})
    lines = align(record, encode_json({"input": messages}), b"")
    places = [line.partition(" = ")[2] for line in lines if line.startswith("input")]
    assert places == ["message 2 (user)", "message 3 (user)", "message 4 (user)"]
