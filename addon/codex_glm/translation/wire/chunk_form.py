"""The form of a chunk: all of it but its text, so that the next one like it need not be parsed.

While GLM speaks, one chunk is like the one before: the same id, the same fields, another text.
Both are then the same JSON with another string in one place. What stands around that string is
compared, and not read again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .chunks import TextDelta, ThinkingDelta, ToolCallDelta, parse_chunk, with_text
from .wire_json import parse_json, parse_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .chunks import Delta, TextBearing

_INSIDE = r'(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+'
"""The inside of a JSON string, as strict as `wire_json` is."""
_is_inside = re.compile(_INSIDE).fullmatch
_FIELDS = {
    kind: re.compile(rf'"{field}"\s*:\s*"({_INSIDE})"').search
    for kind, field in (
        (TextDelta, "content"),
        (ThinkingDelta, "reasoning_content"),
        (ToolCallDelta, "arguments"),
    )
}
_PROBE = "another text"


@dataclass(frozen=True, slots=True)
class ChunkForm:
    """What a chunk and those like it have in common."""

    before: str
    """What stands before the inside of the text."""
    after: str
    delta: TextBearing

    def read(self, data: str) -> TextBearing | None:
        """Give the delta of a chunk; None where it has another form, or no text."""
        if not (data.startswith(self.before) and data.endswith(self.after)):
            return None
        text = data[len(self.before) : -len(self.after)]
        if not text or not _is_inside(text):
            return None
        return with_text(self.delta, str(parse_json(f'"{text}"')) if "\\" in text else text)


def find_form(data: str, deltas: Sequence[Delta]) -> ChunkForm | None:
    """Find the form of a chunk that held one delta with a text, and nothing else.

    It is put to the test: with another string in its place, the chunk must give another text and
    be the same in all else.
    """
    if len(deltas) != 1:
        return None
    delta = deltas[0]
    if not isinstance(delta, TextDelta | ThinkingDelta | ToolCallDelta):
        return None
    found = _FIELDS[type(delta)](data)
    if not found:
        return None
    before, after = data[: found.start(1)], data[found.end(1) :]
    try:
        probed = list(parse_chunk(parse_object(before + _PROBE + after)))
    except ValueError:
        return None  # two chunks in one frame
    return ChunkForm(before, after, delta) if probed == [with_text(delta, _PROBE)] else None
