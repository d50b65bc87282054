"""JSON Schemas that GLM can parse, from schemas that it cannot.

GLM answers `$ref`, `anyOf`, `oneOf` and deep unions with HTTP 500 code 1234, and in a stream with
an empty reply (reported 2026-07 for glm-5.2). It chooses the type of an argument from the plain
`type` of its property. So references are written out, unions become their first form, and what a
schema thereby loses is told in the description, where the model reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

from ..wire.wire_json import JsonObject, encode_text

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNIONS = ("anyOf", "oneOf")
_WRITTEN_OUT = frozenset({"$ref", "allOf", *_UNIONS})
_DROPPED = frozenset(
    {"$schema", "$id", "$comment", "$defs", "definitions", "not", "if", "then", "else"}
    # Codex marks parameters of its sub-agent tools with `encrypted`; plain text works as well
    # (observed on codex-cli 0.169.0).
    | {"encrypted", "$anchor", "unevaluatedProperties", "dependentSchemas"}
    # Only malformed ones are still there when these are dropped.
    | _WRITTEN_OUT
)
_NESTED_MAPS = frozenset({"properties", "patternProperties"})
_NESTED = _NESTED_MAPS | {"items", "additionalProperties"}
_MAX_DEPTH = 12
_MAX_PARTS = 4000
"""Schemas inside one schema, as often as they are written out: references can double them at each
level, so that a kilobyte becomes gigabytes."""
_LONGEST_REMARK = 4000
"""Characters of a remark. Each union inside a union doubles the backslashes of what it tells."""
_DEEPER = "any value (the schema goes on deeper)"


@dataclass(frozen=True, slots=True)
class _Source:
    """What is written out: where references lead, and how much may still be written."""

    root: JsonObject
    parts: Iterator[int]
    """Numbers of the schemas still to be written, shared by all places."""
    choosy: bool = False
    """Whether a place that takes a string too is left without a type."""
    inside: frozenset[str] = frozenset()
    """References that are being written out."""

    def find(self, target: str) -> JsonObject | None:
        """Give the schema that a JSON pointer leads to (RFC 6901), if there is one."""
        if target in self.inside or target.partition("/")[0] != "#":
            return None
        found: object = self.root
        for step in target.split("/")[1:]:
            name = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(found, list):
                found = dict(enumerate(found)).get(int(name)) if name.isdecimal() else None
            else:
                found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else None


def simplify_schema(schema: object) -> JsonObject:
    """Give a parameters schema that GLM parses: one plain object, without references or unions.

    A schema that is already plain comes back equal. Anything that is no schema of an object
    becomes the schema of an object without declared properties.
    """
    return _object(schema, choosy=False)


def schema_for_repair(schema: object) -> JsonObject:
    """Give the same with a type only where a string is none of the forms.

    For there, and nowhere else, a string of GLM's is wrong.
    """
    return _object(schema, choosy=True)


def _object(schema: object, *, choosy: bool) -> JsonObject:
    root = schema if isinstance(schema, dict) else {}
    plain = _plain(root, _Source(root, iter(range(_MAX_PARTS)), choosy), 0)
    if plain.get("type") != "object":
        plain = {**plain, "type": "object"}
    if not isinstance(plain.get("properties"), dict):
        plain["properties"] = {}
    return plain


def _plain(schema: object, source: _Source, depth: int) -> JsonObject:
    if not isinstance(schema, dict):
        return {}
    if depth > _MAX_DEPTH or next(source.parts, None) is None:
        return {"description": _DEEPER}
    if not _WRITTEN_OUT.isdisjoint(schema):
        schema, source = _without_reference(schema, source)
        schema = _without_all_of(schema, source, depth)
        schema = _without_union(schema, source, depth)
    schema = _without_type_list(schema, source)
    return {
        key: _plain_value(key, value, source, depth) if key in _NESTED else value
        for key, value in schema.items()
        if key not in _DROPPED
    }


def _plain_value(key: str, value: object, source: _Source, depth: int) -> object:
    if key in _NESTED_MAPS and isinstance(value, dict):
        return {name: _plain(each, source, depth + 1) for name, each in value.items()}
    if key == "items" and isinstance(value, list):  # a tuple: each place its own schema
        return _plain(value[0], source, depth + 1) if value else {}
    if key in ("items", "additionalProperties") and isinstance(value, dict):
        return _plain(value, source, depth + 1)
    return value


def _without_reference(schema: JsonObject, source: _Source) -> tuple[JsonObject, _Source]:
    """Write a reference out, and give the source for its inside.

    A schema inside itself is only named: three such places would make megabytes of schema.
    """
    while isinstance(target := schema.get("$ref"), str):
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        referred = source.find(target)
        if referred is None:
            return _described(rest, f"see {target}"), source
        source = replace(source, inside=source.inside | {target})
        schema = {**referred, **rest}
    return schema, source


def _without_all_of(schema: JsonObject, source: _Source, depth: int) -> JsonObject:
    parts = schema.get("allOf")
    if not isinstance(parts, list):
        return schema
    merged: JsonObject = {key: value for key, value in schema.items() if key != "allOf"}
    for part in parts:
        merged = _merged(merged, _plain(part, source, depth + 1))
    return merged


def _merged(held: JsonObject, more: JsonObject) -> JsonObject:
    """Give what both ask for; where only one can be right, what was held."""
    merged = {**more, **held}
    for key in more.keys() & held.keys():
        one, other = held[key], more[key]
        if key == "properties" and isinstance(one, dict) and isinstance(other, dict):
            merged[key] = other | one
        elif key == "required" and isinstance(one, list) and isinstance(other, list):
            known = set(map(str, one))
            merged[key] = one + [name for name in other if str(name) not in known]
    return merged


def _without_union(schema: JsonObject, source: _Source, depth: int) -> JsonObject:
    for union in _UNIONS:
        forms = schema.get(union)
        if isinstance(forms, list):
            rest = {key: value for key, value in schema.items() if key != union}
            plain = [_plain(form, source, depth + 1) for form in forms]
            schema = _first_form(rest, [form for form in plain if form.get("type") != "null"])
            if source.choosy and "type" not in rest and any(map(_takes_strings, plain)):
                schema.pop("type", None)
    return schema


def _takes_strings(form: JsonObject) -> bool:
    if "const" in form:
        return isinstance(form["const"], str)
    return form.get("type", "string") == "string"


def _first_form(rest: JsonObject, forms: list[JsonObject]) -> JsonObject:
    if not forms:
        return rest
    if all("const" in form for form in forms):
        return {"type": _type_of(forms[0]["const"]), "enum": [f["const"] for f in forms]} | rest
    first, *others = forms
    joined = _merged(rest, first)
    if others:
        joined = _described(joined, "or instead: " + "; ".join(encode_text(f) for f in others))
    return joined


def _without_type_list(schema: JsonObject, source: _Source) -> JsonObject:
    types = schema.get("type")
    if not isinstance(types, list):
        return schema
    if source.choosy and "string" in types:
        return {key: value for key, value in schema.items() if key != "type"}
    real = [name for name in types if name != "null"] or ["string"]
    schema = {**schema, "type": real[0]}
    return _described(schema, "or as " + ", ".join(map(str, real[1:]))) if real[1:] else schema


def _described(schema: JsonObject, remark: str) -> JsonObject:
    if len(remark) > _LONGEST_REMARK:
        remark = f"{remark[:_LONGEST_REMARK]}…"
    words = cast("str", schema.get("description") or "")
    return {**schema, "description": f"{words} ({remark})" if words else remark}


def _type_of(value: object) -> str:
    names = {str: "string", bool: "boolean", int: "integer", float: "number"}
    return names.get(type(value), "string")
