"""A thread of two turns; in the second GLM searches, reads what was found, and answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from codex_glm.inspect.alignment import align
from codex_glm.inspect.transcript import Spoken, transcript
from codex_glm.inspect.turn_record import read_record
from codex_glm.inspect.turn_request import render_request
from codex_glm.inspect.turn_response import render_response
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


def sides(made: Sample) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Give each line of both parts of the alignment: Codex's side, and GLM's."""
    lines = [
        (line[:62].rstrip(), line[63:]) for line in align(made.record, made.asked, made.answered)
    ]
    asked, answered = lines.index(("REQUEST", "")), lines.index(("REPLY", ""))
    return lines[asked + 1 : answered - 1], lines[answered + 1 :]


def test_what_came_of_a_search_stands_beside_it() -> None:
    _, reply = sides(SECOND)
    assert reply == [
        ("output 1 reasoning  Better look.", "= round 1, thinking"),
        ("output 2 web_search_call  news", "= round 1, call web_search"),
        ("output 3 web_search_call  olds", "= round 1, call web_search"),
        ("output 4 found  It is new.", "= message 5 (tool)"),
        ("output 4 found  It is old.", "= message 6 (tool)"),
        ("output 5 reasoning  Now I know.", "= round 2, thinking"),
        ("output 6 message  It says so.", "= round 2, text"),
    ]


def test_searches_of_before_stand_beside_what_glm_gets_of_them() -> None:
    asked, _ = sides(THIRD)
    assert asked[4:11] == [
        ("input 5 reasoning  Better look.", "= message 4 (assistant)"),
        ("input 6 web_search_call  news", "= message 4 (assistant), call web_search"),
        ("input 7 web_search_call  olds", "= message 4 (assistant), call web_search"),
        ("input 8 found  It is new.", "= message 5 (tool)"),
        ("input 8 found  It is old.", "= message 6 (tool)"),
        ("input 9 reasoning  Now I know.", "= message 7 (assistant)"),
        ("input 10 message assistant  It says so.", "= message 7 (assistant)"),
    ]


def test_a_search_that_is_not_kept_has_nothing_at_glm() -> None:
    search: JsonObject = {"type": "web_search_call", "action": {"type": "search", "query": "news"}}
    asked, _ = sides(turn([say("user", "Hi"), search], answer("Hm.", "Hello.")))
    assert asked[1] == ("input 2 web_search_call  news", "-")


def test_what_was_found_is_shown_as_such() -> None:
    shown = render_response(SECOND.record, SECOND.answered)
    assert "FOUND\n  It is new.\n\n  It is old.\n" in shown
    assert shown.count("THINKING") == 2
