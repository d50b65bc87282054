from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.tools.tool_search import ToolSearchCallItem, has_query

from .test_calls import run

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

HALF = '{"query":"q'


@pytest.mark.parametrize(
    ("fragments", "arguments", "rules", "whole"),
    [
        (['{"query":', '"q"}'], {"query": "q"}, [], True),
        (["q"], {"query": "q"}, ["repaired bad-arguments"], False),
        ([HALF], {"invalid_arguments": HALF}, ["changed bad-arguments"], False),
        (["[1]"], {"invalid_arguments": "[1]"}, ["changed bad-arguments"], False),
    ],
)
def test_tool_search(
    fragments: list[str], arguments: JsonObject, rules: list[str], whole: bool
) -> None:
    item = ToolSearchCallItem("x00", 0, "c")
    deltas, done, receipt = run(item, *fragments)
    assert (deltas, receipt) == ([], rules)
    kept = {"id": "tsc_x00", "type": "tool_search_call", "call_id": "c", "execution": "client"}
    assert done == {**kept, "status": "completed", "arguments": arguments}
    assert item.is_whole() is whole
    assert item.arguments == "".join(fragments)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"query": "q"}, True),
        ({"query": " "}, False),
        ({"query": 7}, False),
        ({"invalid_arguments": HALF}, False),
        ({}, False),
        ("q", False),
    ],
)
def test_has_query(arguments: object, found: bool) -> None:
    assert has_query(arguments) is found
