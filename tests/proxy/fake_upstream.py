"""A GLM of raw bytes, for what no well-behaved server does: cuts, resets, wrong bodies."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    type Reply = bytes | Step | Callable[[Seen], bytes | Step]

CUT, RESET, HOLD = "cut", "reset", "hold"
"""How a reply may end, other than well: FIN, RST, or not at all until the client leaves."""


class Seen(NamedTuple):
    """One request as it came over the wire."""

    connection: int
    head: str
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.split("\r\n")[1:]
        return {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}


def reply(
    body: bytes = b"", status: int = 200, kind: str = "application/json", **headers: str
) -> bytes:
    """Make a reply with a length."""
    fields = {"content-type": kind, "content-length": str(len(body)), **headers}
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items()]
    return f"HTTP/1.1 {status} X\r\n{''.join(lines)}\r\n".encode() + body


def chunked(*pieces: bytes, ended: bool = True) -> bytes:
    """Make a streamed reply, with or without its end."""
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return head + body + (b"0\r\n\r\n" if ended else b"")


def chunk(text: str = "", finish: str | None = None) -> bytes:
    """Frame one chunk of GLM's."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def error(code: str, status: int = 429) -> bytes:
    """Make an error reply of GLM."""
    body = json.dumps({"error": {"code": code, "message": "m"}}).encode()
    return reply(body, status)


def thinking(text: str = "Hm. ") -> bytes:
    """Frame one chunk of thinking."""
    choice = {"index": 0, "delta": {"reasoning_content": text}}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


WHOLE = chunked(chunk("Hello."), chunk(finish="stop"), b"data: [DONE]\n\n")


class Step(NamedTuple):
    """A reply with an end of its own; `pause` seconds lie before it and before the end.

    `rest` comes behind the second pause, in a write of its own.
    """

    reply: bytes = b""
    end: str = ""
    pause: float = 0
    rest: bytes = b""


class FakeUpstream:
    """Answers each request with the next of `replies`, the last one again and again.

    A reply may also be a function that makes it from the request, while the client waits.
    """

    def __init__(self, *replies: Reply, end: str = "", listens: bool = True) -> None:
        self.seen: list[Seen] = []
        self.left = threading.Event()
        """The client left while a reply was held."""
        self.connections = 0
        self._replies = list(replies)
        self._end = end
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listens = listens
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v4"

    def __enter__(self) -> Self:
        if self._listens:
            self.listen()
        return self

    def listen(self) -> None:
        """Begin to listen; until then connections are refused."""
        self._listener.listen(128)
        threading.Thread(target=self._accept, daemon=True).start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                arguments = (connection, self.connections)
                threading.Thread(target=self._serve, args=arguments, daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):
            while self._answer(connection, number):
                pass

    def _answer(self, connection: socket.socket, number: int) -> bool:
        seen = _read_request(connection, number)
        if seen is None:
            return False
        self.seen.append(seen)
        step = self._next(seen)
        time.sleep(step.pause)
        connection.sendall(step.reply)
        time.sleep(step.pause)
        connection.sendall(step.rest)
        end = step.end or self._end
        if end == HOLD:
            connection.settimeout(5)
            if connection.recv(1) == b"":
                self.left.set()
        if end == RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if end:
            connection.close()
        return not end

    def _next(self, seen: Seen) -> Step:
        if not self._replies:
            return Step()
        with self._lock:
            reply = self._replies[0]
            del self._replies[: len(self._replies) > 1]
        if callable(reply):
            reply = reply(seen)
        return reply if isinstance(reply, Step) else Step(reply)


def _read_request(connection: socket.socket, number: int) -> Seen | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    seen = Seen(number, head.decode("latin-1"), b"")
    while len(body) < int(seen.headers.get("content-length", "0")):
        body += connection.recv(65536)
    return seen._replace(body=body)
