from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.errors import RequestError
from codex_glm.translation.request.shapes import check_shapes

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": [{}, "x"]}, "input[1]"),
        ({"input": [{"type": []}]}, "input[0].type"),
        ({"input": [{"type": None}]}, "input[0].type"),
        ({"tools": [None]}, "tools[0]"),
        ({"tools": [{"type": {}}]}, "tools[0].type"),
        ({"instructions": [1]}, "instructions[0]"),
        ({"include": ["a", {}]}, "include[1]"),
        ({"metadata": {"a": 1}}, "metadata.a"),
        ({"tool_choice": {"type": []}}, "tool_choice.type"),
        ({"tool_choice": {"type": "function", "name": {}}}, "tool_choice.name"),
        ({"reasoning": {"effort": []}}, "reasoning.effort"),
        ({"reasoning": {"summary": 1}}, "reasoning.summary"),
    ],
)
def test_wrong_shapes(body: JsonObject, param: str) -> None:
    with pytest.raises(RequestError) as caught:
        check_shapes(body)
    assert caught.value.failure.param == param
    assert caught.value.failure.status == 400


def test_right_shapes() -> None:
    nothing = dict.fromkeys(["input", "tools", "include", "metadata", "tool_choice", "reasoning"])
    check_shapes({})
    check_shapes({**nothing, "instructions": "x", "input": "hi", "tool_choice": "auto"})
    check_shapes(
        {
            "input": [{"role": "user"}, {"type": "new", "content": [1]}],
            "tools": [{"name": "f"}, {"type": "new"}],
            "include": ["x"],
            "metadata": {"a": "b"},
            "tool_choice": {"type": "function", "name": None},
            "reasoning": {"effort": "high", "summary": None},
        }
    )
