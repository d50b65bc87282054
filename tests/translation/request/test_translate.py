from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
from codex_glm.simulator.judge import judge
from codex_glm.translation.errors import RequestError
from codex_glm.translation.reasoning import seal
from codex_glm.translation.request.context import TranslationSettings
from codex_glm.translation.request.history import _READERS
from codex_glm.translation.request.translate import continue_request, translate_request
from codex_glm.translation.wire.wire_json import encode_json
from hypothesis import given
from hypothesis import strategies as st

from ..strategies import json_values
from ..support import KEY_HEADER, SETTINGS, TOOLS, function, receipt_lines

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

FIXED: JsonObject = {
    "stream": True,
    "stream_options": {"include_usage": True},
    "thinking": {"type": "enabled", "clear_thinking": False},
    "reasoning_effort": "max",
}


def test_the_smallest_request() -> None:
    translated = translate_request({"model": "glm-5.3", "input": "hi"}, SETTINGS)
    messages = [{"role": "user", "content": "hi"}]
    assert translated.chat_body == {"model": "glm-5.3", "messages": messages, **FIXED}
    context = translated.context
    assert (context.asked_model, context.model) == ("glm-5.3", "glm-5.3")
    assert (context.stream, context.parallel) == (False, True)
    assert context.receipt.entries == []
    assert context.echo == {"model": "glm-5.3", "input": "hi"}


def test_instructions_come_first_and_the_schema_last() -> None:
    form = {"type": "json_schema", "name": "n", "schema": {"type": "object"}}
    translated = translate_request(
        {
            "model": "gpt-5",
            "instructions": "Be brief.",
            "input": [{"role": "developer", "content": "More."}, {"role": "user", "content": "hi"}],
            "text": {"format": form},
            "stream": True,
            "parallel_tool_calls": False,
        },
        SETTINGS,
    )
    messages = translated.chat_body["messages"]
    assert isinstance(messages, list)
    assert [m["role"] for m in messages] == ["system", "user", "system"]
    assert messages[0]["content"] == "Be brief.\n\nMore."
    assert messages[-1]["content"].endswith('{"type":"object"}')
    assert translated.chat_body["response_format"] == {"type": "json_object"}
    assert (translated.context.stream, translated.context.parallel) == (True, False)
    assert receipt_lines(translated.context.receipt) == [
        "renamed model: gpt-5 is answered by glm-5.3",
        "changed json-schema: json_schema became json_object: GLM knows no schema",
        "added json-schema: the schema stands at the end of the prompt",
    ]


@pytest.mark.parametrize(
    ("settings", "model", "expected"),
    [
        (SETTINGS, "glm-5.3", True),
        (TranslationSettings(tool_stream=False), "glm-5.3", None),
        (SETTINGS, "glm-4.5", None),
    ],
)
def test_tool_stream(settings: TranslationSettings, model: str, expected: object) -> None:
    body: JsonObject = {"model": model, "input": "hi"}
    assert "tool_stream" not in translate_request(body, settings).chat_body
    chat = translate_request({**body, "tools": TOOLS}, settings).chat_body
    assert chat.get("tool_stream") is expected


def test_settings_decide_model_and_effort() -> None:
    settings = TranslationSettings(model_map=[("gpt-*", "glm-5.2")], effort="none")
    body: JsonObject = {"model": "gpt-5", "input": "hi", "reasoning": {"effort": "high"}}
    chat = translate_request(body, settings).chat_body
    assert (chat["model"], chat["thinking"]) == ("glm-5.2", {"type": "disabled"})


@pytest.mark.parametrize("carrier", ["additional_tools", "tool_search_output"])
def test_tools_that_travel_in_an_item(carrier: str) -> None:
    items = [{"role": "user", "content": "hi"}, {"type": carrier, "tools": [function("late")]}]
    body: JsonObject = {"model": "gpt-5", "input": items, "tools": [function("early")]}
    translated = translate_request(body, SETTINGS)
    assert list(translated.context.names.by_wire_name) == ["early", "late"]
    body["input"] = [{"type": carrier, "tools": None}]
    with pytest.raises(RequestError) as caught:
        translate_request(body, SETTINGS)
    assert caught.value.failure.param == "input[0].tools"


def test_kept_thinking_comes_back() -> None:
    envelope = seal("Why?", "glm-5.3", SETTINGS.seal_key)
    items = [
        {"role": "user", "content": "hi"},
        {"type": "reasoning", "encrypted_content": envelope},
        {"role": "assistant", "content": "yes"},
    ]
    chat = translate_request({"model": "glm-5.3", "input": items}, SETTINGS).chat_body
    last = {"role": "assistant", "content": "yes", "reasoning_content": "Why?"}
    assert chat["messages"] == [{"role": "user", "content": "hi"}, last]


@pytest.mark.parametrize(
    "items", [[{"role": "user", "content": ""}], [{"type": "reasoning"}], [{"type": "odd"}]]
)
def test_nothing_to_answer(items: list[object]) -> None:
    with pytest.raises(RequestError) as caught:
        translate_request({"model": "gpt-5", "input": items}, SETTINGS)
    assert caught.value.failure.param == "input"


words = st.text(max_size=5)
odd = st.one_of(words, words, json_values)
"""A text, and sometimes anything else: mostly right, so that the rest is reached."""
tools = st.fixed_dictionaries(
    {"type": st.sampled_from(["function", "custom", "namespace", "tool_search", "web_search"])},
    optional={
        "name": odd,
        "description": odd,
        "parameters": json_values,
        "format": st.fixed_dictionaries({"type": st.just("grammar")}) | json_values,
        "tools": st.lists(json_values | st.just(function("t")), max_size=2) | json_values,
    },
)
tool_lists = st.lists(st.one_of(tools, tools, json_values), max_size=3)
parts = st.fixed_dictionaries(
    {"type": st.sampled_from(["input_text", "input_image", "input_file", "refusal"])},
    optional={"text": odd, "image_url": odd, "file_data": odd, "filename": odd, "refusal": odd},
)
contents = st.one_of(words, words, st.lists(parts, max_size=3), json_values)
items: st.SearchStrategy[JsonObject] = st.fixed_dictionaries(
    {"type": st.sampled_from([*_READERS, "x"])},
    optional={
        "role": st.sampled_from(["user", "assistant", "developer"]),
        "content": contents,
        "call_id": st.sampled_from(["c", "d", "", None, 7]),
        "name": odd,
        "namespace": odd,
        "arguments": odd,
        "input": odd,
        "output": contents,
        "tools": tool_lists,
        "encrypted_content": odd,
    },
).map(lambda item: {"role": "user", "tools": [], "arguments": "", "input": "", "name": "", **item})
models = st.sampled_from(["gpt-5", "gpt-5-mini", "glm-4.5"])
objects = st.dictionaries(
    st.sampled_from(["effort", "format", "verbosity", "type", "name", "tools", "namespace"]),
    st.one_of(
        st.sampled_from(["high", "json_schema", "allowed_tools"]),
        st.just({"type": "json_schema"}),
        json_values,
    ),
)
bodies = st.fixed_dictionaries(
    {"model": models, "input": st.lists(st.one_of(items, items, items, json_values), min_size=1)},
    optional={
        "tools": tool_lists | json_values,
        "tool_choice": st.sampled_from(["auto", "required", "none"]) | objects,
        "reasoning": objects,
        "text": objects,
        "temperature": st.integers() | st.floats(),
        "instructions": contents,
        "parallel_tool_calls": st.booleans(),
    },
)


@given(bodies)
def test_any_body_is_translated_or_refused(body: JsonObject) -> None:
    before = copy.deepcopy(body)
    first, again = outcome(body), outcome(body)
    assert body == before, "the input was altered"
    assert first == again


def outcome(body: JsonObject) -> bytes:
    """Give the chat body's bytes or the refusal's; every other exception is a defect."""
    try:
        return encode_json(translate_request(body, SETTINGS).chat_body)
    except RequestError as error:
        return encode_json(error.failure.to_json())


plain_items = st.lists(
    st.one_of(
        st.builds(
            lambda role, text: {"role": role, "content": text},
            st.sampled_from(["user", "assistant", "developer"]),
            st.sampled_from(["a", "b"]),
        ),
        st.builds(
            lambda kind, key, text: {"type": kind, "call_id": key, "name": "t", "arguments": text},
            st.just("function_call"),
            st.sampled_from(["c", "d"]),
            st.text(max_size=5),
        ),
        st.builds(
            lambda key, text: {"type": "function_call_output", "call_id": key, "output": text},
            st.sampled_from(["c", "d", "e"]),
            st.text(max_size=5),
        ),
    ),
    max_size=10,
)


@given(plain_items, st.lists(tools, max_size=4))
def test_the_judge_finds_nothing(items: list[JsonObject], declared: list[JsonObject]) -> None:
    body: JsonObject = {"model": "gpt-5", "tools": declared}
    body["input"] = [{"role": "user", "content": "hi"}, *items]
    try:
        chat = translate_request(body, SETTINGS).chat_body
    except RequestError:
        return
    assert [str(found) for found in judge(KEY_HEADER, chat).violations] == []


def test_a_demanded_call_stands_at_the_end_until_it_was_made() -> None:
    tools = [function("a"), function("b")]
    asked: JsonObject = {"model": "gpt-5", "input": "hi", "tools": tools, "tool_choice": "required"}
    first = translate_request(asked, SETTINGS)
    then = continue_request(first.context, SETTINGS, [{"role": "user", "content": "go on"}])
    assert roles(first.chat_body) == ["user", "system"]
    assert roles(then) == ["user", "user"]
    assert then["tools"] == first.chat_body["tools"]


def roles(chat: JsonObject) -> list[object]:
    messages = chat["messages"]
    assert isinstance(messages, list)
    return [message["role"] for message in messages]


def test_a_complaint_names_the_clients_own_place() -> None:
    body: JsonObject = {"model": "gpt-5", "input": [{"role": "nobody"}], "instructions": "Be good."}
    with pytest.raises(RequestError) as caught:
        translate_request(body, SETTINGS)
    assert caught.value.failure.param == "input[0].role"
