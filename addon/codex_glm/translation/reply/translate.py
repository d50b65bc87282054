"""GLM's reply bytes to Codex's reply bytes. Total: whatever comes in, one proper end goes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import errors
from ..request.compact_endpoint import client_response
from ..wire.chunks import Closed, Restarted, Unreadable
from ..wire.event_encoder import EventEncoder
from ..wire.sse import END_OF_STREAM
from .chunk_reader import ChunkReader
from .joining import join_deltas
from .shortcut import find_shortcut
from .stream import ResponseStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ..request.context import TurnContext
    from ..tools.web_search import Found
    from ..wire.chunks import Delta, Sign
    from ..wire.events import Event
    from ..wire.wire_json import JsonObject
    from .shortcut import Shortcut


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
        self._reader = ChunkReader(context.receipt)
        self._encoder = EventEncoder(self.stream.fixed)
        self._shortcut: Shortcut | None = None
        self._started = False
        self._context = context

    def open(self) -> bytes:
        """Give the events that open the response, before anything came from GLM."""
        return self._guarded(list)

    def receive_data(self, data: bytes) -> bytes:
        """Take bytes of GLM's body; give the frames that they complete, perhaps none."""
        if self._shortcut and (sent := self._shortcut.take(data)):
            return sent
        return self._guarded(lambda: self._receive(data))

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
        self._reader = ChunkReader(self._context.receipt)
        self.stream.try_again()

    def take_found(self, found: Sequence[Found]) -> bytes:
        """Take what the searches of the stream's follow-up gave, in their order."""
        return self._guarded(lambda: self.stream.take_found(found))

    def next_round(self) -> None:
        """Make ready for GLM's reply to what the stream's follow-up added."""
        self.stream.next_round()
        self._reader = ChunkReader(self._context.receipt)

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
            self._end_shortcut()
            # What a lazy step has given when it fails is numbered already, so it is kept.
            events.extend(step())
        except Exception as defect:  # noqa: BLE001  # mitmproxy would drop the chunk and go on
            self.defect = defect
            events += self.stream.fail(errors.failure("proxy"))
        end = END_OF_STREAM if self.stream.ended else b""
        return b"".join(map(self._encoder.encode, events)) + end

    def _end_shortcut(self) -> None:
        """Let the stream know what went past it."""
        shortcut, self._shortcut = self._shortcut, None
        if shortcut and shortcut.sent:
            self.stream.catch_up(shortcut.delta, shortcut.sent)

    def _receive(self, data: bytes) -> Iterator[Event]:
        for delta in join_deltas(self._reader.feed(data)):
            events = self._take(delta)
            yield from events
            self._shortcut = find_shortcut(self._reader.form, delta, events, self._encoder)

    def _take(self, delta: Delta | Sign) -> list[Event]:
        if isinstance(delta, Restarted):
            return self.stream.begin_anew()
        if isinstance(delta, Closed):
            return self.stream.end()
        if isinstance(delta, Unreadable):
            return self.stream.fail(errors.failure("bad_chunk", delta.problem))
        return self.stream.receive(delta)

    def _end(self) -> Iterator[Event]:
        for delta in join_deltas(self._reader.flush()):
            yield from self._take(delta)
        if self._reader.stray and self.stream.untouched:
            yield from self.stream.fail(
                errors.upstream_body_failure(self._reader.stray, 200, self._context.advice)
            )
        yield from self.stream.end()
