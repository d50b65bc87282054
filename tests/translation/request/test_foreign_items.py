from __future__ import annotations

import pytest
from codex_glm.translation.request.content import Content
from codex_glm.translation.request.foreign_items import read_foreign
from codex_glm.translation.request.steps import Output, Say, Speak, Step
from codex_glm.translation.request.translate import translate_request
from codex_glm.translation.wire.wire_json import JsonObject, encode_text

from ..support import SETTINGS, receipt_lines

PARTS = [{"type": "text", "text": "one"}, "two", {"type": "image", "data": "AAAA"}, None]


def note(text: str) -> Say:
    return Say("user", Content(("[new]", text)))


@pytest.mark.parametrize(
    ("item", "step"),
    [
        ({}, None),
        ({"id": "i_1", "status": "completed", "result": "AAAA"}, None),
        ({"content": "", "output": [], "text": None}, None),
        ({"content": [{"type": "image", "data": "AAAA"}]}, None),
        ({"content": "words"}, note("words")),
        ({"role": "developer", "text": "words"}, note("words")),
        ({"content": PARTS}, note("one\ntwo")),
        ({"summary": [{"text": "s"}], "content": {"content": ["c"]}}, note("c\ns")),
        ({"role": "assistant", "content": PARTS}, Speak("one\ntwo")),
        ({"call_id": "c", "output": "o"}, Output("c", Content(("o",)), "new")),
        ({"call_id": "c", "output": PARTS, "name": "n"}, Output("c", Content(("one\ntwo",)), "n")),
        ({"call_id": "c", "content": "words"}, note("words")),
        ({"call_id": 5, "output": "o"}, note("o")),
    ],
)
def test_read_foreign(item: JsonObject, step: Step | None) -> None:
    assert read_foreign(item, "new") == step


CALL: JsonObject = {"type": "new_call", "call_id": "c", "name": "shell"}


def translate(*items: JsonObject) -> tuple[list[object], list[str]]:
    """Give the messages between a first and a last one, and the receipt."""
    edge = {"role": "user", "content": "hi"}
    body: JsonObject = {"model": "glm-5.3", "input": [edge, *items, edge]}
    translated = translate_request(body, SETTINGS)
    messages = translated.chat_body["messages"]
    assert isinstance(messages, list)
    return messages[1:-1], receipt_lines(translated.context.receipt)


@pytest.mark.parametrize(
    ("more", "arguments"),
    [({"arguments": '{"a":1}'}, '{"a":1}'), ({"input": "text"}, '{"input":"text"}')],
)
def test_a_call_of_a_new_type_is_a_call(more: JsonObject, arguments: str) -> None:
    output: JsonObject = {"type": "new_call_output", "call_id": "c", "output": "done"}
    messages, lines = translate(CALL | more, output)
    assert encode_text(messages) == encode_text(
        [
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {
                        "id": "c",
                        "type": "function",
                        "function": {"name": "shell", "arguments": arguments},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "c", "content": "done"},
        ]
    )
    assert lines == [
        "unknown item-type: new_call: never seen before, passed on as a call",
        "unknown item-type: new_call_output: never seen before, passed on as a call's output",
    ]


@pytest.mark.parametrize(
    ("item", "lines"),
    [
        (CALL, ["unknown item-type: new_call: never seen before, left out"]),
        ({"type": "new"}, ["unknown item-type: new: never seen before, left out"]),
        ({"type": "other"}, ["dropped item-type: other: GLM has nothing like it"]),
    ],
)
def test_what_says_nothing_is_left_out(item: JsonObject, lines: list[str]) -> None:
    assert translate(item) == ([], lines)


def test_text_of_a_known_type_that_is_not_read_goes_on_too() -> None:
    item: JsonObject = {"type": "shell_call_output", "call_id": "c", "output": "done"}
    messages, lines = translate(item)
    assert "done" in encode_text(messages)
    assert lines[0] == "changed item-type: shell_call_output: passed on as a call's output"
