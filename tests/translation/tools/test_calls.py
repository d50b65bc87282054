from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.receipt import Receipt
from codex_glm.translation.tools.calls import CallItem, FunctionCallItem, open_call
from codex_glm.translation.tools.custom_calls import CustomToolCallItem
from codex_glm.translation.tools.declarations import Tool
from codex_glm.translation.tools.tool_search import ToolSearchCallItem

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

FUNCTION = Tool("function", "get image", "mcp", "mcp__get_image_1")
CUSTOM = Tool("custom", "note", None, "note")
PATCH = Tool("custom", "apply_patch", None, "apply_patch", "patch")
SCRIPT = Tool("custom", "exec", None, "exec", "grammar")
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
        ([" "], [" ", "{}"], " {}", ["repaired no-arguments"], True),
        (['{"a":'], ['{"a":'], '{"a":', ["changed bad-arguments"], False),
        (['["a"]'], ['["a"]'], '"[\\"a\\"]"', ["changed bad-arguments"], False),
        (["7"], ["7"], "7", ["changed bad-arguments"], False),
        (['{"a":"\ud83d', '\ude80"}'], ['{"a":"', '🚀"}'], '{"a":"🚀"}', [], True),
    ],
)
def test_function(
    fragments: list[str], deltas: list[str], arguments: str, rules: list[str], whole: bool
) -> None:
    item = opened(FUNCTION)
    found, done, receipt = run(item, *fragments)
    assert (found, done["arguments"], receipt) == (deltas, arguments, rules)
    assert item.is_whole() is whole


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        (FUNCTION, " ", None),
        (FUNCTION, '{"a":"b', {"status": "incomplete", "arguments": '{"a":"b'}),
        (FUNCTION, "[1]", {"status": "incomplete", "arguments": '"[1]"'}),
        (
            SEARCH,
            '{"query":"a',
            {"status": "incomplete", "arguments": {"invalid_arguments": '{"query":"a'}},
        ),
        (PATCH, '{"input":"*** Begin', {"input": "*** Begin"}),
        (PATCH, "*** Begin", None),
        (SCRIPT, '{"input":"f(', {"input": '{"input":"f('}),
        (SCRIPT, "f(", None),
        (CUSTOM, '{"input":"a', None),
    ],
)
def test_half_a_call(tool: Tool, arguments: str, told: JsonObject | None) -> None:
    item = opened(tool)
    item.open()
    item.append(arguments)
    assert not item.is_whole()
    events = item.close_half()
    if told is None:
        assert events == []
        return
    done = events[-1]["item"]
    assert isinstance(done, dict)
    assert done | told == done


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
    ("name", "space", "arguments", "text"),
    [
        ("shell", None, '{"command":"ls"}', '{"command":["bash","-lc","ls"]}'),
        ("shell", "mcp", '{"command":"ls"}', '{"command":"ls"}'),
        ("apply_patch", None, '{"input":"```\\n*** Begin Patch\\n*** End Patch\\n```"}',
         '{"input":"*** Begin Patch\\n*** End Patch"}'),
    ],
)  # fmt: skip
def test_tools_of_codex_itself(name: str, space: str | None, arguments: str, text: str) -> None:
    _, done, told = run(opened(Tool("function", name, space, name)), arguments)
    assert done["arguments"] == text
    assert told == (["repaired arguments"] if text != arguments else [])
