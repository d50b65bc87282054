from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

import pytest
from codex_glm.translation.receipt import Receipt
from codex_glm.translation.tools.declarations import (
    MAX_TOOLS,
    Tool,
    ToolKind,
    ToolNames,
    flatten_tools,
    translate_tools,
    wire_name,
)
from codex_glm.translation.tools.patches import EXPLANATION
from hypothesis import given
from hypothesis import strategies as st

from ..support import function

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

SAFE = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def declare(*tools: object) -> tuple[list[JsonObject], ToolNames, list[str]]:
    names, receipt = ToolNames(), Receipt()
    functions = translate_tools(tools, names, receipt)
    for each in functions:
        assert each["type"] == "function"
    declared = [each["function"] for each in functions]
    return declared, names, [entry.rule for entry in receipt.entries]  # type: ignore[return-value]


def namespace(name: str, *tools: JsonObject) -> JsonObject:
    return {"type": "namespace", "name": name, "tools": list(tools)}


@pytest.mark.parametrize(
    ("name", "space", "wire"),
    [
        ("exec_command", None, "exec_command"),
        ("exec_command", "functions", "exec_command"),
        ("add", "mcp__tiny", "mcp__tiny__add"),
        ("a" * 64, None, "a" * 64),
    ],
)
def test_a_safe_name_stays(name: str, space: str | None, wire: str) -> None:
    assert wire_name(name, space) == wire


@pytest.mark.parametrize(
    ("name", "space", "readable"),
    [
        ("get-image.png", None, "get-image_png_"),
        ("工具", None, "_"),
        ("", None, "_"),
        ("a" * 65, None, "a" * 55 + "_"),
        ("run", "n" * 70, "n" * 55 + "_"),
        ("a b", "x", "x__a_b_"),
    ],
)
def test_a_hash_stands_in_for_the_rest(name: str, space: str | None, readable: str) -> None:
    made = wire_name(name, space)
    assert re.fullmatch(re.escape(readable) + "[0-9a-f]{8}", made)
    assert SAFE.fullmatch(made)


def test_every_kind_of_tool() -> None:
    grammar = {"type": "grammar", "syntax": "lark", "definition": "start: x"}
    declared, names, rules = declare(
        function("shell", cmd={"type": "string"}),
        {"type": "custom", "name": "apply_patch", "description": "Patches.", "format": grammar},
        {"type": "custom", "name": "note", "format": {"type": "text"}},
        {"type": "tool_search", "execution": "client", "parameters": {"type": "object"}},
        namespace("mcp__tiny", {"type": "function", "name": "get", "parameters": {"not": {}}}),
        namespace("functions", function("plain")),
    )
    raw = {"type": "string", "description": "The tool's whole input, exactly as it is to be run."}
    text = {"type": "object", "properties": {"input": raw}, "required": ["input"]}
    empty: JsonObject = {"type": "object", "properties": {}}
    grammar_told = "The text follows this lark grammar:\nstart: x"
    freeform = "Here the tool is called as a function: give its raw text as the string `input`."
    assert declared == [
        {
            "name": "shell",
            "description": "Does shell.",
            "parameters": {"type": "object", "properties": {"cmd": {"type": "string"}}},
        },
        {
            "name": "apply_patch",
            "description": f"Patches.\n\n{freeform} {EXPLANATION}\n\n{grammar_told}",
            "parameters": text,
        },
        {"name": "note", "description": freeform, "parameters": text},
        {"name": "tool_search", "description": "tool_search", "parameters": empty},
        {"name": "mcp__tiny__get", "description": "mcp__tiny__get", "parameters": empty},
        {"name": "plain", "description": "Does plain.", "parameters": empty},
    ]
    assert rules == ["tool-name", "schema"]
    assert list(names.by_wire_name.values()) == [
        Tool("function", "shell", None, "shell"),
        Tool("custom", "apply_patch", None, "apply_patch", "patch"),
        Tool("custom", "note", None, "note"),
        Tool("tool_search", "tool_search", None, "tool_search"),
        Tool("function", "get", "mcp__tiny", "mcp__tiny__get"),
        Tool("function", "plain", None, "plain"),
    ]


@pytest.mark.parametrize(
    ("tools", "count", "rules"),
    [
        ([{"type": "web_search"}], 0, ["tool-type"]),
        ([{"type": "computer", "name": "x"}], 0, ["tool-type"]),
        ([{"type": "local_shell"}, {"type": "local_shell", "name": "x"}], 1, ["tool-again"]),
        ([namespace("n") | {"tools": None}], 0, ["tool-type"]),
        ([{"name": "typeless"}], 0, ["tool-type"]),
        (["odd", None], 0, []),
        ([function("a"), function("a")], 1, ["tool-again"]),
        ([function("a"), namespace("functions", function("a"))], 1, ["tool-again"]),
        ([function(f"t{i}") for i in range(MAX_TOOLS + 2)], MAX_TOOLS, ["tool-limit"] * 2),
    ],
    ids=[
        "server",
        "odd kind",
        "shells",
        "no list",
        "typeless",
        "no objects",
        "twice",
        "functions",
        "many",
    ],
)
def test_what_is_left_out(tools: list[object], count: int, rules: list[str]) -> None:
    declared, _, found = declare(*tools)
    assert (len(declared), found) == (count, rules)


def test_two_tools_with_one_readable_name() -> None:
    flat, spaced = function("mcp__tiny__get"), namespace("mcp__tiny", function("get"))
    for order in ([flat, spaced], [spaced, flat]):
        _, names, _ = declare(*order)
        assert len(names.by_wire_name) == 2
        for tool in names.by_wire_name.values():
            assert names.find(tool.name, tool.namespace) == tool.wire_name


parts = st.sampled_from(["a", "a__b", "b", "get-image", "get image", "工", "x" * 70, "x" * 71])
declarations = st.lists(
    st.tuples(st.sampled_from(get_args(ToolKind.__value__)), parts, st.none() | parts), max_size=12
)


@given(declarations)
def test_names_map_back(declared: list[tuple[ToolKind, str, str | None]]) -> None:
    names = ToolNames()
    first: dict[tuple[str, str | None], ToolKind] = {}
    for kind, name, space in declared:
        tool = names.declare(kind, name, space)
        again = (name, space) in first
        first.setdefault((name, space), kind)
        assert (tool is None) == again
    assert len(names.by_wire_name) == len(first), "two tools share a name"
    for (name, space), kind in first.items():
        wire = names.find(name, space)
        assert SAFE.fullmatch(wire)
        assert names.by_wire_name[wire] == Tool(kind, name, space, wire)


@given(st.text(), st.none() | st.text())
def test_any_name_is_safe_and_stable(name: str, space: str | None) -> None:
    made = wire_name(name, space)
    assert SAFE.fullmatch(made)
    assert made == wire_name(name, space)


def test_find_without_a_declaration() -> None:
    names = ToolNames()
    names.declare("function", "mcp__tiny__get", None)
    assert names.find("gone") == "gone"
    assert names.find("get", "mcp__tiny").startswith("mcp__tiny__get_")
    assert names.find("mcp__tiny__get", "functions") == "mcp__tiny__get"


def test_what_a_namespace_says_of_itself_goes_to_its_first_tool() -> None:
    tools = [{"name": "a", "description": "Does a."}, {"name": "b"}, 7]
    space = {"type": "namespace", "name": "ns", "description": " How to use it. ", "tools": tools}
    told = [tool.get("description") for tool, _ in flatten_tools([space])]
    assert told == ["Does a.\n\n(About ns: How to use it.)", None]
    bare = [tool for tool, _ in flatten_tools([{**space, "description": None}])]
    assert bare == tools[:2]
