from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.receipt import Receipt
from codex_glm.translation.reply.open_calls import OpenCalls
from codex_glm.translation.request.translate import translate_request
from codex_glm.translation.tools import web_search
from codex_glm.translation.tools.declarations import ToolNames, translate_tools
from codex_glm.translation.tools.web_search import (
    FUNCTION,
    Found,
    Search,
    SearchOptions,
    WebSearchItem,
    format_results,
    memory_item,
    read_memory,
    read_options,
)
from codex_glm.translation.wire.chunks import ToolCallDelta
from codex_glm.translation.wire.item_ids import ItemIds
from codex_glm.translation.wire.wire_json import JsonObject, encode_text
from hypothesis import given
from hypothesis import strategies as st

from ..support import SETTINGS, receipt_lines, rules, turn

if TYPE_CHECKING:
    from codex_glm.translation.request.context import TurnContext

KEY = SETTINGS.seal_key
TOOL: JsonObject = {"type": "web_search"}


@pytest.mark.parametrize(
    ("fields", "options", "notes"),
    [
        ({}, SearchOptions(), 0),
        ({"search_context_size": "low"}, SearchOptions("medium"), 0),
        ({"search_context_size": "high"}, SearchOptions("high"), 0),
        ({"search_context_size": 3, "filters": None}, SearchOptions(), 0),
        ({"filters": {"allowed_domains": ["a.org", 7]}}, SearchOptions(domains=("a.org",)), 0),
        ({"filters": {"allowed_domains": None}}, SearchOptions(), 0),
        ({"user_location": {"city": "Berlin"}}, SearchOptions(), 1),
    ],
)
def test_options(fields: JsonObject, options: SearchOptions, notes: int) -> None:
    receipt = Receipt()
    assert read_options({**TOOL, **fields}, receipt) == options
    assert len(receipt.entries) == notes


@pytest.mark.parametrize("kind", ["web_search", "web_search_preview", "web_search_2025_08_26"])
def test_the_tool_is_a_function_where_somebody_searches(kind: str) -> None:
    names, receipt = ToolNames(), Receipt()
    told = translate_tools([{"type": kind}, TOOL], names, receipt, searches=True)
    assert told == [{"type": "function", "function": FUNCTION}]
    assert names.search == SearchOptions()
    assert receipt_lines(receipt) == ["dropped tool-again: tool web_search: declared twice"]
    assert translate_tools([TOOL], ToolNames(), receipt) == []


RESULT: JsonObject = {"title": "T", "link": "https://docs.a.org/x", "content": "C"}


@pytest.mark.parametrize(
    ("results", "domains", "text"),
    [
        ([RESULT], (), "[1] T\nhttps://docs.a.org/x\nC"),
        ([{**RESULT, "publish_date": "2026"}], (), "[1] T (2026)\nhttps://docs.a.org/x\nC"),
        ([{}], (), "[1] Untitled"),
        (
            [RESULT, RESULT],
            ("a.org",),
            "[1] T\nhttps://docs.a.org/x\nC\n\n[2] T\nhttps://docs.a.org/x\nC",
        ),
        ([RESULT], ("DOCS.A.ORG",), "[1] T\nhttps://docs.a.org/x\nC"),
        ([RESULT], ("b.org", "cs.a.org"), "The search found nothing. Try other words."),
        (
            [{**RESULT, "link": "https://a.org@b.org/"}],
            ("a.org",),
            "The search found nothing. Try other words.",
        ),
        ([], (), "The search found nothing. Try other words."),
    ],
)
def test_results_in_words(results: list[JsonObject], domains: tuple[str, ...], text: str) -> None:
    assert format_results(results, domains) == Found(text)


def test_results_are_bounded() -> None:
    assert len(format_results([{**RESULT, "content": "x" * 100_000}], ()).text) == 24_000


def asked(arguments: str) -> tuple[Search, list[str]]:
    context = turn(tools=[TOOL])
    item = WebSearchItem(ItemIds("x"), "c")
    assert item.open() == item.append(arguments) == []
    item.close(context.receipt)
    return item.search, rules(context)


@pytest.mark.parametrize(
    ("arguments", "search", "notes"),
    [
        ('{"query":" a "}', Search("a", ""), []),
        ('{"query":"a","recency":"oneDay"}', Search("a", "oneDay"), []),
        ('{"query":"a","recency":"noLimit"}', Search("a", ""), []),
        ('{"query":"a","recency":["x"]}', Search("a", ""), []),
        ('{"query":7}', Search("", ""), []),
        ("{}", Search("", ""), []),
        (" plain words ", Search("plain words", ""), ["bad-arguments"]),
    ],
)
def test_what_is_searched(arguments: str, search: Search, notes: list[str]) -> None:
    assert asked(arguments) == (search, notes)


def searching() -> TurnContext:
    body: JsonObject = {"model": "gpt-5", "input": "hi", "tools": [TOOL]}
    return translate_request(body, replace(SETTINGS, searches=True)).context


@pytest.mark.parametrize(
    ("arguments", "queries"),
    [
        ('{}{"query":"b"}', ["b"]),
        ('{"query":"a"}{"query":"b"}', ["a", "b"]),
        ('"{\\"query\\":\\"a\\"}"', ["a"]),
    ],
)
def test_searches_are_repaired(arguments: str, queries: list[str]) -> None:
    context = searching()
    calls = OpenCalls(context, ItemIds("x"))
    calls.receive(ToolCallDelta(0, "a", "web_search", arguments))
    calls.close(complete=True)
    searches = calls.take_searches()
    assert [each.search.query for each in searches] == queries
    assert len({each.call_id for each in searches}) == len(queries)
    assert rules(context)[-1] == "arguments"


def test_a_search_is_not_run_where_tokens_ran_out() -> None:
    context = searching()
    calls = OpenCalls(context, ItemIds("x"))
    calls.receive(ToolCallDelta(0, "a", "web_search", '{"query":"a"}'))
    assert calls.close(complete=False) == []
    assert calls.take_searches() == []
    assert rules(context)[-1] == "half-call"


@given(st.lists(st.tuples(st.text(), st.text(), st.booleans()), min_size=1, max_size=3))
def test_what_was_found_comes_back(searches: list[tuple[str, str, bool]]) -> None:
    ids, kept = ItemIds("x"), []
    for query, output, failed in searches:
        item = WebSearchItem(ids, "")
        item.append(encode_text({"query": query, "recency": "oneYear"}))
        item.close(Receipt())
        kept.append(item.memory(Found(output, failed)))
    _, done = memory_item(ids.take(), kept, KEY)
    envelope = done["item"]
    assert isinstance(envelope, dict)
    assert web_search.is_memory(envelope)
    read = read_memory(str(envelope["encrypted_content"]), KEY)
    assert isinstance(read, list)
    assert [each.output for each in read] == [output for _, output, _ in searches]
    assert len({each.call_id for each in read}) == len(searches)
    assert read_memory(str(envelope["encrypted_content"]), b"other") == (
        "it was written under another key, or altered since"
    )
