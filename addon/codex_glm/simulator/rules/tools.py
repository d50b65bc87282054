"""Tool declarations, their schemas, and tool_choice."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from codex_glm.simulator.error_codes import error_code
from codex_glm.simulator.verdict import Violation, noticed, refused

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""The names GLM accepts (Z.ai API reference)."""

_MOST_TOOLS = 128
_SCHEMA_PROBLEMS = ("anyOf", "oneOf", "allOf", "not", "$ref", "$defs", "definitions", "if")
_SCHEMA_MAPS = ("properties", "patternProperties")
_SCHEMA_CHILDREN = ("items", "additionalProperties", "contains", "propertyNames")


def check_tools(body: Mapping[str, Any]) -> Iterator[Violation]:
    """Check the declarations, then that tool_choice can be obeyed."""
    tools = body.get("tools")
    if "tools" in body and (not isinstance(tools, list) or not tools):
        yield refused("1214", "Invalid tools parameter: must be a non-empty array")
    listed = tools if isinstance(tools, list) else []
    if len(listed) > _MOST_TOOLS:
        yield refused("1214", f"Invalid tools parameter: at most {_MOST_TOOLS} tools")
    for index, tool in enumerate(listed):
        yield from _check_tool(tool, f"tools[{index}]")
    names = [_declared_name(tool) for tool in listed]
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        yield refused("1214", f"Invalid tools parameter: duplicate function name {name}")
    if "tool_choice" in body:
        yield from _check_choice(body["tool_choice"], set(names))


def check_schemas(body: Mapping[str, Any]) -> Iterator[Violation]:
    """Find schemas GLM cannot digest.

    It answers 1234, or an empty stream when it streams (reported on glm-5.2, 2026-07).
    """
    tools = body.get("tools")
    for index, tool in enumerate(tools if isinstance(tools, list) else []):
        function = tool.get("function") if isinstance(tool, dict) else None
        parameters = function.get("parameters") if isinstance(function, dict) else None
        for where in _undigestible(parameters, f"tools[{index}].function.parameters"):
            known = error_code("1234")
            message = f"{known.message} (simulator: {where})"
            yield Violation("1234", known.status, message, empties_stream=True)


def _declared_name(tool: object) -> str | None:
    function = tool.get("function") if isinstance(tool, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else None


def _check_tool(tool: object, where: str) -> Iterator[Violation]:
    kind = tool.get("type") if isinstance(tool, dict) else None
    if not isinstance(tool, dict) or kind not in ("function", "web_search"):
        yield refused("1214", f"Invalid {where} parameter: type must be function or web_search")
    elif set(tool) != {"type", kind} or not isinstance(tool[kind], dict):
        yield refused("1214", f"Invalid {where} parameter: must hold type and the object {kind}")
    elif kind == "function":
        yield from _check_function(tool["function"], f"{where}.function")


def _check_function(function: dict[str, Any], where: str) -> Iterator[Violation]:
    for unknown in sorted(set(function) - {"name", "description", "parameters", "strict"}):
        yield refused("1210", f"Unknown parameter: {where}.{unknown}")
    name = function.get("name")
    if not isinstance(name, str) or not TOOL_NAME.fullmatch(name):
        yield refused("1214", f"Invalid {where}.name parameter: {name!r}")
    description = function.get("description")
    if not isinstance(description, str) or not description.strip():
        yield refused("1213", f"The {where}.description parameter was not received normally.")
    parameters = function.get("parameters")
    if not isinstance(parameters, dict) or parameters.get("type") != "object":
        yield refused("1213", f"{where}.parameters must be a JSON Schema of type object")
    elif not isinstance(parameters.get("properties"), dict):
        yield refused("1213", f"{where}.parameters must have properties")
    # strict false was accepted on glm-4.7-flash (2026-03); GLM has no strict decoding to offer.
    if function.get("strict", False) is not False:
        yield refused("1210", f"Unknown parameter: {where}.strict")


def _undigestible(schema: object, where: str) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    yield from (f"{where} has {key}" for key in _SCHEMA_PROBLEMS if key in schema)
    if isinstance(schema.get("type"), list):
        yield f"{where} has a type array"
    for key in _SCHEMA_MAPS:
        children = schema.get(key)
        for name, child in children.items() if isinstance(children, dict) else ():
            yield from _undigestible(child, f"{where}.{key}.{name}")
    for key in _SCHEMA_CHILDREN:
        yield from _undigestible(schema.get(key), f"{where}.{key}")


def _check_choice(choice: object, declared: set[str | None]) -> Iterator[Violation]:
    if choice == "auto":
        if not declared:
            yield noticed("tool_choice without tools")
        return
    function = choice.get("function") if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str) or choice != {"type": "function", "function": {"name": name}}:
        yield refused("1214", 'Invalid tool_choice parameter: must be "auto" or a named function')
    elif name not in declared:
        yield refused("1214", f"Invalid tool_choice parameter: {name} is not declared")
