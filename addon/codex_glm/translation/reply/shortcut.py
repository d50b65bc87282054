"""The shortcut: where chunks are alike, their text goes straight into events that are alike too.

A text, thinking or a function's arguments come as hundreds of chunks that differ in their text
alone, and leave as events that differ in their text and number alone. While that is so, the text's
own bytes are copied from the one frame into the other. What went past the stream like that is told
to it in one go, before anything else happens; see `translate`.

It can be done where the text is plain: it stands in its JSON as our own writer would write it, and
holds nothing that could begin a tag. Everything else takes the long way, which is the reference.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from ..wire.chunks import TextDelta, ThinkingDelta, ToolCallDelta, text_of, with_text
from ..wire.wire_json import parse_json

if TYPE_CHECKING:
    from ..wire.chunk_form import ChunkForm
    from ..wire.chunks import Delta, Sign, TextBearing
    from ..wire.event_encoder import EventEncoder
    from ..wire.events import Event

_PASSED_ON = frozenset(
    {
        "response.output_text.delta",
        "response.reasoning_summary_text.delta",
        "response.function_call_arguments.delta",
    }
)
"""Events of items that pass GLM's text on as it is, once they are open."""
_is_plain = re.compile(rb'(?:[^"\\\x00-\x1f<]++|\\["\\bfnrt])++').fullmatch


class Shortcut:
    """Copies text from chunks of one form into events of one item, numbered from `number` on."""

    def __init__(self, form: ChunkForm, frame: tuple[bytes, bytes], number: int) -> None:
        self.sent = 0
        """How many events it gave."""
        self._delta = form.delta
        self._texts: list[bytes] = []
        self._number = number
        self._before, self._after = b"data: " + form.before.encode(), form.after.encode() + b"\n\n"
        self._between = self._after + self._before
        self._frame = b"%b%%b%b%%d}\n\n" % tuple(part.replace(b"%", b"%%") for part in frame)

    def take(self, data: bytes) -> bytes:
        """Give one event for whole chunks that came together; nothing if one of them is other."""
        if not (data.startswith(self._before) and data.endswith(self._after)):
            return b""
        text = data[len(self._before) : -len(self._after)]
        if not _is_plain(text):
            texts = text.split(self._between)
            if not all(map(_is_plain, texts)):
                return b""
            text = b"".join(texts)
        if not (text.isascii() or _is_utf8(data)):
            return b""
        self._texts.append(text)
        self.sent += 1
        return self._frame % (text, self._number + self.sent - 1)

    @property
    def delta(self) -> TextBearing:
        """All that it took, as one delta."""
        return with_text(self._delta, str(parse_json(b'"%b"' % b"".join(self._texts))))


def find_shortcut(
    form: ChunkForm | None, delta: Delta | Sign, events: list[Event], encoder: EventEncoder
) -> Shortcut | None:
    """Give the shortcut for what follows the last delta of a read, whose form is `form`.

    The delta must have given one event, with the same text: then nothing is held back, neither of
    this delta nor from before. Only a text that holds the beginning of a tag could replace another.
    """
    if (
        not form
        or len(events) != 1
        or not isinstance(delta, TextDelta | ThinkingDelta | ToolCallDelta)
    ):
        return None
    event, text = events[0], text_of(delta)
    if event["type"] not in _PASSED_ON or event["delta"] != text or "<" in text:
        return None
    if isinstance(delta, ToolCallDelta) and delta.name:
        return None  # such fragments are not joined
    number = cast("int", event["sequence_number"])
    return Shortcut(form, encoder.frame(event), number + 1)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
