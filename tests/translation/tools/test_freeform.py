from __future__ import annotations

import json

import pytest
from codex_glm.translation.tools.freeform import (
    InputForm,
    LiveInput,
    describe_input,
    input_form,
    unwrap_input,
)
from codex_glm.translation.tools.patches import BEGIN, END, EXPLANATION
from hypothesis import given
from hypothesis import strategies as st

from ..strategies import splits
from .test_custom_calls import inputs

REMARK = "Here the tool is called as a function: give its raw text as the string `input`."


def lark(definition: str) -> dict[str, str]:
    return {"type": "grammar", "syntax": "lark", "definition": definition}


@pytest.mark.parametrize(
    ("name", "form", "found"),
    [
        ("apply_patch", None, "patch"),
        ("edit", lark(f'begin: "{BEGIN}" LF'), "patch"),
        ("exec", lark("start: /[\\s\\S]+/"), "grammar"),
        ("quote", lark("start: /`+/"), "text"),
        ("json", lark('start: "{" "input" ":"'), "text"),
        ("note", {"type": "text"}, "text"),
        ("note", {"type": "grammar", "definition": None}, "text"),
        ("note", "odd", "text"),
    ],
)
def test_input_form(name: str, form: object, found: InputForm) -> None:
    assert input_form(name, form) == found


@pytest.mark.parametrize(
    ("name", "form", "told"),
    [
        ("note", None, REMARK),
        ("note", {"type": "text"}, REMARK),
        ("exec", lark("start: x"), f"{REMARK} The text follows this lark grammar:\nstart: x"),
        ("apply_patch", None, f"{REMARK} {EXPLANATION}"),
        (
            "apply_patch",
            lark("start: x"),
            f"{REMARK} {EXPLANATION}\n\nThe text follows this lark grammar:\nstart: x",
        ),
    ],
)
def test_describe_input(name: str, form: object, told: str) -> None:
    assert describe_input(name, form) == told


FENCED = "```js\nf();\ng();\n```"
TWO_BLOCKS = f"{FENCED}\nand\n{FENCED}"


@pytest.mark.parametrize(
    ("form", "text", "bare", "notes"),
    [
        ("grammar", FENCED, "f();\ng();", 1),
        ("grammar", f"\n{FENCED}\n\n", "f();\ng();", 1),
        ("grammar", json.dumps({"input": "f()"}), "f()", 1),
        ("grammar", json.dumps({"input": FENCED}), "f();\ng();", 2),
        ("grammar", json.dumps({"input": "f()", "more": 1}), None, 0),
        ("grammar", json.dumps({"input": 7}), None, 0),
        ("grammar", json.dumps(["f()"]), None, 0),
        ("grammar", "{ const a = 1; }", None, 0),
        ("grammar", TWO_BLOCKS, None, 0),
        ("grammar", f"Run this:\n{FENCED}", None, 0),
        ("grammar", "```js f()```", None, 0),
        ("text", FENCED, None, 0),
        ("text", json.dumps({"input": "f()"}), None, 0),
        ("patch", f"```\n{BEGIN}\n+a\n{END}\n```", f"{BEGIN}\n+a\n{END}", 1),
    ],
)
def test_unwrap_input(form: InputForm, text: str, bare: str | None, notes: int) -> None:
    found = unwrap_input(text, form)
    assert (found.text, len(found.notes)) == (text if bare is None else bare, notes)


@pytest.mark.parametrize(
    ("form", "pieces", "given"),
    [
        ("text", ["a", "{"], ["a", "{"]),
        ("text", ["{", "a"], ["{", "a"]),
        ("text", [" ", "", "a"], ["", "", " a"]),
        ("grammar", ["f", "`"], ["f", "`"]),
        ("grammar", ["\n", "`", "``"], ["", "", ""]),
        ("grammar", ["{", "x"], ["", ""]),
        ("patch", ["*** Begin", " Patch\n", "+a\n"], ["", BEGIN, "\n+a"]),
        ("patch", [f"\n{BEGIN}\r\n", "+a"], [f"\n{BEGIN}\r", "\n+a"]),
        ("patch", [f"{BEGIN}\n+a", "\n", "***", " E", "nd\n", "+b"], [f"{BEGIN}\n+a", "", "", "",
                                                                   "\n*** End", "\n+b"]),
        ("patch", [f"{BEGIN}\n+a\n{END}", "\n", "```"], [f"{BEGIN}\n+a", "", ""]),
        ("patch", ["```", f"\n{BEGIN}\n"], ["", ""]),
        ("patch", [f"{BEGIN}work\n", f"{BEGIN}\n"], ["", ""]),
        ("patch", [f" {BEGIN}\n", f"{BEGIN}\n"], ["", ""]),
    ],
)  # fmt: skip
def test_live_input(form: InputForm, pieces: list[str], given: list[str]) -> None:
    live = LiveInput(form)
    assert [live.feed(piece) for piece in pieces] == given


forms = st.sampled_from(["text", "grammar", "patch"])


@given(st.data(), inputs, forms)
def test_what_was_live_stays_true(data: st.DataObject, text: str, form: InputForm) -> None:
    live = LiveInput(form)
    given = "".join(map(live.feed, data.draw(splits(text))))
    assert unwrap_input(text, form).text.startswith(given)


@given(st.data(), st.text(), st.sampled_from(["grammar", "patch"]))
def test_most_of_an_input_is_live(data: st.DataObject, text: str, form: InputForm) -> None:
    opening = f"{BEGIN}\n" if form == "patch" else "f("
    live = LiveInput(form)
    given = "".join(map(live.feed, data.draw(splits(opening + text))))
    assert given or form == "patch"
    held = (opening + text).removeprefix(given)
    assert len(held) <= len(f"\n{END}") or f"\n{END}" in f"\n{text}"
