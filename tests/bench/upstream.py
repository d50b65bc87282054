"""`python -m tests.bench.upstream`: the GLM of the measurements, as lean as it can be.

One thread, epoll and bare sockets. It answers each request with GLM's chunks, in the shape of the
recorded streams, one `send` each, as the request's mark asks (see `wire`). Its first line on stdout
is its port. Lines on its stdin:

    go        streams that are held begin
    finish    streams that are held stop sending and end; answers with what was sent of each
"""

from __future__ import annotations

import heapq
import json
import os
import select
import socket
import sys
import time
from contextlib import suppress

from .connection import HEAD, TAIL, Connection
from .wire import Order, read_order

_LIST = b'{"object":"list","data":[{"id":"glm-5.2","object":"model"}]}'
_BURST = 8
"""Events of one stream that are sent before the next one has its turn, flat out."""
_NAP = 0.0002
"""Seconds for which it sleeps at most while a paced stream runs: epoll counts in milliseconds."""


class Upstream:
    """All connections, and the loop that serves them."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.setblocking(False)
        self.port = int(self._listener.getsockname()[1])
        self._epoll = select.epoll()
        self._connections: dict[int, Connection] = {}
        self._flat: dict[int, Connection] = {}
        self._paced: list[tuple[int, int]] = []
        """When the next event of a connection is due, as a heap; the connection by its number."""
        self._epoll.register(self._listener, select.EPOLLIN)

    def serve(self) -> None:
        """Serve until stdin ends."""
        self._epoll.register(0, select.EPOLLIN)
        while True:
            for number, _ in self._epoll.poll(self._patience()):
                if number == 0:
                    if not self._obey(os.read(0, 4096)):
                        return
                elif number == self._listener.fileno():
                    self._accept()
                else:
                    self._serve(self._connections[number])
            self._send_due()
            self._send_flat()

    def _patience(self) -> float | None:
        if any(not connection.waiting for connection in self._flat.values()):
            return 0
        if not self._paced:
            return None
        wait = self._paced[0][0] / 1e9 - time.monotonic()
        if wait > 0:
            time.sleep(min(wait, _NAP))
        return 0

    def _accept(self) -> None:
        with suppress(BlockingIOError):
            while True:
                sock, _ = self._listener.accept()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._connections[sock.fileno()] = Connection(sock)
                self._epoll.register(sock, select.EPOLLIN)

    def _serve(self, connection: Connection) -> None:
        try:
            if connection.waiting:
                self._flush(connection)
            elif got := connection.request():
                self._begin(connection, *got)
        except BlockingIOError:
            pass
        except (EOFError, OSError):
            self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        self._flat.pop(connection.fileno(), None)
        self._connections.pop(connection.fileno(), None)
        connection.order = None
        self._epoll.unregister(connection)
        connection.sock.close()

    def _begin(self, connection: Connection, head: bytes, body: bytes) -> None:
        """Answer a request: event 0 at once, with the moment at which the request was whole."""
        whole = time.monotonic_ns()
        order = read_order(body)
        if head.startswith(b"GET") or order is None:
            length = b"Content-Length: %d\r\n\r\n" % len(_LIST)
            kind = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            connection.send(kind + length + _LIST)
            return
        connection.order, connection.held, connection.sent = order, bool(order.held), 0
        connection.event(0, whole, HEAD)
        if not order.held:
            self._start(connection, order, whole)

    def _start(self, connection: Connection, order: Order, now: int) -> None:
        if order.rate:
            heapq.heappush(self._paced, (now, connection.fileno()))
        else:
            self._flat[connection.fileno()] = connection

    def _send_due(self) -> None:
        """Send the events of paced streams that are due; one behind a full socket has to wait."""
        while self._paced and self._paced[0][0] <= (now := time.monotonic_ns()):
            due, number = heapq.heappop(self._paced)
            connection = self._connections.get(number)
            if connection is None or connection.order is None or not connection.order.rate:
                continue
            if not connection.waiting:
                self._next(connection, now)
            if connection.order and connection.sent < connection.order.events:
                step = 10**9 // connection.order.rate
                heapq.heappush(self._paced, (due + step, number))

    def _send_flat(self) -> None:
        for connection in list(self._flat.values()):
            for _ in range(_BURST):
                if connection.waiting or connection.fileno() not in self._flat:
                    break
                self._next(connection, time.monotonic_ns())

    def _next(self, connection: Connection, now: int) -> None:
        """Send the next event of a stream, and its end after the last one, unless it is held."""
        order = connection.order
        assert order
        try:
            if connection.sent < order.events and not connection.event(connection.sent + 1, now):
                self._epoll.modify(connection, select.EPOLLIN | select.EPOLLOUT)
            elif connection.sent >= order.events:
                self._flat.pop(connection.fileno(), None)
            if connection.sent >= order.events and not connection.held:
                self._end(connection)
        except OSError:
            self._drop(connection)

    def _flush(self, connection: Connection) -> None:
        if connection.send(connection.waiting):
            self._epoll.modify(connection, select.EPOLLIN)

    def _end(self, connection: Connection) -> None:
        self._flat.pop(connection.fileno(), None)
        connection.order = None
        if not connection.send(connection.waiting + TAIL):
            self._epoll.modify(connection, select.EPOLLIN | select.EPOLLOUT)

    def _obey(self, commands: bytes) -> bool:
        for command in commands.split():
            if command == b"go":
                self._go()
            elif command == b"finish":
                self._finish()
        return bool(commands)

    def _go(self) -> None:
        """Begin all held streams, their events spread evenly over the time between two."""
        held = [c for c in self._connections.values() if c.held and c.order]
        now = time.monotonic_ns()
        for place, connection in enumerate(held):
            assert connection.order
            rate = connection.order.rate
            phase = 10**9 // rate * place // len(held) if rate else 0
            self._start(connection, connection.order, now + phase)

    def _finish(self) -> None:
        held = [c for c in self._connections.values() if c.held and c.order]
        sent = {connection.order.stream: connection.sent for connection in held if connection.order}
        for connection in held:
            with suppress(OSError):
                self._end(connection)
            connection.held = False
        self._paced.clear()
        say(sent)


def say(value: object) -> None:
    """Write a line of JSON for the one who started this."""
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    upstream = Upstream()
    say(upstream.port)
    upstream.serve()
