"""The parameters of a request: what GLM takes, in its own words, and what becomes of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .errors import RequestError
from .models import say_effort
from .tools import wire_name
from .wire_json import encode_text

if TYPE_CHECKING:
    from .models import Model
    from .receipt import Receipt
    from .tools import ToolNames
    from .wire_json import JsonObject

_TYPES: dict[str, tuple[type, ...]] = {
    "model": (str,),
    "input": (str, list),
    "instructions": (str, list, type(None)),
    "stream": (bool, type(None)),
    "store": (bool, type(None)),
    "background": (bool, type(None)),
    "tools": (list, type(None)),
    "tool_choice": (str, dict, type(None)),
    "parallel_tool_calls": (bool, type(None)),
    "reasoning": (dict, type(None)),
    "text": (dict, type(None)),
    "temperature": (int, float, type(None)),
    "top_p": (int, float, type(None)),
    "max_output_tokens": (int, type(None)),
}
_REQUIRED = ("model", "input")
_STATE = {
    "previous_response_id": "Nothing is stored between turns; send the whole input again.",
    "conversation": "Nothing is stored between turns; send the whole input again.",
    "prompt": "Prompt templates live on OpenAI's servers; send the text itself.",
}
_WITHHELD = (
    "client_metadata",
    "metadata",
    "prompt_cache_key",
    "safety_identifier",
    "user",
)
_WITHOUT_MEANING = ("include", "store", "stream_options", "truncation", "background")
_DROPPED = (
    "service_tier",
    "max_tool_calls",
    "top_logprobs",
    "prompt_cache_retention",
    "context_management",
)
_UNSAID = frozenset({*_TYPES, *_STATE, *_WITHHELD, *_WITHOUT_MEANING})
"""Fields of which the receipt need not tell: translated, refused, empty, or without meaning."""


def check_types(body: JsonObject) -> None:
    """Raise RequestError where a field that is read later is missing or of a wrong type."""
    for name in _REQUIRED:
        if body.get(name) in (None, "", []):
            raise RequestError(
                f"Missing required parameter: '{name}'.",
                param=name,
                code="missing_required_parameter",
            )
    for name, types in _TYPES.items():
        value = body.get(name)
        wrong_bool = isinstance(value, bool) and bool not in types
        if name in body and (wrong_bool or not isinstance(value, types)):
            wanted = " or ".join("null" if t is type(None) else t.__name__ for t in types)
            raise RequestError(f"'{name}' must be {wanted}.", param=name, code="invalid_type")


def refuse_state(body: JsonObject) -> None:
    """Raise RequestError where the request leans on state that this proxy does not keep."""
    for name, advice in _STATE.items():
        if body.get(name):
            raise RequestError(
                f"'{name}' is not supported. {advice}", param=name, code="unsupported_parameter"
            )
    if body.get("background"):
        raise RequestError(
            "'background' is not supported. Ask for the reply itself, streamed or not.",
            param="background",
            code="unsupported_parameter",
        )


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
    return chat


def _tool_fields(
    body: JsonObject, tools: list[JsonObject], names: ToolNames, receipt: Receipt
) -> JsonObject:
    choice = body.get("tool_choice")
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
        receipt.add("changed", "tool-choice", "required became auto: GLM knows no such choice")
    return {"tools": tools, "tool_choice": "auto"}


def _chosen_tool(
    choice: JsonObject, tools: list[JsonObject], names: ToolNames, receipt: Receipt
) -> JsonObject:
    if choice.get("type") == "allowed_tools":
        allowed = {_wire(each, names) for each in cast("list[object]", choice.get("tools") or [])}
        kept = [tool for tool in tools if _function_name(tool) in allowed]
        receipt.add(
            "changed", "tool-choice", f"allowed_tools: {len(kept)} of {len(tools)} declared"
        )
        return {"tools": kept, "tool_choice": "auto"} if kept else {}
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
    if said == "off":
        return {"thinking": {"type": "disabled"}}
    thinking: JsonObject = {"type": "enabled"}
    if model.preserved:
        thinking["clear_thinking"] = False
    return {"thinking": thinking} | ({"reasoning_effort": said} if said != "on" else {})


def _sampling_fields(body: JsonObject, model: Model, receipt: Receipt) -> JsonObject:
    """Give sampling and length, kept inside GLM's ranges (Z.ai API reference)."""
    ranges = {
        "temperature": ("temperature", 0.0, 1.0),
        "top_p": ("top_p", 0.01, 1.0),
        "max_output_tokens": ("max_tokens", 1, model.output),
    }
    fields: JsonObject = {}
    for name, (wire, low, high) in ranges.items():
        value = body.get(name)
        if isinstance(value, int | float):
            kept = min(max(value, low), high)
            fields[wire] = kept
            if kept != value:
                receipt.add("changed", "range", f"{name} {value} became {kept}: GLM's range")
    return fields


def _format_fields(body: JsonObject, receipt: Receipt) -> JsonObject:
    text = cast("JsonObject", body.get("text") or {})
    if text.get("verbosity"):
        receipt.add("dropped", "verbosity", f"verbosity {text['verbosity']}: GLM has no such field")
    form = text.get("format")
    kind = form.get("type") if isinstance(form, dict) else "text"
    if kind == "json_schema":
        receipt.add("changed", "json-schema", "json_schema became json_object: GLM knows no schema")
    return {"response_format": {"type": "json_object"}} if kind != "text" else {}


def asked_schema(body: JsonObject) -> str:
    """Say the JSON Schema that the answer must follow, for the end of the prompt; or nothing.

    GLM knows json_object alone (Z.ai API reference). At the end it spares the prompt cache.
    """
    form = cast("JsonObject", body.get("text") or {}).get("format")
    if not isinstance(form, dict) or form.get("type") != "json_schema":
        return ""
    schema = encode_text(form.get("schema"))
    return f"Give the final answer as one bare JSON object, valid by this JSON Schema: {schema}"


def _note_the_rest(body: JsonObject, receipt: Receipt) -> None:
    for name, value in body.items():
        if name in _WITHHELD and value:
            receipt.add("withheld", "private", f"{name} stays here: it tells who the client is")
        elif value is None or name in _UNSAID:
            continue
        elif name in _DROPPED:
            receipt.add("dropped", "parameter", f"{name}: GLM has no such parameter")
        else:
            receipt.add("dropped", "unknown-parameter", f"{name}: not known to this version")
    if cast("JsonObject", body.get("reasoning") or {}).get("context"):
        receipt.add("dropped", "parameter", "reasoning.context: GLM always gets the whole thinking")
