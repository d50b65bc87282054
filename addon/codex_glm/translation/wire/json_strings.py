"""Where the strings of a JSON text stand, which may be cut off or no sound JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .wire_json import parse_loose

if TYPE_CHECKING:
    from collections.abc import Iterator

_PART = re.compile(r'"(?P<inside>(?:[^"\\]|\\.)*+)(?:"(?P<colon>\s*:)?|\\?\Z)|[{}\[\]]', re.DOTALL)
"""A bracket or a string, the last one perhaps without its end; before a colon it is a name."""


class JsonString(NamedTuple):
    """A string that is a value, and where the inside of its quotes is."""

    name: str
    """Of the field that holds it; what a list holds has the list's name."""
    start: int
    end: int
    text: str


def strings_of(text: str) -> Iterator[JsonString]:
    """Give the strings of a JSON text, in order; names are none of them."""
    names = [""]
    for part in _PART.finditer(text):
        if part[0] in "{[":
            names.append(names[-1])
        elif part[0] in "}]":
            names.pop()
            if not names:
                names.append("")  # more brackets are closed than were opened
        elif part["colon"]:
            names[-1] = _decoded(part["inside"])
        else:
            yield JsonString(names[-1], *part.span("inside"), _decoded(part["inside"]))


def _decoded(inside: str) -> str:
    try:
        return str(parse_loose(f'"{inside}"'))
    except ValueError:
        return inside
