"""What a request must be to be let in: fields of the right kind, and no lean on stored state."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..errors import RequestError

if TYPE_CHECKING:
    from ..wire.wire_json import JsonObject

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
    "max_tool_calls": (int, type(None)),
    "top_logprobs": (int, type(None)),
    "include": (list, type(None)),
    "metadata": (dict, type(None)),
    "truncation": (str, type(None)),
    "service_tier": (str, type(None)),
    "prompt_cache_key": (str, type(None)),
    "safety_identifier": (str, type(None)),
    "user": (str, type(None)),
}
_VALUES = {
    "tool_choice": ("none", "auto", "required"),
    "truncation": ("auto", "disabled"),
}
"""The words that a field may be, where it is a word (OpenAI API reference)."""
_FORMATS = ("text", "json_object", "json_schema")
_LONGEST_NAME = 256
"""Characters of a model's name; it stands in logs and in every row."""
_REQUIRED = ("model", "input")
_STATE = {
    "previous_response_id": "Nothing is stored between turns; send the whole input again.",
    "conversation": "Nothing is stored between turns; send the whole input again.",
    "prompt": "Prompt templates live on OpenAI's servers; send the text itself.",
    "background": "Ask for the reply itself, streamed or not.",
}
KNOWN = frozenset({*_TYPES, *_STATE})
"""Every field that is checked here."""


def check_types(body: JsonObject) -> None:
    """Raise RequestError where a field that is read later is missing or of a wrong type."""
    for name in _REQUIRED:
        if body.get(name) in (None, "", []):
            raise RequestError(
                f"Missing required parameter: '{name}'.",
                param=name,
                code="missing_required_parameter",
            )
    for name, value in body.items():
        if types := _TYPES.get(name):
            _check_type(value, types, name)
    _check_length(str(body["model"]), "model")
    for name, words in _VALUES.items():
        if isinstance(body.get(name), str):
            _check_word(body[name], words, name)
    form = cast("JsonObject", body.get("text") or {}).get("format")
    if form is not None:
        _check_format(form)


def refuse_state(body: JsonObject) -> None:
    """Raise RequestError where the request leans on state that this proxy does not keep."""
    for name, advice in _STATE.items():
        if body.get(name):
            raise RequestError(
                f"'{name}' is not supported. {advice}", param=name, code="unsupported_parameter"
            )


def _check_type(value: object, types: tuple[type, ...], name: str) -> None:
    wrong_bool = isinstance(value, bool) and bool not in types
    if wrong_bool or not isinstance(value, types):
        wanted = " or ".join("null" if t is type(None) else t.__name__ for t in types)
        raise RequestError(f"'{name}' must be {wanted}.", param=name, code="invalid_type")


def _check_length(text: str, name: str) -> None:
    if len(text) > _LONGEST_NAME:
        told = f"'{name}' must have at most {_LONGEST_NAME} characters."
        raise RequestError(told, param=name, code="invalid_value")


def _check_word(value: object, words: tuple[str, ...], name: str) -> None:
    if value not in words:
        known = " or ".join(words)
        raise RequestError(f"'{name}' must be {known}.", param=name, code="invalid_value")


def _check_format(form: object) -> None:
    _check_type(form, (dict,), "text.format")
    asked = cast("JsonObject", form)
    _check_word(asked.get("type"), _FORMATS, "text.format.type")
    if asked["type"] == "json_schema":
        _check_type(asked.get("schema"), (dict,), "text.format.schema")
