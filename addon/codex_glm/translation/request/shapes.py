"""The shapes inside a request's fields: lists hold objects, and what names a kind is text.

What reads them later may then look a kind up wherever it likes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..errors import RequestError

if TYPE_CHECKING:
    from ..wire.wire_json import JsonObject


def check_shapes(body: JsonObject) -> None:
    """Raise RequestError, naming the place, where a value is not what its place is for.

    The fields themselves are those that `admission.check_types` has let in.
    """
    for name in ("input", "tools", "instructions"):
        held = body.get(name)
        for index, value in enumerate(held if isinstance(held, list) else []):
            _check_object(value, f"{name}[{index}]")
    for index, each in enumerate(cast("list[object]", body.get("include") or [])):
        _check_text(each, f"include[{index}]")
    for name, value in cast("JsonObject", body.get("metadata") or {}).items():
        _check_text(value, f"metadata.{name}")
    _check_named(body.get("tool_choice"), "tool_choice", "type", "name")
    _check_named(body.get("reasoning"), "reasoning", "effort", "summary")


def _check_object(value: object, place: str) -> None:
    if not isinstance(value, dict):
        raise RequestError(f"{place} must be an object", param=place, code="invalid_type")
    if "type" in value:
        _check_text(value["type"], f"{place}.type")


def _check_named(held: object, place: str, *names: str) -> None:
    inner: JsonObject = held if isinstance(held, dict) else {}
    for name in names:
        if inner.get(name) is not None:
            _check_text(inner[name], f"{place}.{name}")


def _check_text(value: object, place: str) -> None:
    if not isinstance(value, str):
        raise RequestError(f"'{place}' must be str.", param=place, code="invalid_type")
