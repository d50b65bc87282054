"""Turns of which only the summary is kept, and turns that gave nothing: each view says which."""

from __future__ import annotations

import pytest
from codex_glm.inspect.alignment import align
from codex_glm.inspect.transcript import Spoken, transcript
from codex_glm.inspect.turn_response import render_response

from .samples import Sample, exchange, sample

WHOLE = sample("exec-command-followup", "03-one-tool-call")
LET_GO = WHOLE.with_(rounds=[exchange("", ""), exchange("", "")])
RUNNING = WHOLE.with_(outcome="", rounds=[exchange("", "")])
NOTE = "(no longer kept, see glm_keep_bytes)"


@pytest.mark.parametrize(
    ("turn", "said"),
    [(LET_GO, NOTE), (WHOLE, "(no output)"), (RUNNING, "(nothing has come yet)")],
    ids=["let go", "ended", "under way"],
)
def test_why_nothing_is_shown(turn: Sample, said: str) -> None:
    assert f"\n\n{said}\n" in render_response(turn.record, b"")
    silent = turn.with_(rounds=[{**each, "reply": ""} for each in turn.kept["rounds"]])
    assert align(silent.record, turn.asked, b"")[-1] == said


def test_a_transcript_tells_of_turns_that_are_no_longer_kept() -> None:
    lines = transcript([Spoken(LET_GO.record, b""), Spoken(WHOLE.record, WHOLE.answered)])
    assert lines.count(NOTE) == 1
