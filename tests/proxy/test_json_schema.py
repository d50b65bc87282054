from __future__ import annotations

import pytest
from codex_glm.proxy.turns.json_schema import validate

TITLE = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}


@pytest.mark.parametrize(
    ("schema", "value", "problem"),
    [
        (TITLE, {"title": "a"}, ""),
        (TITLE, {"title": 1}, "$.title: 1 is not of type 'string'"),
        (TITLE, {}, "$: 'title' is a required property"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "integer"}}}, "x", "$: 'x' is not of type"),
        ({"const": "x" * 9000}, "y", "$: 'x"),
        ({"type": "nonsense"}, 1, ""),
        ({"$ref": "http://127.0.0.1:9/schema.json"}, 1, ""),
        ({"$ref": "#"}, 1, ""),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "type": "array"}, 1, "$: 1 is"),
        (None, 1, ""),
        (True, 1, ""),
    ],
)
def test_validate(schema: object, value: object, problem: str) -> None:
    said = validate(schema, value)
    assert said.startswith(problem)
    assert bool(said) == bool(problem)
    assert len(said) < 600
