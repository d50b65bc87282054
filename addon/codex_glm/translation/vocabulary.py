"""What of both dialects this build has seen: the measure of drift. Data: `vocabulary.toml`."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .wire.wire_json import JsonObject

_TABLE = tomllib.loads(files(__package__).joinpath("vocabulary.toml").read_text("utf-8"))

CATEGORIES: frozenset[str] = frozenset({*_TABLE, "finish-reason"}) - {"date"}
"""What can be unknown: `item-type`, `part-type`, `tool-type`, `request-field`, `request-kind`,
`chunk-field`, `finish-reason`."""

_KNOWN = {
    category: (
        frozenset(word for word in words if "*" not in word),
        [word for word in words if "*" in word],
    )
    for category, words in _TABLE.items()
    if category != "date"
}
_FIELDS = frozenset(_TABLE["chunk-field"])
_EMPTY: tuple[object, ...] = (None, "", [], {})


def is_known(category: str, word: str) -> bool:
    """Tell whether a word that is not read was seen before."""
    words, patterns = _KNOWN[category]
    return word in words or any(fnmatchcase(word, pattern) for pattern in patterns)


def unknown_fields(chunk: JsonObject) -> Iterator[str]:
    """Name the fields of a chunk that were never seen, such as `delta.foo`; empty ones are not."""
    yield from _beyond("", chunk)
    for choice in _objects(chunk.get("choices")):
        yield from _beyond("choice.", choice)
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            yield from _beyond("delta.", delta)
            for call in _objects(delta.get("tool_calls")):
                yield from _beyond("call.", call)
                function = call.get("function")
                yield from _beyond("function.", function if isinstance(function, dict) else {})


def _beyond(place: str, holder: JsonObject) -> Iterator[str]:
    for name, value in holder.items():
        if place + name not in _FIELDS and value not in _EMPTY:
            yield place + name


def _objects(value: object) -> list[JsonObject]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
