"""One string inside a JSON object, read while the object is still being written."""

from __future__ import annotations

import re

from .wire_json import parse_loose

_HIGH_SURROGATE_TAIL = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}$")
_SOUND = re.compile(r'(?:[^"\\]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_PARTIAL_ESCAPE_TAIL = re.compile(r"\\(u[0-9a-fA-F]{0,3})?$")


class PartialString:
    """Decodes the value of `{"NAME": "…` as it comes; silent for any other shape.

    `feed` gives the decoded text that is certain so far. Joined, all it ever gives is the start of
    the string that the whole object holds under NAME, or would hold if it were not spoiled further
    on. Line breaks may stand in it unescaped.
    """

    def __init__(self, name: str) -> None:
        self._opening = re.compile(rf'\s*\{{\s*"{re.escape(name)}"\s*:\s*"')
        self._raw = ""
        self._open = False
        self._over = False
        self.closed = False
        """Whether the string is known to its end."""

    def feed(self, fragment: str) -> str:
        """Take more of the object's text and give more of the string's."""
        if self._over:
            return ""
        self._raw += fragment
        if not self._open:
            opening = self._opening.match(self._raw)
            if not opening:
                return ""
            self._open = True
            self._raw = self._raw[opening.end() :]
        return self._take_certain()

    def _take_certain(self) -> str:
        end = _closing_quote(self._raw)
        self._over = end >= 0
        certain = self._raw[:end] if self._over else _without_partial_tail(self._raw)
        self._raw = self._raw[len(certain) :]
        sound = _sound_start(certain)
        self.closed = self._over and sound == certain
        self._over |= sound != certain
        return str(parse_loose(f'"{sound}"'))


def _sound_start(text: str) -> str:
    """Give the text up to the first backslash that begins no escape of JSON's."""
    found = _SOUND.match(text)
    return found[0] if found else ""


def _closing_quote(text: str) -> int:
    at = text.find('"')
    while at > 0 and (at - len(text[:at].rstrip("\\"))) % 2:
        at = text.find('"', at + 1)
    return at


def _without_partial_tail(text: str) -> str:
    backslashes = len(text) - len(text.rstrip("\\"))
    if backslashes % 2:
        text = text[:-1]
    elif not backslashes:
        partial = _PARTIAL_ESCAPE_TAIL.search(text)
        if partial and _is_escape(text, partial.start()):
            text = text[: partial.start()]
    high = _HIGH_SURROGATE_TAIL.search(text)
    return text[: high.start()] if high and _is_escape(text, high.start()) else text


def _is_escape(text: str, at: int) -> bool:
    """Tell whether the backslash at `at` begins an escape, rather than ending one."""
    before = text[:at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 0
