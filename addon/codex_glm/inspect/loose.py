"""Values of any shape, read as the shape that is wanted; what has another one is empty.

What is shown may be a turn under way, one that failed, or a file of another version.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from codex_glm.translation.wire.wire_json import encode_text, parse_json, parse_object

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

_BEYOND = 2**53


def text(value: object) -> str:
    """Give a string."""
    return value if isinstance(value, str) else ""


def number(value: object) -> float | None:
    """Give a number that is one, or None."""
    if not isinstance(value, int | float):
        return None
    try:
        sound = float(value)
    except OverflowError:
        return None
    return sound if math.isfinite(sound) else None


def count(value: object) -> int:
    """Give a whole number that is neither negative nor beyond all measure."""
    return value if isinstance(value, int) and 0 < value < _BEYOND else 0


def object_of(value: object) -> JsonObject:
    """Give a JSON object."""
    return value if isinstance(value, dict) else {}


def objects(value: object) -> list[JsonObject]:
    """Give the objects of a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def parsed(data: str | bytes) -> JsonObject:
    """Read a JSON object."""
    try:
        return parse_object(data)
    except ValueError:
        return {}


def pretty(data: str) -> str:
    """Give JSON with its lines broken, and what is no JSON as it is."""
    try:
        return json.dumps(parse_json(data), ensure_ascii=False, indent=2)
    except ValueError:
        return data


def written(value: object) -> str:
    """Give a string as it is, nothing as empty, and any other value as JSON."""
    return value if isinstance(value, str) else "" if value is None else encode_text(value)
