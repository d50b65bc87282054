"""JSON Schemas that GLM can parse, from schemas that it cannot.

GLM answers `$ref`, `anyOf`, `oneOf` and deep unions with HTTP 500 code 1234, and in a stream with
an empty reply (reported 2026-07 for glm-5.2). It chooses the type of an argument from the plain
`type` of its property. So references are written out, unions become their first form, and what a
schema thereby loses is told in the description, where the model reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from ..wire.wire_json import JsonObject, encode_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
class _Definitions:
    """What may be written out where it is referred to, and room for what is written."""

    by_target: Mapping[str, object]
    parts: Iterator[int]
    """Numbers of the schemas still to be written, shared by all places."""

    def without(self, target: str) -> _Definitions:
        """Give the rest, for the inside of a definition."""
        rest = {name: value for name, value in self.by_target.items() if name != target}
        return replace(self, by_target=rest)


def simplify_schema(schema: object) -> JsonObject:
    """Give a parameters schema that GLM parses: one plain object, without references or unions.

    A schema that is already plain comes back equal. Anything that is no schema of an object
    becomes the schema of an object without declared properties.
    """
    root = schema if isinstance(schema, dict) else {}
    plain = _plain(root, _definitions(root), 0)
    if plain.get("type") != "object":
        plain = {**plain, "type": "object"}
    if not isinstance(plain.get("properties"), dict):
        plain["properties"] = {}
    return plain


def _definitions(root: Mapping[str, object]) -> _Definitions:
    found: dict[str, object] = {"#": root}
    for place in ("$defs", "definitions"):
        group = root.get(place)
        if isinstance(group, dict):
            found |= {f"#/{place}/{name}": value for name, value in group.items()}
    return _Definitions(found, iter(range(_MAX_PARTS)))


def _plain(schema: object, defs: _Definitions, depth: int) -> JsonObject:
    if not isinstance(schema, dict):
        return {}
    if depth > _MAX_DEPTH or next(defs.parts, None) is None:
        return {"description": _DEEPER}
    if not _WRITTEN_OUT.isdisjoint(schema):
        schema, defs = _without_reference(schema, defs)
        schema = _without_all_of(schema, defs, depth)
        schema = _without_union(schema, defs, depth)
    schema = _without_type_list(schema)
    return {
        key: _plain_value(key, value, defs, depth) if key in _NESTED else value
        for key, value in schema.items()
        if key not in _DROPPED
    }


def _plain_value(key: str, value: object, defs: _Definitions, depth: int) -> object:
    if key in _NESTED_MAPS and isinstance(value, dict):
        return {name: _plain(each, defs, depth + 1) for name, each in value.items()}
    if key == "items" and isinstance(value, list):  # a tuple: each place its own schema
        return _plain(value[0], defs, depth + 1) if value else {}
    if key in ("items", "additionalProperties") and isinstance(value, dict):
        return _plain(value, defs, depth + 1)
    return value


def _without_reference(schema: JsonObject, defs: _Definitions) -> tuple[JsonObject, _Definitions]:
    """Write a reference out, and give the definitions that may still be written out inside it.

    A definition inside itself is only named: three such places would make megabytes of schema.
    """
    while isinstance(target := schema.get("$ref"), str):
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        referred = defs.by_target.get(target)
        if not isinstance(referred, dict):
            return _described(rest, f"see {target}"), defs
        defs = defs.without(target)
        schema = {**referred, **rest}
    return schema, defs


def _without_all_of(schema: JsonObject, defs: _Definitions, depth: int) -> JsonObject:
    parts = schema.get("allOf")
    if not isinstance(parts, list):
        return schema
    merged: JsonObject = {key: value for key, value in schema.items() if key != "allOf"}
    for part in parts:
        for key, value in _plain(part, defs, depth + 1).items():
            held = merged.get(key)
            if key == "properties" and isinstance(held, dict) and isinstance(value, dict):
                merged[key] = value | held
            elif key == "required" and isinstance(held, list) and isinstance(value, list):
                known = set(map(str, held))
                merged[key] = held + [name for name in value if str(name) not in known]
            else:
                merged.setdefault(key, value)
    return merged


def _without_union(schema: JsonObject, defs: _Definitions, depth: int) -> JsonObject:
    for union in _UNIONS:
        forms = schema.get(union)
        if isinstance(forms, list):
            rest = {key: value for key, value in schema.items() if key != union}
            plain = [_plain(form, defs, depth + 1) for form in forms]
            schema = _first_form(rest, [form for form in plain if form.get("type") != "null"])
    return schema


def _first_form(rest: JsonObject, forms: list[JsonObject]) -> JsonObject:
    if not forms:
        return rest
    if all("const" in form for form in forms):
        return {"type": _type_of(forms[0]["const"]), "enum": [f["const"] for f in forms]} | rest
    first, *others = forms
    joined = {**first, **rest}
    if others:
        joined = _described(joined, "or instead: " + "; ".join(encode_text(f) for f in others))
    return joined


def _without_type_list(schema: JsonObject) -> JsonObject:
    types = schema.get("type")
    if not isinstance(types, list):
        return schema
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
