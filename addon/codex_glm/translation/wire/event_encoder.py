"""Events to bytes; what many of them have in common is written once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from .sse import encode_event
from .wire_json import encode_readable

if TYPE_CHECKING:
    from .events import Event
    from .wire_json import JsonObject


class EventEncoder:
    """Gives what `sse.encode_event` gives, for the events of one reply.

    In a reply, the deltas of one item differ in their `delta` and their `sequence_number` alone.
    The Responses objects begin with the same fields, `fixed`: instructions and tools among them.
    """

    def __init__(self, fixed: JsonObject) -> None:
        self._fixed = fixed
        self._frames: dict[object, tuple[bytes, bytes]] = {}
        """What stands around the text of an item's deltas, by the item's id."""

    def encode(self, event: Event) -> bytes:
        """Frame one event."""
        text = event.get("delta")
        if not isinstance(text, str):
            response = cast("JsonObject | None", event.get("response"))
            if response and self._fixed:
                return self._state(event, response)
            return encode_event(event)
        before, after = self.frame(event)
        number = event["sequence_number"]
        return b"%b%b%b%d}\n\n" % (before, encode_readable(text)[1:-1], after, number)  # type: ignore[str-format]  # `stream` numbered it

    def _state(self, event: Event, response: JsonObject) -> bytes:
        """Frame an event with a Responses object."""
        own = {name: value for name, value in response.items() if name not in self._fixed}
        kind, number = str(event["type"]).encode(), event["sequence_number"]
        return b'event: %b\ndata: {"type":"%b","response":%b,%b,"sequence_number":%d}\n\n' % (
            kind,
            kind,
            self._fixed_bytes,
            encode_readable(own)[1:],
            number,  # type: ignore[str-format]  # `stream` numbered it
        )

    @cached_property
    def _fixed_bytes(self) -> bytes:
        return encode_readable(self._fixed)[:-1]

    def frame(self, event: Event) -> tuple[bytes, bytes]:
        """Give what stands before and behind the inside of a delta's text, up to the number."""
        return self._frames.get(event["item_id"]) or self._make(event)

    def _make(self, event: Event) -> tuple[bytes, bytes]:
        frame = encode_event({**event, "delta": 0, "sequence_number": 0})
        before, _, after = frame.partition(b'"delta":0')
        made = before + b'"delta":"', b'"' + after.removesuffix(b"0}\n\n")
        self._frames[event["item_id"]] = made
        return made
