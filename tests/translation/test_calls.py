from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.calls import (
    CallItem,
    FunctionCallItem,
    ToolSearchCallItem,
    open_call,
)
from codex_glm.translation.custom_calls import CustomToolCallItem
from codex_glm.translation.receipt import Receipt
from codex_glm.translation.tools import Tool

if TYPE_CHECKING:
    from codex_glm.translation.wire_json import JsonObject

FUNCTION = Tool("function", "get image", "mcp", "mcp__get_image_1")
CUSTOM = Tool("custom", "apply_patch", None, "apply_patch")
SEARCH = Tool("tool_search", "tool_search", None, "tool_search")


def run(item: CallItem, *fragments: str) -> tuple[list[object], JsonObject, list[str]]:
    """Give the deltas, the finished item, and the rules of the receipt."""
    receipt = Receipt()
    events = item.open()
    for fragment in fragments:
        events += item.append(fragment)
    events += item.close(receipt)
    deltas = [event["delta"] for event in events if str(event["type"]).endswith(".delta")]
    done = events[-1]["item"]
    assert isinstance(done, dict)
    return deltas, done, [f"{e.kind} {e.rule}" for e in receipt.entries]


def opened(tool: Tool | None, name: str = "f") -> CallItem:
    return open_call("x00", 0, "c", name, tool)


@pytest.mark.parametrize(
    ("tool", "kind"),
    [
        (FUNCTION, FunctionCallItem),
        (None, FunctionCallItem),
        (CUSTOM, CustomToolCallItem),
        (SEARCH, ToolSearchCallItem),
    ],
)
def test_open_call(tool: Tool | None, kind: type[CallItem]) -> None:
    assert type(opened(tool)) is kind


@pytest.mark.parametrize(
    ("fragments", "deltas", "arguments", "rules", "whole"),
    [
        (['{"a":', "1}"], ['{"a":', "1}"], '{"a":1}', [], True),
        (["", ""], ["{}"], "{}", ["repaired no-arguments"], True),
        ([" "], [" "], " ", [], True),
        (['{"a":'], ['{"a":'], '{"a":', ["changed bad-arguments"], False),
        (["[1]"], ["[1]"], "[1]", ["changed bad-arguments"], False),
        (['{"a":"\ud83d', '\ude80"}'], ['{"a":"', '🚀"}'], '{"a":"🚀"}', [], True),
    ],
)
def test_function(
    fragments: list[str], deltas: list[str], arguments: str, rules: list[str], whole: bool
) -> None:
    item = opened(FUNCTION)
    found, done, receipt = run(item, *fragments)
    assert (found, done["arguments"], receipt) == (deltas, arguments, rules)
    assert item.is_whole() is whole or rules == ["repaired no-arguments"]


def test_a_function_carries_the_names_of_the_client() -> None:
    _, done, _ = run(opened(FUNCTION), "{}")
    assert done == {
        "id": "fc_x00",
        "type": "function_call",
        "status": "completed",
        "call_id": "c",
        "name": "get image",
        "arguments": "{}",
        "namespace": "mcp",
    }
    _, unknown, _ = run(opened(None, "f"), "{}")
    assert (unknown["name"], "namespace" in unknown) == ("f", False)


@pytest.mark.parametrize(
    ("fragments", "query", "rules", "whole"),
    [
        (['{"query":', '"q"}'], {"query": "q"}, [], True),
        (["q"], {"query": "q"}, ["repaired bad-arguments"], False),
        (["[1]"], {"query": "[1]"}, ["repaired bad-arguments"], False),
    ],
)
def test_tool_search(
    fragments: list[str], query: JsonObject, rules: list[str], whole: bool
) -> None:
    item = opened(SEARCH)
    deltas, done, receipt = run(item, *fragments)
    assert (deltas, receipt) == ([], rules)
    kept = {"id": "tsc_x00", "type": "tool_search_call", "call_id": "c", "execution": "client"}
    assert done == {**kept, "status": "completed", "arguments": query}
    assert item.is_whole() is whole
