"""A GLM that writes its reply piece by piece, and a client that sees every byte."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import ssl
import struct
import threading
import time
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, NamedTuple

from .fake_upstream import HOLD, RESET, FakeUpstream, _read_request
from .support import turn_body

if TYPE_CHECKING:
    from pathlib import Path

    from .support import ProxyThread

GOODBYE = "goodbye"
"""A reply that ends with TLS's own word for it, before the connection is closed."""
_TURNS = 16
"""Turns of the proxy's loop after which it has done all that a piece gives it to do."""
_CHANGING = re.compile(rb"[0-9a-f]{32}|(?<=_at\":)[0-9]+(?:\.[0-9]+)?")
"""What differs between two turns that are alike: ids and times."""


type Pieces = tuple[bytes | threading.Event, ...]


class Script(NamedTuple):
    """A reply in pieces, each a write of its own, and how the connection ends.

    Where an event stands for a piece, the reply waits for it.
    """

    pieces: Pieces
    end: str = ""
    pause: float = 0


class PacedUpstream(FakeUpstream):
    """Answers each request with the next of `scripts`, the last one again and again."""

    def __init__(self, *scripts: Script, certificate: Path | None = None) -> None:
        super().__init__()
        self.scripts = list(scripts)
        self.proxy: ProxyThread | None = None
        """Who has to be done with a piece before the next one is written."""
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
        if self._tls and certificate:
            self._tls.load_cert_chain(certificate)

    @property
    def base_url(self) -> str:
        return super().base_url.replace("http:", "https:" if self._tls else "http:")

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, CancelledError):  # the proxy may end meanwhile
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            super()._serve(connection, number)

    def _answer(self, connection: socket.socket, number: int) -> bool:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        seen = _read_request(connection, number)
        if seen is None:
            return False
        self.seen.append(seen)
        with self._lock:
            script = self.scripts[0]
            del self.scripts[: len(self.scripts) > 1]
        for piece in script.pieces:
            if isinstance(piece, threading.Event):
                assert piece.wait(20), "the reply was not let go on"
                continue
            connection.sendall(piece)
            time.sleep(script.pause)
            if self.proxy and (script.end or piece is not script.pieces[-1]):
                self.proxy.run(_some_turns())
        if script.end:
            self._end_as(script.end, connection)
        return not script.end

    def _end_as(self, end: str, connection: socket.socket) -> None:
        if end == HOLD:
            connection.settimeout(10)
            with contextlib.suppress(ConnectionError):
                assert connection.recv(1) == b""
            self.left.set()
        if end == RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if end == GOODBYE and isinstance(connection, ssl.SSLSocket):
            connection.settimeout(1)
            with contextlib.suppress(OSError):
                connection.unwrap()
        connection.close()


async def _some_turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class Got(NamedTuple):
    """A reply as it came: its head, its body without chunks, and whether that was whole."""

    head: bytes
    body: bytes
    whole: bool
    """Whether the last chunk came; else the proxy closed the connection."""

    @property
    def steady(self) -> Got:
        """The same without what differs from turn to turn."""
        return self._replace(body=_CHANGING.sub(b"0", self.body))


class RawClient:
    """A client of one connection."""

    def __init__(self, port: int, receive_buffer: int = 0) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(10)
        self.socket.connect(("127.0.0.1", port))
        self._data, self._port = b"", port

    def ask(self, **fields: object) -> Got:
        self.send(**fields)
        return self.receive()

    def send(self, **fields: object) -> None:
        body = json.dumps(turn_body(**fields)).encode()
        lines = [
            "POST /v1/responses HTTP/1.1",
            f"Host: 127.0.0.1:{self._port}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        self.socket.sendall("\r\n".join([*lines, "\r\n"]).encode() + body)

    def receive(self) -> Got:
        head, body = self._until(b"\r\n\r\n"), b""
        assert b"chunked" in head, head
        while line := self._until(b"\r\n"):
            size = int(line, 16)
            piece = self._exactly(size + 2)
            if not size:
                return Got(head, body, whole=True)
            body += piece[:-2]
        return Got(head, body, whole=False)

    def count(self, piece: bytes) -> int:
        """Read to the end of a large reply, and tell how often `piece` is in it."""
        found, tail = 0, self._data
        while not tail.endswith(b"\r\n0\r\n\r\n"):
            data = self.socket.recv(1 << 18)
            assert data, "cut"
            found += (tail + data).count(piece) - tail.count(piece)
            tail = (tail + data)[-max(len(piece), 16) :]
        return found

    def close(self) -> None:
        self.socket.close()

    def _until(self, end: bytes) -> bytes:
        while end not in self._data:
            if not self._more():
                assert not self._data, self._data
                return b""
        found, _, self._data = self._data.partition(end)
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._data) < size:
            assert self._more(), "cut inside a chunk"
        found, self._data = self._data[:size], self._data[size:]
        return found

    def _more(self) -> bool:
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        self._data += data
        return bool(data)
