"""Answers by a JSON Schema, from models that know no schema.

GLM knows `json_object` alone (Z.ai API reference). So the schema stands at the end of the prompt,
where it spares the prompt cache; the answer is held back until it is whole, freed of a fence
around it, and checked. One that breaks the schema is never passed on: GLM is asked once more, with
what is wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .wire.wire_json import encode_text, parse_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from .wire.wire_json import JsonObject

    type Validate = Callable[[object, object], str]

_FENCE = re.compile(r"```[a-zA-Z]*[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)


class Rejected(NamedTuple):
    """An answer that breaks the schema, and in which way."""

    text: str
    problem: str


@dataclass(frozen=True, slots=True)
class AnswerSchema:
    """The schema that the client wants the answer to follow."""

    schema: object
    validate: Validate
    """Gives what is wrong with a value by a schema, or nothing: `validate(schema, value)`."""

    def prompt(self) -> str:
        """Say the schema to GLM."""
        schema = encode_text(self.schema)
        return f"Give the final answer as one bare JSON object, valid by this JSON Schema: {schema}"

    def problem(self, text: str) -> str:
        """Say what is wrong with a whole answer; empty: nothing."""
        try:
            value = parse_json(text)
        except ValueError as error:
            return f"it is not JSON: {error}"
        return self.validate(self.schema, value)


def accept_any(_schema: object, _value: object) -> str:
    """Find nothing wrong: for where no validator is at hand."""
    return ""


def asked_schema(body: JsonObject, validate: Validate) -> AnswerSchema | None:
    """Give the schema that a Responses request asks the answer to follow."""
    text = body.get("text")
    form = text.get("format") if isinstance(text, dict) else None
    if not isinstance(form, dict) or form.get("type") != "json_schema":
        return None
    return AnswerSchema(form.get("schema"), validate)


def bare_json(text: str) -> str:
    """Take the JSON out of the fence that GLM may have put around it; else the text as it is."""
    fenced = _FENCE.findall(text)
    if len(fenced) != 1 or _is_json(text):
        return text
    found: str = fenced[0]
    return found.strip() if _is_json(found) else text


def _is_json(text: str) -> bool:
    try:
        parse_json(text)
    except ValueError:
        return False
    return True


def correction(rejected: Rejected) -> list[JsonObject]:
    """Give the input items that show GLM its answer and ask for a better one."""
    request = (
        f"This answer breaks the JSON Schema: {rejected.problem}. "
        "Give the whole answer again as one bare JSON object that follows the schema."
    )
    spoken = {"type": "output_text", "text": rejected.text}
    return [
        {"type": "message", "role": "assistant", "content": [spoken]},
        {"type": "message", "role": "user", "content": request},
    ]
