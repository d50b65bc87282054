from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.tools.schemas import schema_for_repair, simplify_schema
from codex_glm.translation.wire.wire_json import encode_json
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

FORBIDDEN = {"$ref", "$defs", "definitions", "anyOf", "oneOf", "allOf", "not", "if", "then", "else"}


def of_property(schema: object, **root: object) -> object:
    """Simplify the schema of one property."""
    plain = simplify_schema({"type": "object", "properties": {"p": schema}, **root})
    properties = plain["properties"]
    assert isinstance(properties, dict)
    return properties["p"]


@pytest.mark.parametrize(
    ("schema", "plain"),
    [
        ({"type": "string", "enum": ["a"]}, {"type": "string", "enum": ["a"]}),
        ({"type": ["string", "null"]}, {"type": "string"}),
        ({"type": ["null"]}, {"type": "string"}),
        ({"type": ["integer", "string"]}, {"type": "integer", "description": "or as string"}),
        (
            {"type": ["integer", "string"], "description": "Size"},
            {"type": "integer", "description": "Size (or as string)"},
        ),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, {"type": "integer"}),
        (
            {"oneOf": [{"type": "integer"}, {"type": "string"}], "description": "Size"},
            {"type": "integer", "description": 'Size (or instead: {"type":"string"})'},
        ),
        ({"anyOf": [{"const": "a"}, {"const": "b"}]}, {"type": "string", "enum": ["a", "b"]}),
        ({"anyOf": [{"const": True}]}, {"type": "boolean", "enum": [True]}),
        ({"anyOf": [{"const": 1}]}, {"type": "integer", "enum": [1]}),
        ({"anyOf": [{"const": 1.5}]}, {"type": "number", "enum": [1.5]}),
        ({"anyOf": [{"const": None}]}, {"type": "string", "enum": [None]}),
        ({"anyOf": [{"type": "null"}]}, {}),
        ({"anyOf": "odd"}, {}),
        (
            {"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}, "type": "object"}]},
            {"properties": {"b": {}, "a": {}}, "type": "object"},
        ),
        (
            {"required": ["a"], "allOf": [{"required": ["a", "b"]}, {"type": "object"}]},
            {"required": ["a", "b"], "type": "object"},
        ),
        ({"title": "t", "allOf": [{"title": "u"}]}, {"title": "t"}),
        (
            {
                "properties": {"a": {}, "b": {"type": "string"}},
                "required": ["a"],
                "oneOf": [
                    {"properties": {"b": {}, "c": {}}, "required": ["a", "c"]},
                    {"required": ["d"]},
                ],
            },
            {
                "properties": {"a": {}, "b": {"type": "string"}, "c": {}},
                "required": ["a", "c"],
                "description": 'or instead: {"required":["d"]}',
            },
        ),
        ({"allOf": "odd"}, {}),
        (
            {"type": "array", "items": [{"type": ["string"]}]},
            {"type": "array", "items": {"type": "string"}},
        ),
        ({"type": "array", "items": []}, {"type": "array", "items": {}}),
        ({"items": {"not": {}}}, {"items": {}}),
        ({"additionalProperties": {"not": {}}}, {"additionalProperties": {}}),
        ({"additionalProperties": False}, {"additionalProperties": False}),
        ({"patternProperties": {"x": {"not": {}}}}, {"patternProperties": {"x": {}}}),
        (
            {"properties": "odd", "default": {"$ref": 1}},
            {"properties": "odd", "default": {"$ref": 1}},
        ),
        (
            {"not": {}, "if": {}, "then": {}, "else": {}, "encrypted": True, "title": "t"},
            {"title": "t"},
        ),
        (True, {}),
    ],
    ids=str,
)
def test_property(schema: object, plain: object) -> None:
    assert of_property(schema) == plain


@pytest.mark.parametrize(
    ("schema", "plain"),
    [
        ({"$ref": "#/$defs/Size"}, {"type": "integer"}),
        ({"$ref": "#/definitions/Old"}, {"type": "number"}),
        ({"$ref": "#/$defs/Chain"}, {"type": "integer"}),
        ({"$ref": "#/$defs/Size", "description": "d"}, {"type": "integer", "description": "d"}),
        ({"$ref": "#/$defs/Loop"}, {"description": "see #/$defs/Loop"}),
        ({"$ref": "http://elsewhere"}, {"description": "see http://elsewhere"}),
        ({"$ref": "#anchor"}, {"description": "see #anchor"}),
        ({"$ref": "#/definitions/a~1b%20~0c"}, {"type": "boolean"}),
        ({"$ref": "#/definitions/Old/anyOf/1"}, {"type": "string"}),
        ({"$ref": "#/definitions/Old/anyOf/2"}, {"description": "see #/definitions/Old/anyOf/2"}),
        ({"$ref": "#/definitions/Old/anyOf/x"}, {"description": "see #/definitions/Old/anyOf/x"}),
        ({"$ref": "#/definitions/Old/title/x"}, {"description": "see #/definitions/Old/title/x"}),
        ({"$ref": "#/properties/p"}, {"description": "see #/properties/p"}),
    ],
)
def test_references_are_written_out(schema: object, plain: object) -> None:
    defs = {"Size": {"type": "integer"}, "Chain": {"$ref": "#/$defs/Size"}}
    defs["Loop"] = {"$ref": "#/$defs/Loop"}
    old = {"title": "", "anyOf": [{"type": "number"}, {"type": "string"}]}
    named: JsonObject = {"Old": {"type": "number"}, "a/b ~c": {"type": "boolean"}}
    named["Old"] = old if "Old/" in str(schema) else named["Old"]
    assert of_property(schema, **{"$defs": defs, "definitions": named}) == plain


def test_a_property_may_be_like_another() -> None:
    span = {"type": "object", "properties": {"line": {"type": "integer"}}}
    schema = {"type": "object", "properties": {"from": span, "to": {"$ref": "#/properties/from"}}}
    assert simplify_schema(schema)["properties"] == {"from": span, "to": span}


@pytest.mark.parametrize(
    ("schema", "typed"),
    [
        ({"type": "integer"}, "integer"),
        ({"type": ["integer", "null"]}, "integer"),
        ({"type": ["integer", "string"]}, None),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer"),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, None),
        ({"oneOf": [{"type": "integer"}, {"type": ["boolean", "string"]}]}, None),
        ({"anyOf": [{"type": "integer"}, {}]}, None),
        ({"anyOf": [{"const": 1}, {"const": 2}]}, "integer"),
        ({"anyOf": [{"const": 1}, {"const": "all"}]}, None),
        ({"anyOf": [{"type": "integer"}, {"$ref": "#/$defs/name"}]}, None),
        ({"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, "object"),
    ],
)
def test_a_repair_knows_where_a_string_is_right(schema: object, typed: str | None) -> None:
    whole = {"properties": {"p": schema}, "$defs": {"name": {"type": "string"}}}
    properties = schema_for_repair(whole)["properties"]
    assert isinstance(properties, dict)
    assert properties["p"].get("type") == typed


def test_a_schema_of_itself_ends() -> None:
    tree = {"type": "object", "properties": {name: {"$ref": "#"} for name in "abcd"}}
    assert len(encode_json(simplify_schema(tree))) < 2000
    child = {"type": "object", "properties": {"p": {"description": "see #"}}}
    assert of_property({"$ref": "#"}) == child


def doubling(key: str) -> JsonObject:
    """Refer twenty times to what refers twenty times to what ..., ten levels of it."""
    levels: JsonObject = {
        f"d{n}": {key: [{"$ref": f"#/$defs/d{n + 1}"}] * 20}
        if key != "properties"
        else {key: {f"p{m}": {"$ref": f"#/$defs/d{n + 1}"} for m in range(20)}}
        for n in range(10)
    }
    return {"$defs": levels, "$ref": "#/$defs/d0"}


@pytest.mark.parametrize("key", ["properties", "anyOf", "oneOf", "allOf"])
def test_references_that_double_at_each_level_end(key: str) -> None:
    plain = encode_json(simplify_schema(doubling(key)))
    assert len(plain) < 1_000_000
    assert list(problems(json.loads(plain))) == []


def test_unions_inside_unions_end() -> None:
    schema: JsonObject = {"type": "string", "pattern": '"' * 50}
    for _ in range(12):
        schema = {"anyOf": [schema, schema]}
    plain = simplify_schema({"type": "object", "properties": {"a": schema}})
    assert len(encode_json(plain)) < 100_000


def test_many_names_that_all_parts_require() -> None:
    part = {"type": "object", "required": [f"n{n}" for n in range(20_000)]}
    assert simplify_schema({"allOf": [part, part]})["required"] == part["required"]


def test_a_deep_schema_ends() -> None:
    deep: JsonObject = {"type": "string"}
    for _ in range(20):
        deep = {"type": "object", "properties": {"p": deep}}
    text = encode_json(simplify_schema(deep)).decode()
    assert text.count('"p"') == 13
    assert "any value (the schema goes on deeper)" in text


@pytest.mark.parametrize(
    ("schema", "plain"),
    [
        (None, {"type": "object", "properties": {}}),
        ([], {"type": "object", "properties": {}}),
        ({"type": "string"}, {"type": "object", "properties": {}}),
        ({"type": "object", "properties": None}, {"type": "object", "properties": {}}),
        (
            {"type": ["object", "null"], "$schema": "s", "properties": {"a": {}}},
            {"type": "object", "properties": {"a": {}}},
        ),
    ],
)
def test_root(schema: object, plain: object) -> None:
    assert simplify_schema(schema) == plain


names = st.sampled_from(["a", "b"])
types = st.sampled_from(["string", "integer", "array", "object", "null"])
plain_leaves = st.fixed_dictionaries(
    {"type": types}, optional={"description": st.text(max_size=5), "enum": st.lists(names)}
)
plain_schemas = st.recursive(
    plain_leaves,
    lambda inner: st.fixed_dictionaries(
        {"type": types},
        optional={
            "properties": st.dictionaries(names, inner, max_size=2),
            "items": inner,
            "additionalProperties": st.booleans() | inner,
            "required": st.lists(names),
        },
    ),
    max_leaves=6,
)
references = st.sampled_from(["#", "#/$defs/a", "#/$defs/b", "#/nowhere"])
wild_schemas = st.recursive(
    plain_leaves | st.builds(lambda r: {"$ref": r}, references) | st.booleans(),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": types | st.lists(types, max_size=3),
            "anyOf": st.lists(inner, max_size=2),
            "oneOf": st.lists(inner, max_size=2),
            "allOf": st.lists(inner, max_size=2),
            "not": inner,
            "const": st.integers() | st.none(),
            "properties": st.dictionaries(names, inner, max_size=2),
            "items": inner | st.lists(inner, max_size=2),
            "required": st.lists(names),
            "$defs": st.dictionaries(names, inner, max_size=2),
            "$ref": references,
        },
    ),
    max_leaves=8,
)


@given(st.dictionaries(names, plain_schemas))
def test_a_plain_schema_stays(properties: dict[str, JsonObject]) -> None:
    schema: JsonObject = {"type": "object", "properties": properties, "required": ["a"]}
    before = encode_json(schema)
    assert encode_json(simplify_schema(schema)) == encode_json(schema) == before


@given(wild_schemas)
def test_nothing_is_left_that_glm_cannot_parse(schema: object) -> None:
    before = encode_json(schema)
    plain = simplify_schema(schema)
    assert list(problems(plain)) == []
    assert encode_json(schema) == before, "the input was altered"
    assert encode_json(simplify_schema(plain)) == encode_json(plain), "not idempotent"


def problems(schema: object) -> list[str]:
    if not isinstance(schema, dict):
        return []
    found = [key for key in schema if key in FORBIDDEN]
    found += ["type list"] if isinstance(schema.get("type"), list) else []
    inner = [schema.get("items"), schema.get("additionalProperties")]
    inner += [
        each
        for key in ("properties", "patternProperties")
        if isinstance(group := schema.get(key), dict)
        for each in group.values()
    ]
    return found + [problem for each in inner for problem in problems(each)]
