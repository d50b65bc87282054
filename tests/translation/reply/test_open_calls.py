from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.reply.open_calls import OpenCalls
from codex_glm.translation.tools.call_markup import MarkupCall
from codex_glm.translation.wire.chunks import ToolCallDelta
from codex_glm.translation.wire.item_ids import ItemIds

from ..support import TOOLS, function, rules, turn

if TYPE_CHECKING:
    from codex_glm.translation.request.context import TurnContext
    from codex_glm.translation.wire.wire_json import JsonObject


def closed(context: TurnContext, *deltas: ToolCallDelta, complete: bool = True) -> list[object]:
    """Give arguments of the calls, in the order in which they are done."""
    calls = OpenCalls(context, ItemIds("x"))
    for delta in deltas:
        calls.receive(delta)
    items = [event["item"] for event in calls.close(complete=complete) if "item" in event]
    assert not calls
    done = [item for item in items if isinstance(item, dict) and item["status"] == "completed"]
    assert len({item["call_id"] for item in done}) == len(done)
    return [json.loads(item["arguments"]) for item in done]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('{"command":"[\\"ls\\"]","timeout_ms":"5"}', [{"command": ["ls"], "timeout_ms": 5}]),
        ('{"timeout_ms":1}{"timeout_ms":"2"}', [{"timeout_ms": 1}, {"timeout_ms": 2}]),
        ('{"timeout_ms":1}{"timeout_ms":1}', [{"timeout_ms": 1}]),
    ],
)
def test_arguments_are_repaired_by_the_schema_and_noted(written: str, read: list[object]) -> None:
    context = turn()
    assert closed(context, ToolCallDelta(0, "c1", "shell", written)) == read
    assert "arguments" in rules(context)


def test_a_string_stays_where_the_schema_takes_one() -> None:
    """Else version 1.10 becomes 1.1."""
    tool = function("tag", version={"type": ["number", "string"]}, at={"type": "integer"})
    written = '{"version":"1.10","at":"7"}'
    deltas = ToolCallDelta(0, "c1", "tag", written)
    assert closed(turn(tools=[tool]), deltas) == [{"version": "1.10", "at": 7}]


PAIR = "<arg_key>a</arg_key><arg_value>1</arg_value>"


@pytest.mark.parametrize(
    ("name", "arguments", "read"),
    [
        (f"add{PAIR}", ["{}"], {"a": 1}),
        (f"add\n{PAIR}\n", ["", "{}"], {"a": 1}),
        (f"add{PAIR}</tool_call>", [""], {"a": 1}),
        ("add</arg_value>", ["{}"], {}),
        ("add</arg_value>", ['{"a":2}'], {"a": 2}),
        ("add<br>", ["{}"], {}),
        (f"unheard_of{PAIR}", ["{}"], {}),
    ],
)
def test_markup_in_the_name(name: str, arguments: list[str], read: JsonObject) -> None:
    context = turn()
    first, *rest = (ToolCallDelta(0, "c", "", text) for text in arguments)
    assert closed(context, replace(first, name=name), *rest) == [read]
    mended = {"leaked-call"} & set(rules(context))
    assert bool(mended) == (not {"unknown-tool"} & set(rules(context)))


def test_a_rescued_call_gets_a_place_of_its_own() -> None:
    calls = OpenCalls(turn(), ItemIds("x"))
    calls.receive(ToolCallDelta(3, "a", "add", '{"a":1}'))
    calls.receive(ToolCallDelta(4, "b", "tool_search", "{}"))
    same, other = MarkupCall("add", '{"a":"1"}'), MarkupCall("add", '{"a":"2"}')
    assert calls.rescue([same, MarkupCall("tool_search", "{}")]) == []
    assert len(calls.rescue([other, other])) == 4
    assert [e["type"] for e in calls.close(complete=True)].count("response.output_item.done") == 4


def lines(context: TurnContext) -> list[str]:
    return [f"{entry.kind} {entry.rule}" for entry in context.receipt.entries]


def test_fragments_find_their_call() -> None:
    deltas = [
        ToolCallDelta(0, "a", "add", '{"a":'),
        ToolCallDelta(1, "b", "add", '{"b":'),
        ToolCallDelta(0, "", "", "1}"),
        ToolCallDelta(None, "b", "", "2}"),
    ]
    assert closed(turn(), *deltas) == [{"a": 1}, {"b": 2}]


A, B = '{"a":1}', '{"b":2}'


@pytest.mark.parametrize(
    ("deltas", "read"),
    [
        ([(0, "", "add", A), (0, "", "shell", B)], [("add", A), ("shell", B)]),
        ([(None, "", "add", A), (None, "", "shell", B)], [("add", A), ("shell", B)]),
        ([(0, "", "add", A), (0, "", "shell", ""), (0, "", "", B)], [("add", A), ("shell", B)]),
        ([(0, "", "add", '{"a"'), (0, "", "add", ":1}")], [("add", A)]),
        (
            [(0, "a", "add", '{"a"'), (0, "", "", ":1}"), (0, "b", "add", "{"), (0, "", "", "}")],
            [("add", A), ("add", "{}")],
        ),
        ([(0, "a", "add", A), (0, "b", "add", ""), (0, "", "", B)], [("add", A), ("add", B)]),
        (
            [(0, "a", "add", A), (0, "b", "add", B), (1, "c", "add", A)],
            [("add", A), ("add", B), ("add", A)],
        ),
        (
            [(0, "", "add", '{"a"'), (0, "a", "", ":1}"), (0, "b", "add", B)],
            [("add", A), ("add", B)],
        ),
        ([(0, "a", "", "{"), (0, "b", "add", B)], [("add", B), ("call_without_name", "{")]),
    ],
)
def test_calls_under_one_number_or_none(
    deltas: list[tuple[int | None, str, str, str]], read: list[tuple[str, str]]
) -> None:
    calls = OpenCalls(turn(), ItemIds("x"))
    for each in deltas:
        calls.receive(ToolCallDelta(*each))
    events = calls.close(complete=True)
    done = [e["item"] for e in events if e["type"] == "response.output_item.done"]
    found = [(item["name"], item["arguments"]) for item in done if isinstance(item, dict)]
    assert found == read


@pytest.mark.parametrize(
    ("complete", "statuses", "told"),
    [
        (True, ["completed"] * 2, ["changed bad-arguments", "changed bad-arguments"]),
        (False, ["completed", "incomplete"], ["changed half-call", "dropped half-call"]),
    ],
)
def test_halves_where_tokens_ran_out(
    statuses: list[str], told: list[str], *, complete: bool
) -> None:
    context = turn()
    calls = OpenCalls(context, ItemIds("x"))
    calls.receive(ToolCallDelta(0, "a", "add", '{"a":1}'))
    calls.receive(ToolCallDelta(1, "b", "add", '{"b":'))
    calls.receive(ToolCallDelta(2, "c", "apply_patch", "*** Begin" if not complete else '{"input'))
    events = calls.close(complete=complete)
    done = [e["item"] for e in events if e["type"] == "response.output_item.done"]
    assert [item["status"] for item in done if isinstance(item, dict) and "status" in item] == (
        statuses
    )
    assert lines(context) == told


@pytest.mark.parametrize(
    ("deltas", "read", "told"),
    [
        (["{}"], [], ["dropped nameless-call"]),
        (["", " "], [], ["dropped nameless-call"]),
        (['{"a":', "1}"], [("call_without_name", '{"a":1}')],
         ["changed nameless-call", "changed unknown-tool"]),
        (['{"a":', "add:1}"], [("add", '{"a":1}')], []),
        (["", "add:{}"], [("add", "{}")], []),
    ],
)  # fmt: skip
def test_calls_without_a_name(
    deltas: list[str], read: list[tuple[str, str]], told: list[str]
) -> None:
    context = turn()
    calls = OpenCalls(context, ItemIds("x"))
    for text in deltas:
        name, _, arguments = text.rpartition("add:")
        calls.receive(ToolCallDelta(4, "c", "add" if name or "add:" in text else "", arguments))
    events = calls.close(complete=True)
    done = [e["item"] for e in events if e["type"] == "response.output_item.done"]
    found = [(item["name"], item["arguments"]) for item in done if isinstance(item, dict)]
    assert (found, lines(context)) == (read, told)


def test_a_nameless_call_is_dropped_where_tokens_ran_out() -> None:
    context = turn()
    calls = OpenCalls(context, ItemIds("x"))
    calls.receive(ToolCallDelta(0, "", "", '{"a":1}'))
    assert calls.close(complete=False) == []
    assert lines(context) == ["dropped nameless-call"]


@pytest.mark.parametrize(
    ("name", "arguments", "types"),
    [
        ("apply_patch", '{"input":"a"}{"input":"b"}', ["custom_tool_call"] * 2),
        ("tool_search", '{"query":"a"}', ["tool_search_call"]),
        ("tool_search", '{"query":"a"}{"query":"b"}', ["tool_search_call"] * 2),
        ("local_shell", '{"command":"a"}', ["local_shell_call"]),
        ("local_shell", '{"command":["a"]}{"command":["b"]}', ["local_shell_call"] * 2),
        ("shell", '{"command":"a"}', ["function_call"]),
    ],
)
def test_kinds_of_calls(name: str, arguments: str, types: list[str]) -> None:
    calls = OpenCalls(turn(tools=[*TOOLS, {"type": "local_shell"}]), ItemIds("x"))
    calls.receive(ToolCallDelta(0, "a", name, arguments))
    events = [e for e in calls.close(complete=True) if e["type"] == "response.output_item.done"]
    items = [event["item"] for event in events]
    assert [item["type"] for item in items if isinstance(item, dict)] == types
    assert len({item["call_id"] for item in items if isinstance(item, dict)}) == len(types)


def test_a_search_for_tools_is_repaired_by_its_schema() -> None:
    """Codex takes a `limit` that is a string for a search that found nothing (0.163.0)."""
    properties = {"query": {"type": "string"}, "limit": {"type": "integer"}}
    parameters = {"type": "object", "properties": properties}
    context = turn(tools=[{"type": "tool_search", "execution": "client", "parameters": parameters}])
    calls = OpenCalls(context, ItemIds("x"))
    calls.receive(ToolCallDelta(0, "a", "tool_search", '{"query":"a","limit":"3"}'))
    item = calls.close(complete=True)[-1]["item"]
    assert isinstance(item, dict)
    assert item["arguments"] == {"query": "a", "limit": 3}
    assert lines(context) == ["repaired arguments"]


def test_one_call_a_reply() -> None:
    """The others are dropped, each with one line in the receipt."""
    context = turn(parallel_tool_calls=False)
    deltas = [
        ToolCallDelta(0, "a", "add", '{"a":1}{"a":2}'),
        ToolCallDelta(0, "b", "add", '{"b"'),
        ToolCallDelta(0, "", "", ":1}"),
        ToolCallDelta(1, "c", "shell", '{"b"'),
        ToolCallDelta(1, "", "", ":"),
        ToolCallDelta(1, "", "", "1}"),
    ]
    assert closed(context, *deltas) == [{"a": 1}]
    assert [rule for rule in rules(context) if rule != "arguments"] == ["parallel-call"] * 3
