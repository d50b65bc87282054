"""The lane in mitmproxy's layers: a streamed reply skips those between the wire and the turn.

`engage` is called when a reply of GLM's begins to stream. It puts a `Lane` in front of the
HTTP/1 layer of the upstream connection, on that one object; each event is looked at anew, and
whatever is not plain bytes of a healthy chunked reply goes to mitmproxy's own code. The state of
the parser is h11's own, kept true after every event, so that mitmproxy can go on at any byte.

Private names, as read in mitmproxy 12.2.3 and h11 0.16.0:
`HttpLayer.connections`, `HttpLayer.command_sources`, `HttpClient._handle_event`, `Layer._paused`,
`Layer._paused_event_queue`, `HttpStream.client_state`, `HttpStream.server_state`,
`Http1Connection.state`, `.buf`, `.body_reader`, `.response`;
`ChunkedReader._bytes_in_chunk`, `._bytes_to_discard`, `._reading_trailer`.
"""

from __future__ import annotations

import itertools
import logging
from typing import TYPE_CHECKING, cast

from h11._readers import ChunkedReader
from h11._receivebuffer import ReceiveBuffer
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layers import http as layer
from mitmproxy.proxy.layers.http._http1 import Http1Client, Http1Server

from codex_glm.proxy.inside_mitmproxy.fast_lane.chunks import take
from codex_glm.proxy.inside_mitmproxy.fast_lane.wire import wire_for
from codex_glm.proxy.inside_mitmproxy.known import is_exactly_known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mitmproxy.http import Response

    type Translate = Callable[[bytes], bytes | Iterable[bytes]]

_log = logging.getLogger("glm")


class Lane:
    """Stands in front of the HTTP/1 layer of one upstream connection, for one reply."""

    def __init__(
        self, stream: layer.HttpStream, parent: layer.HttpLayer, stack: layer.HttpClient
    ) -> None:
        self.stream, self.parent, self._stack = stream, parent, stack
        self.http = cast("Http1Client", stack.child_layer)
        self._streaming = stream.state_stream_response_body
        self._reading = self.http.read_body
        client = cast("Http1Server", parent.connections[stream.context.client])
        coding = client.response.headers.get("transfer-encoding", "") if client.response else ""
        self._chunked = "chunked" in coding.lower()  # as `Http1Server.send` decides
        self._wire = wire_for(self)

    def ready(self) -> bool:
        """Tell whether the next bytes are a streamed body's, and nobody holds anything back."""
        stream, http = self.stream, self.http
        reader, response = http.body_reader, stream.flow.response
        return (
            not stream._paused
            and not stream._paused_event_queue
            and stream.server_state == self._streaming
            and stream.client_state == stream.state_done
            and http.stream_id == stream.stream_id
            and not http._paused
            and http.state == self._reading
            and type(reader) is ChunkedReader
            and not reader._reading_trailer
            and response is not None
            and callable(response.stream)
        )

    def relay(self, data: bytes) -> bytes:
        """Give what the client gets for bytes of GLM's; what was not taken is in `http.buf`."""
        http = self.http
        reader = cast("ChunkedReader", http.body_reader)
        translate = cast("Translate", cast("Response", self.stream.flow.response).stream)
        if http.buf:
            data = bytes(http.buf.maybe_extract_at_most(len(http.buf)) or b"") + data
        taken = take(data, reader._bytes_in_chunk, reader._bytes_to_discard)
        reader._bytes_in_chunk, reader._bytes_to_discard = taken.missing, taken.foot
        if taken.end < len(data):
            http.buf += data[taken.end :]
        if not taken.payload:
            return b""
        out = translate(taken.payload)
        out = out if isinstance(out, bytes) else b"".join(out)
        return b"%x\r\n%s\r\n" % (len(out), out) if out and self._chunked else out

    def handle_event(self, event: events.Event) -> Iterable[commands.Command]:
        """Take an event in the place of the HTTP/1 layer."""
        if type(event) is not events.DataReceived or not self.ready():
            return self._pass_on(event)
        out = self.relay(event.data)
        given = [commands.SendData(self.stream.context.client, out)] if out else []
        if self.http.buf:
            return itertools.chain(given, self._pass_on(self._nothing()))
        if self._wire:
            self._wire.offer()
        return given

    def _nothing(self) -> events.DataReceived:
        """Give an event that lets mitmproxy look at what is in its buffer."""
        return events.DataReceived(self.http.conn, b"")

    def _pass_on(self, event: events.Event) -> Iterable[commands.Command]:
        if isinstance(event, events.Wakeup):  # of `Wire`: there is something in the buffer
            if self.http.state != self._reading:
                return
            event = self._nothing()
        yield from layer.HttpClient.handle_event(self._stack, event)
        if self.http.state != self._reading:
            self._leave()

    def enter(self) -> None:
        """Take the place; a lane of an earlier reply gives way."""
        # On the object, so that mitmproxy's class stays as it is: the very point of this module.
        self._stack.handle_event = self.handle_event  # type: ignore[method-assign,assignment]

    def _leave(self) -> None:
        if vars(self._stack).get("handle_event") == self.handle_event:
            del self._stack.handle_event  # the class has it still


def engage(stream: layer.HttpStream) -> None:
    """Let a reply that begins to stream take the lane, if everything on its way is known."""
    try:
        if lane := _lane_of(stream):
            lane.enter()
    except Exception:  # noqa: BLE001  # a reply must not suffer from what is there to save time
        _log.exception("the fast lane is left out")


def _lane_of(stream: layer.HttpStream) -> Lane | None:
    context = stream.context
    parent = context.layers[context.layers.index(stream) - 1]
    if type(parent) is not layer.HttpLayer or context.options.store_streamed_bodies:
        return None
    layers = parent.connections[context.server].context.layers
    stack, http = layers[-2:]
    client = parent.connections[context.client]
    if type(stack) is not layer.HttpClient:
        return None
    known = (
        is_exactly_known()
        and type(http) is Http1Client
        and isinstance(client, Http1Server)
        and type(client).send is Http1Server.send  # the addon's own parser changes reading alone
        and type(http.buf) is ReceiveBuffer
        and not stack._paused
        and not any(each.debug for each in layers)
    )
    return Lane(stream, parent, stack) if known else None
