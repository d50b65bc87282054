"""GLM's reply bytes to Codex's reply bytes. Total: whatever comes in, one proper end goes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import errors
from .chunks import parse_chunk
from .compact_endpoint import client_response
from .sse import END_OF_STREAM, SSEDecoder, encode_event
from .stream import ResponseStream
from .vocabulary import unknown_fields
from .wire_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from .events import Event
    from .request import TurnContext
    from .sse import ServerSentEvent
    from .web_search import Found
    from .wire_json import JsonObject

_DONE = "[DONE]"
_JOINED = "data: {"


class ReplyTranslator:
    """Translates one reply, cut anywhere; no method raises.

    A defect of our own ends the reply like any other fault, and stays on `defect` for the log.
    """

    def __init__(
        self,
        context: TurnContext,
        response_id: str,
        created_at: int,
        clock: Callable[[], int] | None = None,
    ) -> None:
        self.stream = ResponseStream(context, response_id, created_at, clock)
        self.defect: Exception | None = None
        self._decoder = SSEDecoder()
        self._started = False
        self._context = context
        self._generation = ""

    def open(self) -> bytes:
        """Give the events that open the response, before anything came from GLM."""
        return self._guarded(list)

    def receive_data(self, data: bytes) -> bytes:
        """Take bytes of GLM's body; give the frames that they complete, perhaps none."""
        return self._guarded(lambda: self._translate(self._decoder.feed(data)))

    def receive_eof(self) -> bytes:
        """End GLM's body; give what is still owed, the terminal event at the latest."""
        return self._guarded(self._end)

    def refuse(self, body: bytes, status: int) -> bytes:
        """Take a whole body of GLM that came with an error status."""
        failure = errors.upstream_body_failure(body, status, self._context.advice)
        return self.fail(failure)

    def answer(self) -> JsonObject:
        """Give what a client gets that does not stream, once the reply has ended well."""
        return client_response(self._context, self.stream.response)

    def pulse(self) -> bytes:
        """Give an event that says no more than that the turn is under way."""
        return self._guarded(self.stream.pulse)

    def try_again(self) -> None:
        """Make ready for another reply of GLM, after a fault that was held back."""
        self._decoder = SSEDecoder()
        self._generation = ""
        self.stream.try_again()

    def take_found(self, found: Sequence[Found]) -> bytes:
        """Take what the searches of the stream's follow-up gave, in their order."""
        return self._guarded(lambda: self.stream.take_found(found))

    def next_round(self) -> None:
        """Make ready for GLM's reply to what the stream's follow-up added."""
        self.stream.next_round()
        self._decoder = SSEDecoder()
        self._generation = ""

    def give_up(self, failure: errors.Failure) -> bytes:
        """End the reply with a failure, whether or not another try might do better."""
        return self._guarded(lambda: self.stream.give_up(failure))

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
        end = END_OF_STREAM if self.stream.ended else b""
        return b"".join(map(encode_event, events)) + end

    def _translate(self, frames: list[ServerSentEvent]) -> Iterator[Event]:
        for frame in frames:
            yield from self._translate_frame(frame)

    def _translate_frame(self, frame: ServerSentEvent) -> Iterator[Event]:
        if frame.data.strip() == _DONE:
            yield from self.stream.end()
            return
        try:
            chunk = self._parse(frame.data)
        except ValueError as error:
            yield from self.stream.fail(errors.failure("bad_chunk", str(error)))
            return
        if frame.event == "error" and "error" not in chunk:
            chunk = {"error": chunk}
        yield from self._check_generation(chunk)
        for name in unknown_fields(chunk):
            self._context.receipt.unknown("chunk-field", name, "not read")
        for delta in parse_chunk(chunk):
            yield from self.stream.receive(delta)

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
            self._context.receipt.add("repaired", "joined-frames", "a chunk cut short was left out")
            return chunk

    def _check_generation(self, chunk: JsonObject) -> list[Event]:
        generation = chunk.get("id")
        if not isinstance(generation, str) or not generation:
            return []
        known, self._generation = self._generation, generation
        return self.stream.begin_anew() if known not in ("", generation) else []

    def _end(self) -> Iterator[Event]:
        # A last frame that is cut short is the cut itself, not a broken chunk.
        yield from self._translate([f for f in self._decoder.flush() if _is_whole(f.data)])
        if self._decoder.stray and self.stream.untouched:
            yield from self.stream.fail(
                errors.upstream_body_failure(self._decoder.stray, 200, self._context.advice)
            )
        yield from self.stream.end()


def _is_whole(data: str) -> bool:
    if data.strip() == _DONE:
        return True
    try:
        parse_object(data)
    except ValueError:
        return False
    return True
