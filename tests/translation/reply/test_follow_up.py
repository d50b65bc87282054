"""Rounds that follow on a good reply, in the core: fed whole, byte by byte, and cut anywhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.errors import failure
from codex_glm.translation.reply.translate import ReplyTranslator
from codex_glm.translation.request.translate import continue_request, translate_request
from codex_glm.translation.tools.web_search import Found

from ..grammar import assert_valid
from ..support import (
    SETTINGS,
    USAGE,
    call,
    delta,
    events_of,
    function,
    receipt_lines,
    request,
    sse,
)

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

SEARCHES = replace(SETTINGS, searches=True)
ASK = sse(
    delta(reasoning_content="Look."),
    call('{"query":"a"}', 0, name="web_search", id="c1"),
    call('{"query":"b"}', 1, name="web_search", id="c2"),
    delta("tool_calls"),
    USAGE,
    "[DONE]",
)
ANSWER = sse(delta(reasoning_content="Aha."), delta(content="Done."), delta("stop"), USAGE)
FOUND = [Found("one"), Found("two", failed=True)]
FORMAT = {"format": {"type": "json_schema", "name": "empty", "schema": {}}}


def opened(**fields: object) -> ReplyTranslator:
    body = request(**({"tools": [{"type": "web_search"}]} | fields))
    validate = lambda _schema, value: "" if value == {} else "not empty"  # noqa: E731
    context = translate_request(body, replace(SEARCHES, validate=validate)).context
    translator = ReplyTranslator(context, "resp_1", 1_700_000_000)
    translator.stream.rounds = True
    return translator


def feed(translator: ReplyTranslator, body: bytes, size: int = 0) -> bytes:
    pieces = [body[i : i + size] for i in range(0, len(body), size)] if size else [body]
    return b"".join(map(translator.receive_data, pieces)) + translator.receive_eof()


@pytest.mark.parametrize("size", [0, 1, 7])
def test_searches_and_then_another_round(size: int) -> None:
    translator = opened()
    sent = feed(translator, ASK, size)
    wanted = translator.stream.follow_up.searches
    assert [search.query for search in wanted] == ["a", "b"]
    assert translator.receive_data(ANSWER) == translator.receive_eof() == b""
    sent += translator.take_found(FOUND)
    assert translator.stream.follow_up.items == events_output(sent)
    translator.next_round()
    assert not translator.stream.follow_up.waits
    sent += feed(translator, ANSWER, size)
    events = events_of(sent)
    assert_valid(events)
    final = events[-1]["response"]
    assert isinstance(final, dict)
    kinds = [item["type"] for item in final["output"]]
    search = "web_search_call"
    assert kinds == ["reasoning", search, search, "reasoning", "reasoning", "message"]
    assert [i["status"] for i in final["output"][1:3]] == ["completed", "failed"]
    usage = final["usage"]
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (7, 10, 17)


def events_output(sent: bytes) -> list[JsonObject]:
    done = [e for e in events_of(sent) if e["type"] == "response.output_item.done"]
    done.sort(key=lambda event: int(str(event["output_index"])))
    return [event["item"] for event in done]  # type: ignore[misc]


def test_the_next_request_holds_what_was_asked_and_found() -> None:
    translator = opened()
    feed(translator, ASK)
    translator.take_found(FOUND)
    context, items = translator.stream._context, translator.stream.follow_up.items
    assert items
    body = continue_request(context, SEARCHES, items)
    messages = body["messages"]
    assert isinstance(messages, list)
    called, one, two = messages[-3:]
    assert called["reasoning_content"] == "Look."
    assert [c["id"] for c in called["tool_calls"]] == ["c1", "c2"]
    assert (one["content"], two["content"]) == ("one", "two")
    assert body["model"] == context.model


def test_a_cut_in_the_second_round_is_tried_again_there() -> None:
    translator = opened()
    sent = feed(translator, ASK) + translator.take_found(FOUND)
    translator.next_round()
    sent += feed(translator, sse(delta(reasoning_content="Ah")))
    assert translator.stream.fault
    translator.try_again()
    sent += feed(translator, ANSWER)
    events = events_of(sent)
    assert_valid(events)
    assert events[-1]["type"] == "response.completed"


@pytest.mark.parametrize("at", range(len(ASK)))
def test_searches_cut_anywhere_are_run_whole_or_not_at_all(at: int) -> None:
    translator = opened()
    sent = feed(translator, ASK[:at])
    follow_up = translator.stream.follow_up
    assert len(follow_up.searches) in (0, 2)
    if not follow_up.searches:
        fault = translator.stream.fault
        sent += translator.give_up(fault) if fault else b""
        events = events_of(sent)
        assert_valid(events)
        assert events[-1]["type"] == "response.failed"


def test_a_turn_given_up_between_rounds_ends_once() -> None:
    translator = opened()
    sent = feed(translator, ASK) + translator.give_up(failure("cut"))
    events = events_of(sent)
    assert_valid(events)
    assert events[-1]["type"] == "response.failed"
    assert not translator.stream.follow_up.waits


@pytest.mark.parametrize("second", ["{}", '{"b":1}'])
def test_one_correction(second: str) -> None:
    translator = opened(text=FORMAT, tools=[])
    sent = feed(translator, sse(delta(content='{"a":1}'), delta("stop"), USAGE))
    items = translator.stream.follow_up.items
    assert items
    assert [item["role"] for item in items] == ["assistant", "user"]
    translator.next_round()
    sent += feed(translator, sse(delta(content=second), delta("stop"), USAGE))
    events = events_of(sent)
    assert_valid(events)
    assert events[-1]["type"] == f"response.{'completed' if second == '{}' else 'failed'}"
    lines = receipt_lines(translator.stream._context.receipt)
    assert any("GLM was asked again: not empty" in line for line in lines)


def test_without_rounds_a_bad_answer_fails_at_once() -> None:
    translator = opened(text=FORMAT, tools=[])
    translator.stream.rounds = False
    events = events_of(feed(translator, sse(delta(content="x"), delta("stop"))))
    assert_valid(events)
    assert events[-1]["type"] == "response.failed"


def test_an_answer_that_was_not_shown_does_not_hinder_another_try() -> None:
    translator = opened(text=FORMAT, tools=[])
    sent = feed(translator, sse(delta(content='{"a"')))
    assert translator.stream.fault
    translator.try_again()
    sent += feed(translator, sse(delta(content="{}"), delta("stop")))
    events = events_of(sent)
    assert_valid(events)
    assert events[-1]["type"] == "response.completed"


def test_a_call_of_the_clients_own_ends_the_turn_with_the_searches() -> None:
    translator = opened(tools=[{"type": "web_search"}, function("add")])
    both = sse(
        call("{}", 0, name="add", id="c0"),
        call('{"query":"a"}', 1, name="web_search", id="c1"),
        delta("tool_calls"),
    )
    sent = feed(translator, both) + translator.take_found(FOUND[:1])
    events = events_of(sent)
    assert_valid(events)
    assert events[-1]["type"] == "response.completed"
    kinds = [item["type"] for item in events_output(sent)]
    assert kinds == ["function_call", "web_search_call", "reasoning"]


def test_a_round_without_usage_counts_nothing() -> None:
    translator = opened()
    feed(translator, ASK.replace(b"usage", b"other"))
    translator.take_found(FOUND)
    translator.next_round()
    final = events_of(feed(translator, ANSWER))[-1]["response"]
    assert isinstance(final, dict)
    assert final["usage"]["output_tokens"] == 5
