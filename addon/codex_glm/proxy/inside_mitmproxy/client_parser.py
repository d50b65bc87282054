"""Requests that are no HTTP: refused in OpenAI's shape, and before they cost anything.

mitmproxy answers them with a page of HTML, waits for ever for the end of a head that never ends and
ten minutes for the rest of one that stops, takes any HTTP version for its own, and stumbles over
trailers and over blank lines before a request (12.2.3). `ClientParser` takes the place of its
parser for clients of HTTP/1; `parsing.py` puts it there.
The same class writes the pieces of a reply, past generators that each of them would go through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import h11
from mitmproxy.connection import ConnectionState
from mitmproxy.net.http import http1
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layers.http import _http1
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    ResponseData,
)

from codex_glm.proxy import replies
from codex_glm.translation.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from mitmproxy.http import Response

    type Commands = Generator[commands.Command, object, None]

RELIED_ON = ("_handle_event", "read_headers", "read_body", "wait", "mark_done", "done", "debug")
_LONGEST_HEAD = 1 << 18
"""Bytes of a request's line and headers; Codex's have some 3 kB."""
_VERSIONS = ("HTTP/1.1", "HTTP/1.0")
_WORDS = {
    413: "The body of the request is larger than `glm_max_body` of this proxy allows.",
    431: "The headers of the request are too long.",
}


class ClientParser(_http1.Http1Server):
    """mitmproxy's parser for requests of HTTP/1, with bounds and with whole answers."""

    most_waiting: ClassVar[int] = 64 << 20
    """Bytes that a client may send ahead, while its request is under way."""
    patience: ClassVar[float] = 60.0
    """Seconds in which a head has to be whole, and between two pieces of a body."""

    _answering: Response | None = None
    _chunked = False
    """Whether the reply that is being written has its length in chunks."""
    _reads = 0
    _watched: tuple[int, int] | None = None
    """The request that was not whole when last looked at, and how much had been read by then."""

    def handle_event(  # type: ignore[override]  # mitmproxy only goes through what it gets
        self, event: events.Event
    ) -> Iterable[commands.Command]:
        """Write a piece of a reply as `send` does, which is behind three generators otherwise."""
        if isinstance(event, events.Wakeup):
            return self._look_again()
        response = self.response
        if (
            type(event) is not ResponseData
            or event.stream_id != self.stream_id
            or response is None
            or self._paused
            or self.debug is not None
        ):
            handled: Commands = super().handle_event(event)
            return handled
        if response is not self._answering:
            self._answering = response
            self._chunked = "chunked" in response.headers.get("transfer-encoding", "").lower()
        data = event.data
        if self._chunked:
            data = b"%x\r\n%s\r\n" % (len(data), data)
        return [commands.SendData(self.conn, data)] if data else []

    def _handle_event(self, event: events.Event) -> Commands:
        """Watch over a request that is not whole yet."""
        yield from super()._handle_event(event)
        if isinstance(event, events.DataReceived):
            self._reads += 1
            yield from self._watch()

    def _watch(self) -> Commands:
        if self._is_half() and not self._watched:
            self._watched = (self.stream_id, self._reads)
            yield commands.RequestWakeup(self.patience)

    def _is_half(self) -> bool:
        return self.state == self.read_body or (self.state == self.read_headers and bool(self.buf))

    def _look_again(self) -> Commands:
        """Refuse a request that is still not whole: its head had its time, or nothing came."""
        stream_id, reads = self._watched or (0, 0)
        self._watched = None
        in_head = self.state == self.read_headers
        stale = stream_id == self.stream_id and (in_head or reads == self._reads)
        if not stale or not self._is_half():
            yield from self._watch()
            return
        words = f"The request did not come within {self.patience:g} seconds."
        yield from self._refuse(408, words) if in_head else self._break_off(408, words)

    def read_headers(self, event: events.ConnectionEvent) -> Commands:
        """Read a head, also behind blank lines; one of another HTTP, or without end, is refused."""
        if isinstance(event, events.ConnectionClosed) and bytes(self.buf).strip():
            yield from self._refuse(400, "The request ended before its head was whole.")
            return
        held = len(self.buf)
        for command in super().read_headers(event):
            begins = isinstance(command, ReceiveHttp) and isinstance(command.event, RequestHeaders)
            if begins and self.request and self.request.http_version not in _VERSIONS:
                yield from self._refuse(400, f"{self.request.http_version} is not spoken here.")
                return
            yield command
        if self.state != self.read_headers or not isinstance(event, events.DataReceived):
            return
        if 0 < len(self.buf) < held:
            yield from self.read_headers(events.DataReceived(self.conn, b""))
        elif len(self.buf) > _LONGEST_HEAD:
            yield from self._refuse(431)

    def read_body(self, event: events.Event) -> Commands:
        """Read a body; broken chunks are answered, trailers are read and let go."""
        while True:
            try:
                if isinstance(event, events.DataReceived):
                    part = self.body_reader(self.buf)
                else:
                    part = self.body_reader.read_eof()
            except h11.ProtocolError as error:
                yield from self._break_off(400, f"HTTP/1 protocol error: {error}")
                return
            if part is None:
                return
            if isinstance(part, h11.EndOfMessage):
                if not self.request or self.request.method.upper() != "CONNECT":
                    yield ReceiveHttp(RequestEndOfMessage(self.stream_id))  # a tunnel only begins
                yield from self.mark_done(request=True)
                return
            if part.data:
                yield ReceiveHttp(RequestData(self.stream_id, bytes(part.data)))

    def wait(self, event: events.Event) -> Commands:
        """Hold back what a client sends ahead, up to a bound."""
        yield from super().wait(event)
        if isinstance(event, events.DataReceived) and len(self.buf) > self.most_waiting:
            yield from self._break_off(400, "The client sent too many requests ahead.")

    def _refuse(self, status: int, words: str = "") -> Commands:
        """Answer what never became a request."""
        yield commands.SendData(self.conn, error_response(status, words))
        yield commands.CloseConnection(self.conn)
        self.buf.maybe_extract_at_most(len(self.buf))
        self.state = self.done

    def _break_off(self, status: int, words: str) -> Commands:
        """End a request that broke; a client that sends no more may still read why."""
        if not self.response and self.conn.state & ConnectionState.CAN_WRITE:
            yield commands.SendData(self.conn, error_response(status, words))
        yield commands.CloseConnection(self.conn)
        self.state = self.done
        broken = RequestProtocolError(self.stream_id, words, ErrorCode.GENERIC_CLIENT_ERROR)
        yield ReceiveHttp(broken)


def error_response(status_code: int, message: str = "") -> bytes:
    """Make an error in OpenAI's shape as it goes over the wire, in place of mitmproxy's page."""
    kind = "invalid_request_error" if status_code < 500 else "server_error"
    words = _WORDS.get(status_code) or message.partition(", refusing to prevent")[0]
    code = "invalid_request" if status_code < 500 else "proxy_error"
    response = replies.error_reply(Failure(code, words or "No reply.", status_code, kind))
    response.headers["connection"] = "close"
    return bytes(http1.assemble_response(response))
