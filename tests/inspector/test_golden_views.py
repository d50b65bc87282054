"""The views of a few turns, as reviewed text files: `golden/inspect/NAME.txt`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from codex_glm.inspect.dialects import codex_events, glm_replies, glm_requests
from codex_glm.inspect.prefix import compare
from codex_glm.inspect.turn_request import render_request
from codex_glm.inspect.turn_response import render_response
from codex_glm.translation.wire.wire_json import encode_text, parse_object

from tests.translation.support import GOLDEN, check_golden

from .samples import Sample, exchange, sample

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject


def _retried() -> Sample:
    made = sample("exec-command-followup", "03-one-tool-call")
    good = made.kept["rounds"][0]
    refused = '{"error":{"code":"1305","message":"The service may be temporarily overloaded"}}'
    bad = exchange(good["request"], refused, status=429, ended=0.2, first_byte=0.2)
    bad |= {"rule": "overload", "said": "GLM is overloaded.", "wait": 2.0}
    later = {**good, "begun": 2.2, "first_byte": 3.0, "ended": 5.5}
    side = {"kind": "image", "model": "glm-5.3-flash", "seconds": 1.25, "outcome": "ok"}
    entry = {"kind": "retried", "rule": "overload", "detail": "GLM is overloaded."}
    receipt = [*made.kept["receipt"], entry]
    return made.with_(rounds=[bad, later], side_calls=[side], seconds=5.5, receipt=receipt)


def _departed() -> Sample:
    made = sample("reasoning-same-turn-followup", "02-thinking-text")
    chat = parse_object(made.kept["rounds"][0]["request"])
    before: JsonObject = parse_object(encode_text(chat))
    tools = before["tools"]
    assert isinstance(tools, list)
    tools[0]["function"]["description"] = "Runs a command, as of Monday."
    return made.with_(prefix=compare(before, chat).to_json())


TURNS = {
    "parallel-calls": sample("parallel-calls-followup", "08-thinking-content-tool"),
    "first-turn": sample("first-turn-gpt-5.5", "01-text"),
    "patch": sample("apply-patch-custom-followup", "18-chinese-emoji"),
    "image": sample("image-input", "15-usage-chunk-separate-cached"),
    "error": sample("first-turn-tui", "13-error-object-in-stream"),
    "not-a-stream": sample("first-turn-tui", "14-error-plain-json-http200"),
    "under-way": sample("exec-command-followup", "08-thinking-content-tool", 900),
    "retried": _retried(),
    "departed": _departed(),
}


@pytest.mark.parametrize("name", TURNS)
def test_golden(name: str) -> None:
    turn = TURNS[name]
    record = turn.record
    views = {
        "GLM turn, request": render_request(record, turn.asked),
        "GLM turn, response": render_response(record, turn.answered),
        "GLM response": glm_replies(record),
        "Codex events": codex_events(turn.answered),
    }
    text = "".join(f"{f' {title} ':=^100}\n{view}\n\n" for title, view in views.items())
    check_golden(GOLDEN / "inspect" / f"{name}.txt", text)


def test_no_golden_file_is_left_over() -> None:
    kept = {path.stem for path in (GOLDEN / "inspect").glob("*.txt")}
    assert kept == set(TURNS)


def test_the_request_stands_whole() -> None:
    turn = TURNS["retried"]
    shown = glm_requests(turn.record)
    first, second = shown.split("\n\n# round 2 of 2")
    assert "status 429" in first
    assert "tried again: overload" in first
    _, _, body = second.partition("\n")
    assert encode_text(parse_object(body)) == turn.kept["rounds"][1]["request"]
