"""JSON as it stands on the wire: strict on the way in, compact and byte-stable on the way out.

msgspec reads and writes 2 MB of messages in a millisecond each, the standard library in 3 and 6. It
knows no lone surrogates: a text that has some is left to the standard library, and so is one that
is no JSON, as its words say where.
"""

from __future__ import annotations

import json
import math
from typing import NoReturn

import msgspec

from .growing_text import join_pairs

type JsonObject = dict[str, object]

_read = msgspec.json.Decoder().decode
_write = msgspec.json.Encoder().encode
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_encode_ascii = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


DEEPEST = 128
"""Levels of lists and objects that a text may have: everything here can follow so many."""
_MANY = 10_000
"""Characters from which on to count brackets takes longer than to follow the levels."""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _read_float(text: str) -> float:
    value = float(text)
    if math.isinf(value):  # it would be written as Infinity, which is no JSON
        raise ValueError(f"{text[:20]} is too large a number")
    return value


_decoder = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_read_float)
_loose_decoder = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_read_float, strict=False
)


def parse_json(text: str | bytes) -> object:
    """Read one JSON text.

    Raises ValueError for everything that is not one: bad UTF-8, NaN and Infinity; and for integers
    beyond Python's digit limit, fractions beyond a double's range, and more than `DEEPEST` levels.
    """
    try:
        value: object = _read(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        value = _read_by_library(text)
    return _not_too_deep(value, text)


def _read_by_library(text: str | bytes) -> object:
    try:
        return _decoder.decode(text if isinstance(text, str) else text.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def parse_next(text: str, *, loose: bool = False) -> tuple[object, int]:
    """Read the JSON value that a text begins with, and tell where it ends.

    Raises ValueError where there is none, as `parse_json` does. `loose` lets control characters,
    such as line breaks, stand inside strings: models write them so.
    """
    try:
        value, end = (_loose_decoder if loose else _decoder).raw_decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return _not_too_deep(value, text), end


def _not_too_deep(value: object, text: str | bytes) -> object:
    """Give the value of a text, unless it is too deep; few texts have brackets enough for that."""
    if len(text) < _MANY and _brackets(text) <= DEEPEST:
        return value
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, (dict, list))
        ]
    if level:
        raise ValueError("nested too deeply")
    return value


def _brackets(text: str | bytes) -> int:
    if isinstance(text, bytes):
        return text.count(b"[") + text.count(b"{")
    return text.count("[") + text.count("{")


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
        return _write(value)
    except UnicodeEncodeError:
        return _encode_ascii(value).encode("ascii")


def encode_readable(value: object) -> bytes:
    """Write `value` as `encode_json` does, but for half characters: each becomes U+FFFD.

    Codex passes an event over that holds one, whatever else is in it (codex-cli 0.163.0).
    """
    try:
        return _write(value)
    except UnicodeEncodeError:
        return join_pairs(_encode(value)).encode()
