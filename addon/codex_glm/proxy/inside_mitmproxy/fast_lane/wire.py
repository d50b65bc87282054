"""The lane at the sockets: while a reply streams, its bytes go from one transport to the other.

Once the lane in the layers works and mitmproxy's task sleeps in `read()`, holding nothing, a
`Wire` takes that task's place as the protocol of the upstream transport. It gives the place back,
and mitmproxy the bytes that it did not take, for everything but plain bytes of a healthy reply:
its end, an odd chunk, a client that reads too slowly, a connection that closes.

Private names, as read in mitmproxy 12.2.3 and CPython 3.12: `ConnectionHandler.transports`,
`.timeout_watchdog`, `.server_event`, `Proxyserver.connections`, `HttpLayer.command_sources`,
`TLSLayer.tls`; `StreamReader._waiter`.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, cast

from mitmproxy import ctx
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layers.http import HttpLayer
from mitmproxy.proxy.layers.tls import ServerTLSLayer
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler
from mitmproxy.proxy.tunnel import TunnelLayer
from OpenSSL import SSL

if TYPE_CHECKING:
    from codex_glm.proxy.inside_mitmproxy.fast_lane.lane import Lane

_MOST_UNREAD = 65536
"""Bytes that may wait for the client; with more, mitmproxy's own back pressure takes over."""
_RECORD = 16384
"""The most that one TLS record holds."""


class Wire(asyncio.Protocol):
    """Reads an upstream transport and writes to the client's, for one `Lane`."""

    def __init__(
        self, lane: Lane, handler: ProxyConnectionHandler, tls: SSL.Connection | None
    ) -> None:
        self._lane, self._handler, self._tls = lane, handler, tls
        self._offered = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._up: asyncio.Transport
        self._down: asyncio.Transport
        self._stock: asyncio.StreamReaderProtocol

    def offer(self) -> None:
        """Take over as soon as mitmproxy's task sleeps."""
        if not self._offered:
            self._offered = True
            asyncio.get_running_loop().call_soon(self._take_over)

    def _take_over(self) -> None:
        self._offered = False
        lane, ends = self._lane, self._handler.transports
        above, below = ends.get(lane.http.conn), ends.get(lane.stream.context.client)
        if not lane.ready() or not above or not below or not _sleeps(above.reader):
            return
        up, down = _transport(above.writer), _transport(below.writer)
        if up is None or down is None or down.get_write_buffer_size():
            return
        stock = up.get_protocol()
        if type(stock) is asyncio.StreamReaderProtocol:
            self._up, self._down, self._stock = up, down, stock
            up.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        """Relay what GLM sends."""
        lane = self._lane
        if not lane.ready():
            self._give_back().data_received(data)
            return
        self._handler.timeout_watchdog.register_activity()
        ended = False
        try:
            if self._tls:
                data, ended = _decrypt(self._tls, data, self._up)
            self._send(lane.relay(data))
        except Exception:  # noqa: BLE001  # as in mitmproxy: it is told, and what follows goes on
            self._handler.log("the fast lane has crashed", logging.ERROR, exc_info=True)
        if lane.http.buf or ended:
            self._give_back()
            self._wake()
        if ended:  # asked again, OpenSSL will tell mitmproxy the same
            self._tell(events.DataReceived(lane.http.conn, b""))

    def _send(self, data: bytes) -> None:
        if not data or self._down.is_closing():
            return
        self._down.write(data)
        if self._down.get_write_buffer_size() > _MOST_UNREAD:
            self._give_back()

    def eof_received(self) -> bool | None:
        """Let mitmproxy see the end of the connection."""
        return self._give_back().eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        """Let mitmproxy see that the connection is gone."""
        self._give_back().connection_lost(error)

    def pause_writing(self) -> None:
        """Hold back who writes to GLM."""
        self._stock.pause_writing()

    def resume_writing(self) -> None:
        """Let go on who writes to GLM."""
        self._stock.resume_writing()

    def _give_back(self) -> asyncio.StreamReaderProtocol:
        if self._up.get_protocol() is self:
            self._up.set_protocol(self._stock)
        return self._stock

    def _wake(self) -> None:
        """Let mitmproxy look at what the lane left in its buffer."""
        request = commands.RequestWakeup(0)
        self._lane.parent.command_sources[request] = cast("HttpLayer", self._lane)
        self._tell(events.Wakeup(request))

    def _tell(self, event: events.Event) -> None:
        task = asyncio.get_running_loop().create_task(self._handler.server_event(event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def wire_for(lane: Lane) -> Wire | None:
    """Give the wire of a lane; None where the way between the sockets is not the plain one."""
    client = lane.stream.context.client
    proxies = ctx.master.addons.get("proxyserver")
    handler = proxies.connections.get(client.id) if proxies else None
    if type(handler) is not ProxyConnectionHandler or client.tls:
        return None
    layers = lane.http.context.layers
    tunnels = [each for each in layers if isinstance(each, TunnelLayer)]
    plain = (
        isinstance(asyncio.get_running_loop(), asyncio.SelectorEventLoop)
        and sum(isinstance(each, HttpLayer) for each in layers) == 1
        and [type(each) for each in tunnels] == [ServerTLSLayer] * lane.http.conn.tls
    )
    tls = cast("ServerTLSLayer", tunnels[0]).tls if plain and tunnels else None
    return Wire(lane, handler, tls) if plain else None


def _sleeps(reader: object) -> bool:
    """Tell whether who reads waits for bytes, and has none."""
    known = type(reader) is asyncio.StreamReader
    waiter = vars(reader).get("_waiter") if known else None
    return waiter is not None and not waiter.done()


def _transport(writer: object) -> asyncio.Transport | None:
    """Give the transport of an open connection."""
    transport = writer.transport if isinstance(writer, asyncio.StreamWriter) else None
    known = isinstance(transport, asyncio.Transport) and not transport.is_closing()
    return cast("asyncio.Transport", transport) if known else None


def _decrypt(tls: SSL.Connection, data: bytes, up: asyncio.Transport) -> tuple[bytes, bool]:
    """Do what `TLSLayer.receive_data` does; tells as well whether the peer has ended it."""
    plain: list[bytes] = []
    ended = False
    tls.bio_write(data)
    try:
        while True:
            plain.append(tls.recv(_RECORD))
    except SSL.WantReadError:
        pass
    except SSL.Error:
        ended = True
    try:
        while True:
            up.write(tls.bio_read(_RECORD))
    except SSL.WantReadError:
        return b"".join(plain), ended
