"""`python -m tests.bench.client`: the Codex of the measurements, as lean as it can be.

Bare sockets. While a stream runs it only reads, keeps what came with the time, and counts one byte
that stands once in each event; all parsing is done afterwards. Takes commands as lines of JSON on
stdin, each `[name, {arguments}]`, and answers each with one line:

    turns   one after the other, on one connection or on a new one each
    open    streams which the upstream holds, each on a connection of its own
    flow    reads all streams until so many events are there or the time is over
    drain   reads them to their ends, and judges them
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .request import Dialect, History, body
from .upstream import say
from .wire import END_OF_EVENT, Order, Piece, Reply, read_reply

_END = b"\r\n0\r\n\r\n"
"""The last bytes of a chunked body: no JSON on a line of its own can hold them."""
_PATIENCE = 30
"""Seconds after which a turn that says nothing is given up."""


class Target(NamedTuple):
    """Whom to ask, and how."""

    port: int
    path: str
    dialect: Dialect
    model: str
    key: str

    def request(self, order: Order, history: History) -> bytes:
        """Write a whole request."""
        content = body(self.dialect, self.model, order, history)
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Authorization: Bearer {self.key}\r\nContent-Type: application/json\r\n"
            f"Accept: text/event-stream\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        return head.encode() + content

    def connect(self) -> socket.socket:
        """Open a connection."""
        sock = socket.create_connection(("127.0.0.1", self.port), _PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock


@dataclass
class Stream:
    """One request and what came of it."""

    order: Order
    sock: socket.socket
    pieces: list[Piece] = field(default_factory=list)
    events: int = 0
    over: bool = False
    _tail: bytes = b""

    def read(self) -> None:
        """Read once."""
        data = self.sock.recv(1 << 18)
        self.pieces.append(Piece(time.monotonic_ns(), data))
        self.events += data.count(END_OF_EVENT)
        self._tail = (self._tail + data)[-len(_END) :]
        self.over = not data or self._tail == _END

    def reply(self) -> Reply:
        """Give what was read."""
        return read_reply(self.pieces)


def turns(target: Target, count: int, fresh: bool, events: int, history: History) -> dict[str, Any]:
    """Take `count` turns and give each one's times in ns, from before the connection was made.

    `event` is the first event of any kind, `text` the first with text, `asked` the moment when the
    upstream had the whole request.
    """
    times: dict[str, list[int]] = {"event": [], "text": [], "total": [], "asked": []}
    connections, bad = 0, []
    sock: socket.socket | None = None
    for number in range(count):
        order = Order(number, events, 0, 0)
        request = target.request(order, history)
        begin = time.monotonic_ns()
        if sock is None:
            sock, connections = target.connect(), connections + 1
        stream = Stream(order, sock)
        sock.sendall(request)
        while not stream.over:
            stream.read()
        reply = stream.reply()
        if not (reply.well and reply.in_order(number, events)):
            bad.append(_what_is_wrong(stream, reply))
        if reply.arrivals:
            times["event"].append(reply.first - begin)
            times["text"].append(reply.arrivals[0].arrived - begin)
            times["asked"].append(reply.arrivals[0].stamped - begin)
        times["total"].append(stream.pieces[-1].at - begin)
        if fresh or not stream.pieces[-1].data or b"connection: close" in _head(stream).lower():
            sock.close()
            sock = None
    if sock:
        sock.close()
    return {**times, "connections": connections, "bad": len(bad), "example": bad[:1]}


def _head(stream: Stream) -> bytes:
    return b"".join(piece.data for piece in stream.pieces[:3]).partition(b"\r\n\r\n")[0]


def _what_is_wrong(stream: Stream, reply: Reply) -> str:
    said = b"".join(piece.data for piece in stream.pieces)[-300:]
    numbers = f"{len(reply.arrivals)} texts, {reply.terminals}, ended {reply.ended}"
    return f"{reply.status}, {numbers}: {said.decode(errors='replace')}"


class Client:
    """The streams that are open."""

    def __init__(self) -> None:
        self._streams: dict[int, Stream] = {}
        self._epoll = select.epoll()
        self._events = 0

    def open(self, target: Target, count: int, events: int, rate: int) -> int:
        """Open streams, and wait until each has had its first event; gives how many have."""
        self._epoll = select.epoll()
        self._streams, self._events = {}, 0
        for number in range(count):
            order = Order(number, events, rate, 1)
            sock = target.connect()
            sock.sendall(target.request(order, History(0, 0)))
            self._streams[sock.fileno()] = Stream(order, sock)
            self._epoll.register(sock, select.EPOLLIN)
        self.flow(count, _PATIENCE)
        return sum(stream.events > 0 for stream in self._streams.values())

    def flow(self, events: int, seconds: float) -> int:
        """Read until that many events are there in all; gives how many came."""
        end = time.monotonic() + seconds
        while self._events < events and time.monotonic() < end and self._running():
            self._read_once()
        return self._events

    def _running(self) -> bool:
        return any(not stream.over for stream in self._streams.values())

    def _read_once(self) -> None:
        for number, _ in self._epoll.poll(0.1):
            stream = self._streams[number]
            before = stream.events
            try:
                stream.read()
            except OSError:
                stream.over = True
            self._events += stream.events - before
            if stream.over:
                self._epoll.unregister(stream.sock)

    def drain(self, sent: dict[str, int], seconds: float, begin: int, end: int) -> dict[str, Any]:
        """Read all streams to their ends and judge them.

        Args:
            sent: The number of the last event that the upstream sent, by stream.
            seconds: How long that may take.
            begin: Clock in ns; what arrived since then counts as within,
            end: and until then.

        """
        limit = time.monotonic() + seconds
        while self._running() and time.monotonic() < limit:
            self._read_once()
        streams = list(self._streams.values())
        replies = {stream.order.stream: stream.reply() for stream in streams}
        for stream in streams:
            with suppress(OSError):
                stream.sock.close()
        arrivals = [arrival for reply in replies.values() for arrival in reply.arrivals]
        within = [a for a in arrivals if begin <= a.arrived <= end and a.number]
        over = {stream.order.stream for stream in streams if stream.over}
        right = [
            number
            for number, reply in replies.items()
            if reply.is_right(number, sent.get(str(number), -1), number in over)
        ]
        return {
            "streams": len(streams),
            "right": len(right),
            "open": len(streams) - len(over),
            "within": len(within),
            "sent": sum(sent.values()),
            "late": sorted(a.arrived - a.stamped for a in within),
            "last": max((a.arrived for a in within), default=begin),
            "reads": len([p for s in streams for p in s.pieces if begin <= p.at <= end]),
        }


def obey(client: Client, name: str, arguments: dict[str, Any]) -> object:
    """Do what a command says."""
    if name == "turns":
        target, history = Target(*arguments.pop("target")), History(*arguments.pop("history"))
        return turns(target, history=history, **arguments)
    if name == "open":
        return client.open(Target(*arguments.pop("target")), **arguments)
    if name == "flow":
        return client.flow(**arguments)
    return client.drain(**arguments)


def main() -> None:
    """Obey until stdin ends; what fails is answered with its words."""
    client = Client()
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            say(obey(client, name, arguments))
        except Exception as error:  # noqa: BLE001  # the one who asked decides what it means
            say({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
