"""Where in a Markdown text code stands, read while the text is being written."""

from __future__ import annotations

import re

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_INDENTED = re.compile(r"(?: {4}| {0,3}\t)\s*")
_ENOUGH = 500
"""So much of a line tells whether it is a fence."""


class CodeSpans:
    """Tells whether the end of a text stands in code: a fence, backticks, or an indented line."""

    def __init__(self) -> None:
        self._unread: list[str] = []
        self._fence = ""
        self._start = ""
        """How the last line begins."""
        self._ticks = 0
        """How many backticks are in the last line."""

    def append(self, text: str) -> None:
        """Take more of the text; it is only read when it is asked about."""
        self._unread.append(text)

    def in_code(self) -> bool:
        """Tell whether what comes next would stand in code."""
        *lines, last = "".join(self._unread).split("\n")
        self._unread.clear()
        for line in lines:
            self._read(line)
            self._end_line()
        self._read(last)
        if self._fence or _INDENTED.fullmatch(self._start):
            return True
        return self._ticks % 2 == 1 or bool(_FENCE.match(self._start))

    def _read(self, part: str) -> None:
        self._start = (self._start + part[:_ENOUGH])[:_ENOUGH]
        self._ticks += part.count("`")

    def _end_line(self) -> None:
        found = _FENCE.match(self._start)
        if found:
            marks, info = found[1], found[2].strip()
            if self._fence:
                self._fence = "" if marks.startswith(self._fence) and not info else self._fence
            elif marks[0] == "~" or self._ticks == len(marks):
                self._fence = marks
        self._start, self._ticks = "", 0
