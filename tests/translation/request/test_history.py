from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.errors import RequestError
from codex_glm.translation.models import find_model
from codex_glm.translation.reasoning import seal
from codex_glm.translation.receipt import Receipt
from codex_glm.translation.request.content import Content, ContentReader
from codex_glm.translation.request.history import HistoryReader
from codex_glm.translation.request.sight import ImageSettings, Sight
from codex_glm.translation.request.steps import Call, Output, Say, Speak, Step, Think
from codex_glm.translation.tools.declarations import ToolNames, translate_tools
from codex_glm.translation.tools.tool_search import NOT_RUN
from codex_glm.translation.tools.web_search import memory_item

from ..support import function

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject


def read(*items: object) -> tuple[list[Step], list[str]]:
    receipt, names = Receipt(), ToolNames()
    translate_tools([{"type": "namespace", "name": "n", "tools": [function("b")]}], names, receipt)
    receipt.entries.clear()
    sight = Sight(find_model("glm-5.3"), ImageSettings(), receipt, [])
    content = ContentReader(sight)
    reader = HistoryReader(names, content, receipt, model="glm-5.3", seal_key=b"key")
    return list(reader.read(list(items))), [f"{e.kind} {e.rule}" for e in receipt.entries]


def text(*parts: str) -> Content:
    return Content(parts)


OUTPUT = "function_call_output"
INPUT_TEXT = {"type": "input_text", "text": "o"}
NO_TEXT = {"type": "output_text", "text": ""}
SEALED = {"type": "encrypted_content", "encrypted_content": "m"}
OURS = seal("Why?", "glm-5.3", b"key")
OF_ANOTHER = seal("Why?", "glm-5", b"key")
FOUND = "Found tools, which can be called from now on: "


@pytest.mark.parametrize(
    ("item", "steps"),
    [
        ({"role": "user", "content": "hi"}, [Say("user", text("hi"))]),
        ({"type": "message", "role": "developer", "content": "x"}, [Say("system", text("x"))]),
        ({"role": "system", "content": "x"}, [Say("system", text("x"))]),
        (
            {"role": "assistant", "content": [{"type": "output_text", "text": "a"}] * 2},
            [Speak("a\na")],
        ),
        (
            {"type": "agent_message", "content": [SEALED]},
            [Say("user", text("m"))],
        ),
        ({"type": "reasoning", "encrypted_content": OURS}, [Think("Why?")]),
        (
            {"type": "function_call", "call_id": "c", "name": "a", "arguments": '{"x": 1}'},
            [Call("c", "a", '{"x": 1}')],
        ),
        (
            {"type": "function_call", "name": "b", "namespace": "n", "arguments": " "},
            [Call("", "n__b", "{}")],
        ),
        (
            {"type": "custom_tool_call", "call_id": "c", "name": "a", "input": 'say "中"'},
            [Call("c", "a", '{"input":"say \\"中\\""}')],
        ),
        (
            {"type": "local_shell_call", "id": "l", "call_id": "c", "action": {"command": ["ls"]}},
            [Call("c", "local_shell", '{"command":["ls"]}')],
        ),
        (
            {"type": "local_shell_call_output", "id": "c", "output": "o"},
            [Output("c", text("o"), "local_shell")],
        ),
        (
            {"type": "tool_search_call", "call_id": "c", "arguments": {"query": "q"}},
            [Call("c", "tool_search", '{"query":"q"}')],
        ),
        (
            {"type": "tool_search_call", "call_id": None, "arguments": None},
            [Call("", "tool_search", "{}")],
        ),
        ({"type": OUTPUT, "call_id": "c", "output": "o"}, [Output("c", text("o"), "")]),
        (
            {"type": "custom_tool_call_output", "call_id": "c", "output": [INPUT_TEXT]},
            [Output("c", text("o"), "")],
        ),
        (
            {"type": OUTPUT, "namespace": "n", "name": "b", "output": None},
            [Output("", text(), "n.b")],
        ),
        (
            {
                "type": "tool_search_output",
                "call_id": "c",
                "tools": [
                    {"type": "namespace", "name": "n", "tools": [{"name": "b"}]},
                    {"name": "x y"},
                    "odd",
                ],
            },
            [Output("c", text(f"{FOUND}n__b, x_y_29408952"), "tool_search")],
        ),
        (
            {"type": "tool_search_output", "tools": []},
            [Output("", text(f"{FOUND}nothing"), "tool_search")],
        ),
        ({"type": "additional_tools", "tools": []}, []),
    ],
)
def test_items(item: JsonObject, steps: list[Step]) -> None:
    assert read(item) == (steps, [])


@pytest.mark.parametrize(
    ("item", "rule"),
    [
        ({"role": "user", "content": None}, "dropped empty-message"),
        ({"role": "assistant", "content": [NO_TEXT]}, "dropped empty-message"),
        ({"role": "user", "content": " \n"}, "dropped empty-message"),
        ({"role": "developer", "content": "\n"}, "dropped empty-message"),
        ({"type": "agent_message", "content": []}, "dropped empty-message"),
        ({"type": "reasoning", "summary": []}, "dropped thinking"),
        ({"type": "reasoning", "encrypted_content": ""}, "dropped thinking"),
        ({"type": "reasoning", "encrypted_content": "gAAA"}, "dropped thinking"),
        ({"type": "reasoning", "encrypted_content": OF_ANOTHER}, "dropped thinking"),
        ({"type": "compaction", "encrypted_content": "x"}, "dropped compaction"),
        ({"type": "web_search_call", "status": "completed"}, "dropped web-search-call"),
        ({"type": "image_generation_call"}, "dropped item-type"),
        ({"type": ["odd"]}, "unknown item-type"),
        ({"type": None}, "unknown item-type"),
    ],
)
def test_what_is_dropped(item: JsonObject, rule: str) -> None:
    assert read(item) == ([], [rule])


@pytest.mark.parametrize("arguments", ['{"cmd": "echo', "[1]", "null", "plain"])
def test_unsound_arguments_are_sent_as_a_string(arguments: str) -> None:
    steps, rules = read({"type": "function_call", "name": "a", "arguments": arguments})
    (call,) = steps
    assert isinstance(call, Call)
    assert call.arguments.startswith('{"invalid_arguments":"')
    assert rules == ["repaired arguments"]


@pytest.mark.parametrize(
    ("items", "param", "code"),
    [
        (["odd"], "input[0]", "invalid_value"),
        ([{"role": "user", "content": "a"}, {"role": "tool"}], "input[1].role", "invalid_value"),
        ([{"role": "user", "content": 1}], "input[0].content", "invalid_value"),
        ([{"type": "function_call", "name": "a"}], "input[0].arguments", "invalid_value"),
        ([{"type": "function_call", "arguments": "{}"}], "input[0].name", "invalid_value"),
        ([{"type": "custom_tool_call", "name": "a"}], "input[0].input", "invalid_value"),
        ([{"type": OUTPUT, "output": 7}], "input[0].output", "invalid_value"),
        ([{"type": "item_reference", "id": "msg_1"}], "input[0]", "unsupported_parameter"),
    ],
)
def test_malformed(items: list[object], param: str, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        read(*items)
    assert (caught.value.failure.param, caught.value.failure.code) == (param, code)


@pytest.mark.parametrize(
    ("key", "steps", "notes"),
    [
        (
            b"key",
            [Call("c", "web_search", '{"query":"a"}'), Output("c", text("x"), "web_search")],
            [],
        ),
        (b"other", [], ["dropped web-search-call"]),
    ],
)
def test_what_a_search_found_is_read_again(key: bytes, steps: list[Step], notes: list[str]) -> None:
    kept = {"call_id": "c", "arguments": '{"query":"a"}', "output": "x"}
    memory = memory_item(("1", 1), [kept], key)[-1]["item"]
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    assert read(search, search, memory) == (steps, notes)


def test_a_search_whose_arguments_are_no_object() -> None:
    item: JsonObject = {"type": "tool_search_call", "call_id": "c", "arguments": "x"}
    steps, notes = read(item)
    assert steps == [Call("c", "tool_search", '{"invalid_arguments":"x"}')]
    assert [note.split(":")[0] for note in notes] == ["repaired arguments"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [({"query": "q"}, f"{FOUND}nothing"), ({"invalid_arguments": "{"}, NOT_RUN)],
)
def test_a_search_without_a_query_was_not_run(arguments: JsonObject, told: str) -> None:
    steps, _ = read(
        {"type": "tool_search_call", "call_id": "c", "arguments": arguments},
        {"type": "tool_search_output", "call_id": "c", "tools": []},
    )
    assert steps[1] == Output("c", text(told), "tool_search")
