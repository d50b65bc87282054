"""Server-sent events: bytes in any cut to events, events to bytes.

Follows the WHATWG rules (a line ends with LF, CR or CRLF and with nothing else), with two
departures made for GLM: a last event without its blank line still counts, and lines that are no
SSE field are kept, because GLM sometimes answers a stream request with a plain JSON body
(observed 2026-04 on the coding endpoint).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .wire_json import encode_readable

_LINE_END = re.compile(rb"\r\n|\n|\r")
_STRAY_LIMIT = 65_536
_FIELDS = frozenset({b"data", b"event", b"id", b"retry"})

END_OF_STREAM = b"data: [DONE]\n\n"
"""What stands behind the terminal event: demanded by the Open Responses specification
(2026-04-24), which OpenAI itself does not follow here, and of no meaning to Codex (codex-cli
0.169.0)."""


class ServerSentEvent(NamedTuple):
    """One dispatched event; `event` is empty when the stream named none."""

    event: str
    data: str


class SSEDecoder:
    """Incremental decoder: `feed` bytes as they come, `flush` once at the end of the body."""

    def __init__(self) -> None:
        self.stray = b""
        """Lines that are no SSE field, joined by LF, at most 64 KiB: perhaps a plain body."""
        self._tail = b""
        self._event = ""
        self._data: list[bytes] = []
        self._at_start = True

    @property
    def idle(self) -> bool:
        """Whether the next byte begins a frame."""
        return not (self._tail or self._data or self._event or self._at_start)

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """Take the next bytes of the body and give the events that they complete."""
        buffer = self._tail + data
        if self._at_start and len(buffer) >= 3:
            buffer = buffer.removeprefix(b"\xef\xbb\xbf")
            self._at_start = False
        if b"\r" not in buffer:
            *lines, self._tail = buffer.split(b"\n")
            return self._take_lines(lines)
        # A CR at the very end may be the first half of a CRLF.
        held = b"\r" if buffer.endswith(b"\r") else b""
        *lines, rest = _LINE_END.split(buffer[: len(buffer) - len(held)])
        self._tail = rest + held
        return self._take_lines(lines)

    def flush(self) -> list[ServerSentEvent]:
        """End the body: give what stands in the buffer as if its blank line had come."""
        lines = [self._tail.removesuffix(b"\r"), b""]
        self._tail = b""
        return self._take_lines(lines)

    def _take_lines(self, lines: list[bytes]) -> list[ServerSentEvent]:
        events = []
        for line in lines:
            if line.startswith(b"data: "):
                self._data.append(line[6:])
            elif line:
                self._take_field(line)
            elif self._data:
                data = b"\n".join(self._data).decode("utf-8", "replace")
                events.append(ServerSentEvent(self._event, data))
                self._event, self._data = "", []
            else:
                self._event = ""
        return events

    def _take_field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
        elif name == b"event":
            self._event = value.removeprefix(b" ").decode("utf-8", "replace")
        elif name and name not in _FIELDS and len(self.stray) + len(line) < _STRAY_LIMIT:
            self.stray += line + b"\n"


def encode_event(event: dict[str, object]) -> bytes:
    """Frame one Responses event; its `type` is repeated on the `event:` line, as OpenAI does."""
    return b"event: %s\ndata: %s\n\n" % (str(event["type"]).encode(), encode_readable(event))
