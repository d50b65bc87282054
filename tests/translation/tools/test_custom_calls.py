from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.tools.custom_calls import CustomToolCallItem
from codex_glm.translation.tools.declarations import Tool
from codex_glm.translation.wire.item_ids import ItemIds
from hypothesis import given
from hypothesis import strategies as st

from ..strategies import splits
from .test_calls import run

if TYPE_CHECKING:
    from codex_glm.translation.tools.freeform import InputForm

TEXT = Tool("custom", "note", None, "note")
SCRIPT = Tool("custom", "exec", None, "exec", "grammar")
PATCH = Tool("custom", "apply_patch", None, "apply_patch", "patch")
SPACED = Tool("custom", "run", "n", "n__run")
TWO = '{"a":"x","b":"y"}'
BEGUN = "*** Begin Patch\n*** Add File: a\n+a"
WHOLE = f"{BEGUN}\n*** End Patch"


def opened(tool: Tool) -> CustomToolCallItem:
    return CustomToolCallItem("x00", 0, "c", tool)


def wrapped(text: str) -> str:
    return json.dumps({"input": text})


@pytest.mark.parametrize(
    ("fragments", "deltas", "text", "rules", "whole"),
    [
        (['{"input":"a', '\\nb"}'], ["a", "\nb"], "a\nb", [], True),
        (['{"input":""}'], [], "", [], True),
        (['{"more":1,"input":"a"}'], ["a"], "a", ["dropped custom-input"], True),
        (['{"patch":"a"}'], ["a"], "a", ["repaired custom-input"], True),
        (['{"input":7}'], ['{"input":7}'], '{"input":7}', ["repaired custom-input"], True),
        ([TWO], [TWO], TWO, ["repaired custom-input"], True),
        (['"just text"'], ["just text"], "just text", ["repaired custom-input"], False),
        (["raw text"], ["raw text"], "raw text", ["repaired custom-input"], False),
        ([], [], "", ["repaired custom-input"], False),
        (["7"], ["7"], "7", ["repaired custom-input"], False),
        (['{"input":"a', "\nb"], ["a", "\nb"], '{"input":"a\nb', ["changed bad-arguments"], False),
        (['{"input":"a\\q"}'], ["a"], '{"input":"a\\q"}', ["changed bad-arguments"], False),
        (['{"input":"a', '\nb"}'], ["a", "\nb"], "a\nb", ["repaired arguments"], True),
        (['{"input":"a"'], ["a"], "a", ["repaired arguments"], False),
        (['{"input":"a"}}'], ["a"], "a", ["repaired arguments"], False),
        (['{"input":"a"}', '{"input":"a"}'], ["a"], "a", ["repaired arguments"], True),
        (['{}', '{"input":"a"}'], ["a"], "a", ["repaired arguments"], True),
        (['{"input":"a","input":"b"}'], ["a"], "b", [], True),
        (['{"input":"\\ud83d', '\\ude80"}'], ["🚀"], "🚀", [], True),
        (['{"input":"\\ud83d"}'], ["\ufffd"], "\ufffd", [], True),
    ],
)  # fmt: skip
def test_text(
    fragments: list[str], deltas: list[str], text: str, rules: list[str], whole: bool
) -> None:
    item = opened(TEXT)
    found, done, receipt = run(item, *fragments)
    assert (found, done["input"], receipt) == (deltas, text, rules)
    assert item.is_whole() is whole


@pytest.mark.parametrize(
    ("tool", "arguments", "text", "rules"),
    [
        (PATCH, wrapped(WHOLE), WHOLE, []),
        (PATCH, wrapped(f"```\n{WHOLE}\n```"), WHOLE, ["repaired freeform"]),
        (PATCH, wrapped(wrapped(WHOLE)), WHOLE, ["repaired freeform"]),
        (PATCH, json.dumps({"command": ["apply_patch", WHOLE]}), WHOLE,
         ["repaired custom-input", "repaired freeform"]),
        (PATCH, json.dumps({"input": ["apply_patch", WHOLE]}), WHOLE,
         ["repaired custom-input", "repaired freeform"]),
        (PATCH, WHOLE, WHOLE, ["repaired custom-input"]),
        (PATCH, '{"input":"' + WHOLE + '\n"}', f"{WHOLE}\n", ["repaired arguments"]),
        (PATCH, wrapped(BEGUN)[:-2], BEGUN, ["changed bad-arguments"]),
        (PATCH, wrapped(f"```\n{BEGUN}")[:-2], f"```\n{BEGUN}", ["changed bad-arguments"]),
        (SCRIPT, wrapped("```js\nf()\n```"), "f()", ["repaired freeform"]),
        (SCRIPT, '{"input":"f(', '{"input":"f(', ["changed bad-arguments"]),
        (TEXT, wrapped("```js\nf()\n```"), "```js\nf()\n```", []),
    ],
)  # fmt: skip
def test_wrappings_and_halves(tool: Tool, arguments: str, text: str, rules: list[str]) -> None:
    _, done, receipt = run(opened(tool), arguments)
    assert (done["input"], receipt) == (text, rules)


def test_two_inputs_are_two_calls() -> None:
    item = opened(TEXT)
    _, done, receipt = run(item, '{"input":"a"}{"input":"b"}')
    assert (done["input"], receipt) == ("a", ["repaired arguments"])
    assert item.surplus == ('{"input":"b"}',)
    ids = ItemIds("x")
    ids.take()
    _, more, _ = run(item.another(ids), *item.surplus)
    assert (more["input"], more["call_id"], more["id"]) == ("b", "c_1", "ctc_x01")


def test_it_carries_the_names_of_the_client() -> None:
    _, done, _ = run(opened(SPACED), '{"input":"x"}')
    kept = {"id": "ctc_x00", "type": "custom_tool_call", "call_id": "c", "name": "run"}
    assert done == {**kept, "input": "x", "namespace": "n"}
    _, plain, _ = run(opened(PATCH), '{"input":"x"}')
    assert "namespace" not in plain


parts = st.sampled_from(
    [
        *("*** Begin Patch\n", "\n*** End Patch", "*** End Patch", "```", "\n", " ", "+x", "EOF"),
        *("\\n", "<<EOF\n", "{", '"', "}", "***", "\r\n", "patch", "é", "🚀"),
    ]
)
inputs = st.lists(parts, max_size=9).map("".join)


@given(st.data(), inputs, st.sampled_from(["text", "grammar", "patch"]))
def test_the_deltas_are_the_input(data: st.DataObject, text: str, form: InputForm) -> None:
    tool = Tool("custom", "x", None, "x", form)
    deltas, done, _ = run(opened(tool), *data.draw(splits(wrapped(text))))
    assert "".join(map(str, deltas)) == done["input"]


@given(st.data(), inputs)
def test_half_a_patch_is_told_as_far_as_it_came(data: st.DataObject, text: str) -> None:
    whole = wrapped(text)
    cut = whole[: data.draw(st.integers(len('{"input":"'), len(whole)))]
    deltas, done, _ = run(opened(PATCH), *data.draw(splits(cut)))
    assert "".join(map(str, deltas)) == done["input"]
