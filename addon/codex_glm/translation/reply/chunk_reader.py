"""One reply of GLM, read: bytes in any cut to deltas. The upstream's quirks of framing end here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..vocabulary import unknown_fields
from ..wire.chunk_form import find_form
from ..wire.chunks import Closed, Restarted, Unreadable, parse_chunk
from ..wire.sse import SSEDecoder
from ..wire.wire_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..receipt import Receipt
    from ..wire.chunk_form import ChunkForm
    from ..wire.chunks import Delta, Sign
    from ..wire.sse import ServerSentEvent
    from ..wire.wire_json import JsonObject

_DONE = "[DONE]"
_JOINED = "data: {"
_MOST_FRUITLESS = 3
"""Forms in a row that no chunk had: then this GLM changes more than the text each time."""


class ChunkReader:
    """Reads one reply; what it cannot read is a delta as well."""

    def __init__(self, receipt: Receipt) -> None:
        self._receipt = receipt
        self._decoder = SSEDecoder()
        self._generation = ""
        self._form: ChunkForm | None = None
        """The form of the last chunk that was parsed; see `chunk_form`."""
        self._fruitless = 0

    @property
    def form(self) -> ChunkForm | None:
        """The form of the last chunk, if it is known and nothing is half read."""
        return self._form if self._decoder.idle else None

    @property
    def stray(self) -> bytes:
        """Lines of the body that are no stream: perhaps a plain answer."""
        return self._decoder.stray

    def feed(self, data: bytes) -> list[Delta | Sign]:
        """Take the next bytes of the body; give what they complete."""
        read: list[Delta | Sign] = []
        for frame in self._decoder.feed(data):
            delta = self._form.read(frame.data) if self._form and not frame.event else None
            if delta:
                self._fruitless = 0
                read.append(delta)
            else:
                read += self._parse_frame(frame)
        return read

    def flush(self) -> list[Delta | Sign]:
        """End the body; a last frame that is cut short is the cut itself, not a broken chunk."""
        whole = [frame for frame in self._decoder.flush() if _is_whole(frame.data)]
        return [delta for frame in whole for delta in self._parse_frame(frame)]

    def _parse_frame(self, frame: ServerSentEvent) -> Iterator[Delta | Sign]:
        if frame.data.strip() == _DONE:
            yield Closed()
            return
        try:
            chunk = self._parse(frame.data)
        except ValueError as error:
            yield Unreadable(str(error))
            return
        if frame.event == "error" and "error" not in chunk:
            chunk = {"error": chunk}
        if self._is_restart(chunk):
            yield Restarted()
        for name in unknown_fields(chunk):
            self._receipt.unknown("chunk-field", name, "not read")
        deltas = list(parse_chunk(chunk))
        self._learn(frame.data, deltas)
        yield from deltas

    def _learn(self, data: str, deltas: list[Delta]) -> None:
        self._form = None
        if self._fruitless < _MOST_FRUITLESS:
            self._form = find_form(data, deltas)
            self._fruitless += self._form is not None

    def _parse(self, data: str) -> JsonObject:
        """Read a frame's chunk, or the whole chunk that follows a cut one in the same frame.

        GLM's gateway has been seen to restart a generation in mid-frame (reported 2026-01 to
        2026-05 for glm-4.7 to glm-5.1).
        """
        try:
            return parse_object(data)
        except ValueError:
            joined = data.rfind(_JOINED)
            if joined <= 0:
                raise
            chunk = parse_object(data[joined:].removeprefix("data:"))
            self._receipt.add("repaired", "joined-frames", "a chunk cut short was left out")
            return chunk

    def _is_restart(self, chunk: JsonObject) -> bool:
        generation = chunk.get("id")
        if not isinstance(generation, str) or not generation:
            return False
        known, self._generation = self._generation, generation
        return known not in ("", generation)


def _is_whole(data: str) -> bool:
    if data.strip() == _DONE:
        return True
    try:
        parse_object(data)
    except ValueError:
        return False
    return True
