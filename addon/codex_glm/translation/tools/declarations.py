"""Tools as Codex declares them, and the names under which GLM knows them.

The Responses dialect has function, custom (freeform), namespaced and search tools; GLM has
functions with names of at most 64 characters from `[a-zA-Z0-9_-]`. The names are computed from the
request alone, so that the same declarations always give the same names and nothing is remembered.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ..vocabulary import is_known
from . import local_shell, web_search
from .freeform import SCHEMA, InputForm, describe_input, input_form
from .schemas import simplify_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..receipt import Receipt
    from ..wire.wire_json import JsonObject
    from .web_search import SearchOptions

type ToolKind = Literal["function", "custom", "tool_search", "web_search", "local_shell"]

MAX_TOOLS = 128
"""GLM's limit of functions in one request (Z.ai API reference)."""

PLAIN_NAMESPACE = "functions"
"""Codex's namespace for tools that need none; a call may leave it out (codex-cli 0.169.0)."""

_UNSAFE = re.compile(r"[^a-zA-Z0-9_-]")
_MAX_NAME = 64


@dataclass(frozen=True, slots=True)
class Tool:
    """One callable tool of the client."""

    kind: ToolKind
    name: str
    namespace: str | None
    wire_name: str
    """The function's name at GLM."""
    input_form: InputForm = "text"
    """What a freeform tool takes."""


@dataclass(slots=True)
class ToolNames:
    """The tools of one turn, found by GLM's name or by the client's."""

    by_wire_name: dict[str, Tool] = field(default_factory=dict)
    schemas: dict[str, object] = field(default_factory=dict)
    """The parameters as the client declared them, by GLM's name."""
    search: SearchOptions | None = None
    """How the proxy is to search the web; None where it is not to."""

    def declare(
        self, kind: ToolKind, name: str, namespace: str | None, form: InputForm = "text"
    ) -> Tool | None:
        """Give a tool its name at GLM; None when the very same tool is declared already."""
        wire = wire_name(name, namespace)
        held = self.by_wire_name.get(wire)
        if held and (held.name, _bare(held.namespace)) != (name, _bare(namespace)):
            wire = _hashed(name, namespace)
            held = self.by_wire_name.get(wire)
        if held:
            return None
        tool = Tool(kind, name, _bare(namespace), wire, form)
        self.by_wire_name[wire] = tool
        return tool

    def find(self, name: str, namespace: str | None = None) -> str:
        """Give GLM's name for a call of the client's history, whether still declared or not."""
        wire = wire_name(name, namespace)
        held = self.by_wire_name.get(wire)
        if held and (held.name, held.namespace) != (name, _bare(namespace)):
            return _hashed(name, namespace)
        return wire


def _bare(namespace: str | None) -> str | None:
    return None if namespace == PLAIN_NAMESPACE else namespace


def wire_name(name: str, namespace: str | None = None) -> str:
    """Make GLM's name of a tool; a hash of the full name stands in for what had to go."""
    bare = _bare(namespace)
    full = f"{bare}__{name}" if bare else name
    safe = _UNSAFE.sub("_", full)
    return safe if safe == full and 0 < len(full) <= _MAX_NAME else _hashed(name, namespace)


def _hashed(name: str, namespace: str | None) -> str:
    full = f"{_bare(namespace) or ''}\0{name}".encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(full).hexdigest()[:8]
    readable = _UNSAFE.sub("_", full.decode("utf-8", "replace").replace("\0", "__")).strip("_")
    return f"{readable[: _MAX_NAME - 9]}_{digest}"


def translate_tools(
    declared: Iterable[object], names: ToolNames, receipt: Receipt, *, searches: bool = False
) -> list[JsonObject]:
    """Declare the client's tools to GLM, in their order, and learn their names into `names`.

    `searches` tells whether somebody will run searches of the web.
    """
    functions: list[JsonObject] = []
    for tool, namespace in flatten_tools(declared):
        if searches and str(tool.get("type")).startswith(web_search.NAME):
            function = _translate_search(tool, names, receipt)
        else:
            function = _translate_tool(tool, namespace, names, receipt)
        if function and len(functions) < MAX_TOOLS:
            functions.append({"type": "function", "function": function})
        elif function:
            receipt.add("dropped", "tool-limit", f"tool {function['name']}: GLM takes {MAX_TOOLS}")
    return functions


def flatten_tools(declared: Iterable[object]) -> Iterator[tuple[JsonObject, str | None]]:
    """Give each tool with its namespace, if it has one; what is no object is passed over.

    What a namespace says of itself, such as an MCP server's instructions, goes to its first tool.
    """
    for tool in declared:
        if not isinstance(tool, dict):
            continue
        nested = tool.get("tools")
        if tool.get("type") == "namespace" and isinstance(nested, list):
            about = str(tool.get("description") or "").strip()
            for each in (each for each in nested if isinstance(each, dict)):
                yield _told(each, tool.get("name"), about), str(tool.get("name"))
                about = ""
        else:
            yield tool, None


def _told(tool: JsonObject, namespace: object, about: str) -> JsonObject:
    if not about:
        return tool
    own = str(tool.get("description") or "").strip()
    return {**tool, "description": f"{own}\n\n(About {namespace}: {about})".strip()}


def _translate_tool(
    tool: JsonObject, namespace: str | None, names: ToolNames, receipt: Receipt
) -> JsonObject | None:
    kind = tool.get("type")
    name = str(kind if kind == "local_shell" else tool.get("name") or kind)
    known = _kind(tool)
    if known is None or known != kind:
        _note_type(name, str(kind), known, receipt)
    if known is None:
        return None
    form = input_form(name, tool.get("format")) if known == "custom" else "text"
    declared = names.declare(known, name, namespace, form)
    if declared is None:
        receipt.add("dropped", "tool-again", f"tool {name}: declared twice")
        return None
    if declared.wire_name != name:
        receipt.add("renamed", "tool-name", f"{namespace or ''}.{name} is {declared.wire_name}")
    parameters, remark = _parameters(tool, known)
    names.schemas[declared.wire_name] = tool.get("parameters") or parameters
    if known == "function" and parameters != tool.get("parameters"):
        receipt.add("changed", "schema", f"tool {name}: its schema was put into GLM's subset")
    description = str(tool.get("description") or "").strip()
    text = "\n\n".join(part for part in (description, remark) if part) or declared.wire_name
    return {"name": declared.wire_name, "description": text, "parameters": parameters}


def _kind(tool: JsonObject) -> ToolKind | None:
    """Tell as what a tool can be declared; one of a new type as what it looks like."""
    kind = tool.get("type")
    if kind in ("function", "custom", "tool_search", "local_shell"):
        return kind
    if is_known("tool-type", str(kind)) or not isinstance(tool.get("name"), str):
        return None
    if isinstance(tool.get("parameters"), dict):
        return "function"
    return "custom" if isinstance(tool.get("format"), dict) else None


def _note_type(name: str, kind: str, declared: ToolKind | None, receipt: Receipt) -> None:
    if is_known("tool-type", kind):
        receipt.add("dropped", "tool-type", f"tool {name}: GLM has no {kind} tool")
    else:
        became = f"is declared as a {declared} tool" if declared else "is left out"
        receipt.unknown("tool-type", kind, f"tool {name} {became}")


def _translate_search(tool: JsonObject, names: ToolNames, receipt: Receipt) -> JsonObject | None:
    if names.declare("web_search", web_search.NAME, None) is None:
        receipt.add("dropped", "tool-again", "tool web_search: declared twice")
        return None
    names.search = web_search.read_options(tool, receipt)
    return web_search.FUNCTION


def _parameters(tool: JsonObject, kind: ToolKind) -> tuple[JsonObject, str]:
    if kind == "local_shell":
        return local_shell.SCHEMA, local_shell.DESCRIPTION
    if kind != "custom":
        return simplify_schema(tool.get("parameters")), ""
    return dict(SCHEMA), describe_input(str(tool.get("name")), tool.get("format"))
