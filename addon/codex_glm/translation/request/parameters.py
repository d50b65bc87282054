"""The parameters of a request: what GLM takes, in its own words, and what becomes of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..models import say_effort, thinking_fields
from ..tools.declarations import wire_name
from ..vocabulary import is_known
from ..wire.wire_json import encode_text
from .admission import KNOWN

if TYPE_CHECKING:
    from ..models import Model
    from ..receipt import Receipt
    from ..tools.declarations import ToolNames
    from ..wire.wire_json import JsonObject

_WITHHELD = (
    "client_metadata",
    "metadata",
    "prompt_cache_key",
    "safety_identifier",
    "user",
)
_WITHOUT_MEANING = ("stream_options",)
_UNSERVED = {
    # A wish: what stands in its place, and becomes of the reply.
    ("store", True): "store: nothing is stored; the reply says store: false",
    ("truncation", "auto"): "truncation auto: nothing is cut off; a full window fails the turn",
}
_INCLUDED = frozenset({"reasoning.encrypted_content"})
"""What `include` can name and a reply holds; it always does."""
_SAMPLING = {"temperature": "temperature", "top_p": "top_p", "max_output_tokens": "max_tokens"}
_UNSAID = frozenset({*KNOWN, *_WITHHELD, *_WITHOUT_MEANING})
"""Fields of which the receipt need not tell: translated, refused, empty, or without meaning."""


def translate_parameters(
    body: JsonObject,
    tools: list[JsonObject],
    names: ToolNames,
    model: Model,
    effort: str,
    receipt: Receipt,
) -> JsonObject:
    """Give the fields of the chat body besides model and messages."""
    chat = _tool_fields(body, tools, names, receipt)
    chat |= {"stream": True, "stream_options": {"include_usage": True}}
    chat |= _thinking_fields(body, model, effort, receipt)
    chat |= _sampling_fields(body, model, receipt)
    chat |= _format_fields(body, receipt)
    _note_the_rest(body, receipt)
    _note_new_fields(body, receipt)
    _note_wishes(body, receipt)
    return chat


def _tool_fields(
    body: JsonObject, tools: list[JsonObject], names: ToolNames, receipt: Receipt
) -> JsonObject:
    choice = _bare_choice(body)
    if choice != body.get("tool_choice"):
        tools = _allowed_tools(cast("JsonObject", body["tool_choice"]), tools, names, receipt)
    if not tools:
        return {}
    if choice == "none":
        receipt.add("changed", "tool-choice", "none: no tool is declared to GLM for this turn")
        return {}
    if isinstance(choice, dict):
        return _chosen_tool(choice, tools, names, receipt)
    if choice == "required" and len(tools) == 1:
        return {"tools": tools, "tool_choice": _named(tools[0])}
    if choice == "required":
        words = "required became auto, and a sentence in the prompt: GLM knows no such choice"
        receipt.add("changed", "tool-choice", words)
    return {"tools": tools, "tool_choice": "auto"}


def _bare_choice(body: JsonObject) -> object:
    """Give the choice of tools without the list of those that are allowed."""
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        return choice.get("mode")
    return choice


def demanded_call(body: JsonObject, chat: JsonObject) -> str:
    """Say that a call must be made, for the end of the prompt; or nothing.

    GLM obeys a function that is named, and knows no other demand (seen on glm-4.7-flash).
    """
    if _bare_choice(body) != "required" or chat.get("tool_choice") != "auto":
        return ""
    return "Answer with a call of at least one of the declared functions, not with text alone."


def after_a_call(choice: object) -> object:
    """Give the choice of tools for a turn's next round: a call that was demanded was made."""
    if isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        return {**choice, "mode": "auto"}
    return "auto" if choice == "required" or isinstance(choice, dict) else choice


def _allowed_tools(
    choice: JsonObject, tools: list[JsonObject], names: ToolNames, receipt: Receipt
) -> list[JsonObject]:
    named = choice.get("tools")
    allowed = {_wire(each, names) for each in (named if isinstance(named, list) else [])}
    kept = [tool for tool in tools if _function_name(tool) in allowed]
    receipt.add("changed", "tool-choice", f"allowed_tools: {len(kept)} of {len(tools)} declared")
    return kept


def _chosen_tool(
    choice: JsonObject, tools: list[JsonObject], names: ToolNames, receipt: Receipt
) -> JsonObject:
    wire = _wire(choice, names)
    for tool in tools:
        if _function_name(tool) == wire:
            return {"tools": tools, "tool_choice": _named(tool)}
    receipt.add("changed", "tool-choice", f"{encode_text(choice)} became auto: not declared")
    return {"tools": tools, "tool_choice": "auto"}


def _wire(choice: object, names: ToolNames) -> str:
    named = choice if isinstance(choice, dict) else {}
    namespace = named.get("namespace")
    name = str(named.get("name") or named.get("type"))
    return names.find(name, namespace if isinstance(namespace, str) else None) or wire_name(name)


def _function_name(tool: JsonObject) -> object:
    return cast("JsonObject", tool["function"])["name"]


def _named(tool: JsonObject) -> JsonObject:
    return {"type": "function", "function": {"name": _function_name(tool)}}


def _thinking_fields(body: JsonObject, model: Model, effort: str, receipt: Receipt) -> JsonObject:
    wish = cast("JsonObject", body.get("reasoning") or {}).get("effort")
    asked = effort or (wish if isinstance(wish, str) else None)
    if model.thinking == "none":
        if asked:
            receipt.add("dropped", "effort", f"effort {asked}: {model.name} does not think")
        return {}
    said = say_effort(model, asked)
    if asked and said != asked:
        receipt.add("changed", "effort", f"effort {asked} is {said} for {model.name}")
    return thinking_fields(model, said)


def _sampling_fields(body: JsonObject, model: Model, receipt: Receipt) -> JsonObject:
    """Give sampling and length, kept inside GLM's ranges (Z.ai API reference)."""
    ranges = {
        "temperature": (0.0, 1.0),
        "top_p": (0.01, 1.0),
        "max_output_tokens": (1, model.output),
    }
    fields: JsonObject = {}
    for name, (low, high) in ranges.items():
        wire, value = _SAMPLING[name], body.get(name)
        if isinstance(value, int | float):
            kept = min(max(value, low), high)
            fields[wire] = kept
            if kept != value:
                receipt.add("changed", "range", f"{name} {value} became {kept}: GLM's range")
    return fields


def as_used(chat: JsonObject) -> JsonObject:
    """Give the sampling fields of a chat body under the names of the request."""
    return {name: chat[wire] for name, wire in _SAMPLING.items() if wire in chat}


def _format_fields(body: JsonObject, receipt: Receipt) -> JsonObject:
    text = cast("JsonObject", body.get("text") or {})
    if text.get("verbosity"):
        receipt.add("dropped", "verbosity", f"verbosity {text['verbosity']}: GLM has no such field")
    form = text.get("format")
    kind = form.get("type") if isinstance(form, dict) else "text"
    if kind == "json_schema":
        receipt.add("changed", "json-schema", "json_schema became json_object: GLM knows no schema")
    return {"response_format": {"type": "json_object"}} if kind != "text" else {}


def _note_the_rest(body: JsonObject, receipt: Receipt) -> None:
    for name, value in body.items():
        if name in _WITHHELD and value:
            receipt.add("withheld", "private", f"{name} stays here: it tells who the client is")
        elif value is not None and is_known("request-field", name):
            receipt.add("dropped", "parameter", f"{name}: GLM has no such parameter")
        elif value is not None and name not in _UNSAID:
            receipt.unknown("request-field", name, "left out")
    if cast("JsonObject", body.get("reasoning") or {}).get("context"):
        receipt.add("dropped", "parameter", "reasoning.context: GLM always gets the whole thinking")


def _note_new_fields(body: JsonObject, receipt: Receipt) -> None:
    """Note what stands inside a field that is read, and was never seen there."""
    for holder in ("reasoning", "text"):
        for name in cast("JsonObject", body.get(holder) or {}):
            if not is_known("request-field", f"{holder}.{name}"):
                receipt.unknown("request-field", f"{holder}.{name}", "left out")


def _note_wishes(body: JsonObject, receipt: Receipt) -> None:
    """Note what a field that is known may ask for and nobody here does."""
    for (name, wish), words in _UNSERVED.items():
        if body.get(name) == wish:
            receipt.add("dropped", "parameter", words)
    for each in cast("list[object]", body.get("include") or []):
        if each not in _INCLUDED:
            receipt.add("dropped", "parameter", f"include {each}: no reply here holds it")
