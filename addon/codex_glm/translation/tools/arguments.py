"""Arguments that GLM got wrong, put right by the tool's own schema.

GLM writes arguments as text inside its own markup, and guesses each one's type from the schema
(vLLM's parser for glm4_moe); lists, numbers, booleans and objects thus arrive as strings now and
then (reported 2026-05 to 2026-09), an object sometimes as one string, and two calls sometimes as
two objects in one. Line breaks inside a string may stand there unescaped. Codex refuses a string
where its schema wants a number (codex-cli 0.169.0).

What is right stays as GLM wrote it, byte for byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..wire.wire_json import encode_text, parse_json, parse_loose, parse_next

if TYPE_CHECKING:
    from ..wire.wire_json import JsonObject

_TYPES: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "object": (dict,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}
_WORDS = {"True": True, "False": False, "true": True, "false": False}


class Repaired(NamedTuple):
    """Arguments as they go to the client."""

    texts: tuple[str, ...]
    """The arguments of each call; more than one where GLM wrote several objects in one call."""
    notes: tuple[str, ...]
    """What was repaired, for the receipt; empty where nothing was."""


def repair_arguments(text: str, schema: JsonObject) -> Repaired:
    """Put the arguments of one call right, as far as that can be done without guessing.

    Text that is no JSON comes back as it is: Codex then tells the model, which writes it again.
    """
    objects = _objects(text)
    if not objects:
        return Repaired((text,), ())
    notes: list[str] = []
    if len(objects) > 1:
        notes.append(f"{len(objects)} objects in one call became {len(objects)} calls")
    repaired = [_coerced(each, schema, "", notes) for each in objects]
    if not notes and repaired == [_or_none(text)]:
        return Repaired((text,), ())
    if not notes:
        notes.append(_what_was_odd(text))
    return Repaired(tuple(encode_text(each) for each in repaired), tuple(notes))


def is_object(text: str) -> bool:
    """Tell whether a text is one JSON object, and nothing else."""
    return isinstance(_or_none(text), dict)


def sound_arguments(text: str) -> str:
    """Give arguments as they may stand in GLM's history: its template bears objects alone."""
    if is_object(text):
        return text
    return encode_text({"invalid_arguments": text}) if text.strip() else "{}"


def same_arguments(first: str, second: str, schema: JsonObject) -> bool:
    """Tell whether two calls of one tool have the same arguments, put right by its schema."""
    one, other = (
        [_coerced(each, schema, "", []) for each in _objects(text or "{}")]
        for text in (first, second)
    )
    return one == other != []


def _or_none(text: str) -> object:
    try:
        return parse_json(text)
    except ValueError:
        return None


def _what_was_odd(text: str) -> str:
    try:
        odd = not isinstance(parse_loose(text), dict)
    except ValueError:
        odd = True
    if odd:
        return "the object came as a string, twice, or with an empty one"
    return "line breaks or tabs inside a string were escaped"


def _objects(text: str) -> list[object]:
    """Read one JSON object, or several behind one another, the same one only once.

    An empty one beside others is none: gateways open or close arguments with it.
    """
    found: list[object] = []
    rest = text.strip()
    while rest:
        try:
            value, end = parse_next(rest, loose=True)
        except ValueError:
            return []
        if isinstance(value, str) and not found:  # the whole object as one string
            value = _or_none(value)
        if not isinstance(value, dict):
            return []
        if value not in found:
            found.append(value)
        rest = rest[end:].strip()
    return [value for value in found if value] or found


def _coerced(value: object, schema: object, place: str, notes: list[str]) -> object:
    if not isinstance(schema, dict):
        return value
    wanted = _TYPES.get(str(schema.get("type")))
    if wanted and isinstance(value, str):
        read = _WORDS.get(value.strip(), _or_none(value))
        if _is_one_of(read, wanted):
            notes.append(f"{place or 'arguments'}: the string became {schema['type']}")
            value = read
    if isinstance(value, dict):
        properties = schema.get("properties")
        known = properties if isinstance(properties, dict) else {}
        return {k: _coerced(v, known.get(k), f"{place}.{k}", notes) for k, v in value.items()}
    if isinstance(value, list):
        return [
            _coerced(v, schema.get("items"), f"{place}[{i}]", notes) for i, v in enumerate(value)
        ]
    return value


def _is_one_of(value: object, types: tuple[type, ...]) -> bool:
    """Tell whether a value is of a type; to JSON, unlike Python, true is no number."""
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))
