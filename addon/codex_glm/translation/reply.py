"""GLM's reply bytes to Codex's reply bytes. Total: whatever comes in, one proper end goes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import errors
from .chunks import parse_chunk
from .sse import SSEDecoder, encode_event
from .stream import ResponseStream
from .wire_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .events import Event
    from .request import TurnContext
    from .sse import ServerSentEvent

_DONE = "[DONE]"


class ReplyTranslator:
    """Translates one reply, cut anywhere; no method raises.

    A defect of our own ends the reply like any other fault, and stays on `defect` for the log.
    """

    def __init__(self, context: TurnContext, response_id: str, created_at: int) -> None:
        self.stream = ResponseStream(context, response_id, created_at)
        self.defect: Exception | None = None
        self._decoder = SSEDecoder()
        self._started = False

    def receive_data(self, data: bytes) -> bytes:
        """Take bytes of GLM's body; give the frames that they complete, perhaps none."""
        return self._guarded(lambda: self._translate(self._decoder.feed(data)))

    def receive_eof(self) -> bytes:
        """End GLM's body; give what is still owed, the terminal event at the latest."""
        return self._guarded(self._end)

    def fail(self, failure: errors.Failure) -> bytes:
        """End the reply for a reason that lies outside GLM's body, such as a cut connection."""
        return self._guarded(lambda: self.stream.fail(failure))

    def _guarded(self, step: Callable[[], Iterable[Event]]) -> bytes:
        if self.stream.ended:
            return b""
        events = [] if self._started else self.stream.start()
        self._started = True
        try:
            # What a lazy step has given when it fails is numbered already, so it is kept.
            events.extend(step())
        except Exception as defect:  # noqa: BLE001  # mitmproxy would drop the chunk and go on
            self.defect = defect
            events += self.stream.fail(errors.failure("proxy"))
        return b"".join(map(encode_event, events))

    def _translate(self, frames: list[ServerSentEvent]) -> Iterator[Event]:
        for frame in frames:
            yield from self._translate_frame(frame)

    def _translate_frame(self, frame: ServerSentEvent) -> Iterator[Event]:
        if frame.data.strip() == _DONE:
            yield from self.stream.end()
            return
        try:
            chunk = parse_object(frame.data)
        except ValueError as error:
            yield from self.stream.fail(errors.failure("bad_chunk", str(error)))
            return
        if frame.event == "error" and "error" not in chunk:
            chunk = {"error": chunk}
        for delta in parse_chunk(chunk):
            yield from self.stream.receive(delta)

    def _end(self) -> Iterator[Event]:
        # A last frame that is cut short is the cut itself, not a broken chunk.
        yield from self._translate([f for f in self._decoder.flush() if _is_whole(f.data)])
        if self._decoder.stray and self.stream.untouched:
            yield from self.stream.fail(errors.upstream_body_failure(self._decoder.stray, 200))
        yield from self.stream.end()


def _is_whole(data: str) -> bool:
    if data.strip() == _DONE:
        return True
    try:
        parse_object(data)
    except ValueError:
        return False
    return True
