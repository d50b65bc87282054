"""A thread of two turns; in the second GLM searches, reads what was found, and answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from codex_glm.inspect.transcript import Spoken, transcript
from codex_glm.inspect.turn_record import read_record
from codex_glm.inspect.turn_request import render_request
from codex_glm.translation.reply.translate import ReplyTranslator
from codex_glm.translation.request.translate import continue_request, translate_request
from codex_glm.translation.tools.web_search import Found
from codex_glm.translation.wire.wire_json import encode_json, encode_text

from tests.translation.support import SETTINGS, call, delta, events_of, request, sse

from .samples import Sample, exchange

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

SEARCHES = replace(SETTINGS, searches=True)
FOUND = [Found("It is new."), Found("It is old.")]
ASK = sse(
    delta(reasoning_content="Better look."),
    call('{"query": "news"}', 0, name="web_search", id="c1"),
    call('{"query": "olds"}', 1, name="web_search", id="c2"),
    delta("tool_calls"),
)


def answer(thinking: str, text: str) -> bytes:
    return sse(delta(reasoning_content=thinking), delta(content=text), delta("stop"))


def say(role: str, text: str) -> JsonObject:
    return {"type": "message", "role": role, "content": text}


def turn(items: list[JsonObject], *replies: bytes) -> Sample:
    """Make a turn of as many rounds as there are replies; all but the last one search."""
    body = request(tools=[{"type": "web_search"}], input=items)
    translated = translate_request(body, SEARCHES)
    translator = ReplyTranslator(translated.context, "resp_1", 1_700_000_000)
    translator.stream.rounds = True
    chat, rounds, sent = translated.chat_body, [], b""
    for reply in replies:
        rounds.append(exchange(encode_text(chat), reply.decode()))
        sent += translator.receive_data(reply) + translator.receive_eof()
        if translator.stream.follow_up.waits:
            sent += translator.take_found(FOUND)
            added = translator.stream.follow_up.items or []
            chat = continue_request(translated.context, SEARCHES, added)
            translator.next_round()
    kept = {"model": "glm-5.3", "thread": "t1", "outcome": "completed", "rounds": rounds}
    return Sample(kept, encode_json(body), sent)


def output(made: Sample) -> list[JsonObject]:
    final = events_of(made.answered)[-1]["response"]
    assert isinstance(final, dict)
    items: list[JsonObject] = final["output"]
    return items


ONE = [say("user", "QUESTION ONE")]
FIRST = turn(ONE, answer("First.", "Answer one."))
TWO = [*ONE, *output(FIRST), say("user", "QUESTION TWO")]
SECOND = turn(TWO, ASK, answer("Now I know.", "It says so."))
THREE = [*TWO, *output(SECOND), say("user", "QUESTION THREE")]
THIRD = turn(THREE, answer("Last.", "Answer three."))


def test_a_transcript_has_each_question_once() -> None:
    turns = [Spoken(each.record, each.answered) for each in (FIRST, SECOND, THIRD)]
    lines = transcript(turns)
    asked = [line for line in lines if line.startswith("QUESTION")]
    assert asked == ["QUESTION ONE", "QUESTION TWO", "QUESTION THREE"]


def test_all_of_a_turn_with_searches_is_new_in_it() -> None:
    shown = render_request(SECOND.record, SECOND.asked)
    new, _, old = shown.partition("BEFORE IT (2 messages)")
    assert new.index("QUESTION TWO") < new.index("→ web_search") < new.index("It is new.")
    assert "QUESTION ONE" in old
    assert "QUESTION TWO" not in old


def test_what_is_new_is_not_old_as_well() -> None:
    body = {"messages": [say("user", "a"), say("system", "b"), say("user", "c")]}
    record = read_record({"rounds": [exchange(encode_text(body), "")]})
    assert "BEFORE IT" not in render_request(record, b"")
