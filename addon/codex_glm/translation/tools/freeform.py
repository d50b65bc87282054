"""Freeform tools: what GLM is told of their input, and how their input is read from its call.

The Responses dialect hands such a tool bare text. GLM knows functions only, so it is asked for
`{"input": TEXT}`, and writes now and then what models write around text: a code fence, or the same
JSON once more.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from ..wire.wire_json import parse_loose
from .patches import BEGIN, END, EXPLANATION, Unwrapped, unwrap_patch

if TYPE_CHECKING:
    from ..wire.wire_json import JsonObject

type InputForm = Literal["text", "grammar", "patch"]
"""Text that may be anything, text by a grammar that knows neither fences nor our wrapping, or a
patch for apply_patch."""

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "input": {
            "type": "string",
            "description": "The tool's whole input, exactly as it is to be run.",
        }
    },
    "required": ["input"],
}

_REMARK = "Here the tool is called as a function: give its raw text as the string `input`."
_FENCED = re.compile(r"(`{3,})[\w+-]*[ \t]*\r?\n(.*?)\r?\n\1[ \t]*", re.DOTALL)
_PATCH_OPENING = re.compile(rf"(?:\s*\n)?{re.escape(BEGIN)}[ \t]*\r?\n")
_WRAPPINGS = {"grammar": ("{", "`"), "text": ()}


def input_form(name: str, form: object) -> InputForm:
    """Tell what a freeform tool takes, from its name and its `format`."""
    grammar = _grammar(form)
    if name == "apply_patch" or BEGIN in grammar:
        return "patch"
    return "grammar" if grammar and "`" not in grammar and '"input"' not in grammar else "text"


def describe_input(name: str, form: object) -> str:
    """Say how GLM is to write the input; a patch is explained besides its grammar."""
    patch = input_form(name, form) == "patch"
    remark = f"{_REMARK} {EXPLANATION}\n\n" if patch else f"{_REMARK} "
    if isinstance(form, dict) and form.get("type") == "grammar":
        syntax, definition = form.get("syntax"), form.get("definition")
        return f"{remark}The text follows this {syntax} grammar:\n{definition}"
    return remark.rstrip()


def _grammar(form: object) -> str:
    if not isinstance(form, dict) or form.get("type") != "grammar":
        return ""
    return str(form.get("definition") or "")


def unwrap_input(text: str, form: InputForm) -> Unwrapped:
    """Take off what GLM put around an input, where it cannot be a part of it."""
    if form == "patch":
        return unwrap_patch(text)
    if form == "text":
        return Unwrapped(text)
    notes = []
    if (inner := _inside_json(text)) is not None:
        text = inner
        notes.append("the input was wrapped twice")
    fenced = _FENCED.fullmatch(text.strip())
    if fenced and f"\n{fenced[1]}" not in f"\n{fenced[2]}":
        text = fenced[2]
        notes.append("a code fence around the input was taken off")
    return Unwrapped(text, tuple(notes))


def _inside_json(text: str) -> str | None:
    try:
        value = parse_loose(text)
    except ValueError:
        return None
    if isinstance(value, dict) and list(value) == ["input"] and isinstance(value["input"], str):
        return value["input"]
    return None


class LiveInput:
    """How much of an input is certain while it is being written.

    Joined, all that `feed` ever gives is a start of what `unwrap_input` makes of the whole. An
    input whose beginning may be a wrapping is given only at its end.
    """

    def __init__(self, form: InputForm) -> None:
        self._form = form
        self._held = ""
        self._begun = False
        self._over = False

    def feed(self, piece: str) -> str:
        """Take more of the input; give what is certain of it, perhaps nothing."""
        if self._over or not piece:
            return ""
        text, self._held = self._held + piece, ""
        if not self._begun and not self._begin(text):
            return ""
        return self._take_until_end(text) if self._form == "patch" else text

    def _begin(self, text: str) -> bool:
        opening = text.lstrip()
        if self._form == "patch":
            self._begun = bool(_PATCH_OPENING.match(text))
            rest = opening[len(BEGIN) :].strip(" \t\r")
            possible = BEGIN.startswith(opening[: len(BEGIN)]) and not rest
            self._over = not self._begun and not possible
        else:
            self._over = opening.startswith(_WRAPPINGS[self._form])
            self._begun = bool(opening) and not self._over
        if not self._begun and not self._over:
            self._held = text
        return self._begun

    def _take_until_end(self, text: str) -> str:
        """Hold back what may be the line that ends a patch: what follows it may be wrapping."""
        end = text.find(f"\n{END}")
        if end >= 0:
            self._over = True
            return text[:end]
        last_line = max(text.rfind("\n"), 0)
        if f"\n{END}".startswith(text[last_line:]):
            text, self._held = text[:last_line], text[last_line:]
        return text
