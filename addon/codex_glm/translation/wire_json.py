"""JSON as it stands on the wire: strict on the way in, compact and byte-stable on the way out."""

from __future__ import annotations

import json
from typing import NoReturn

type JsonObject = dict[str, object]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_encode_ascii = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse_constant)
_loose_decoder = json.JSONDecoder(parse_constant=_refuse_constant, strict=False)


def parse_json(text: str | bytes) -> object:
    """Read one JSON text.

    Raises ValueError for everything that is not one: bad UTF-8, NaN and Infinity, integers beyond
    Python's digit limit, and nesting deeper than the interpreter can follow.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        return _decoder.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def parse_next(text: str, *, loose: bool = False) -> tuple[object, int]:
    """Read the JSON value that a text begins with, and tell where it ends.

    Raises ValueError where there is none, as `parse_json` does. `loose` lets control characters,
    such as line breaks, stand inside strings: models write them so.
    """
    try:
        return (_loose_decoder if loose else _decoder).raw_decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def parse_loose(text: str) -> object:
    """Read one JSON text with control characters inside its strings; raises ValueError."""
    value, end = parse_next(text.strip(), loose=True)
    if end != len(text.strip()):
        raise ValueError("something follows the value")
    return value


def parse_object(text: str | bytes) -> JsonObject:
    """Read one JSON object; raises ValueError as `parse_json` does, and for any other value."""
    value = parse_json(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def encode_text(value: object) -> str:
    """Write `value` compactly; the same value always gives the same text."""
    return _encode(value)


def encode_json(value: object) -> bytes:
    """Write `value` compactly as UTF-8; a lone surrogate leaves as its escape, not as bad UTF-8."""
    try:
        return _encode(value).encode("utf-8")
    except UnicodeEncodeError:
        return _encode_ascii(value).encode("ascii")
