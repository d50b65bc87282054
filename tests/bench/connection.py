"""One connection of the upstream: reads requests, writes GLM's chunks, never waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .wire import Chunks

if TYPE_CHECKING:
    import socket

    from .wire import Order

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
    b"Connection: keep-alive\r\n\r\n"
)
_COMMON = (
    b'{"id":"20261122201501e162ecc8207a4c47","created":1795349701,'
    b'"object":"chat.completion.chunk","model":"glm-5.2","choices":[{"index":0,'
)
_BEFORE = b"data: " + _COMMON + b'"delta":{"role":"assistant","content":"'
_AFTER = b'"}}]}\n\n'
_STOP = (
    b"data: "
    + _COMMON
    + b'"finish_reason":"stop","delta":{"role":"assistant","content":""}}],"usage":'
    b'{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,'
    b'"prompt_tokens_details":{"cached_tokens":80}}}\n\n'
)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


TAIL = _chunk(_STOP) + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"


class Connection:
    """One client, and the stream that it gets."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.order: Order | None = None
        self.waiting = b""
        """What the socket did not take."""
        self.sent = 0
        """The number of the last event sent."""
        self.held = False
        self._got = bytearray()

    def fileno(self) -> int:
        return self.sock.fileno()

    def request(self) -> tuple[bytes, bytes] | None:
        """Read; give head and body once there is a whole request. Raises EOFError at the end."""
        data = self.sock.recv(1 << 20)
        if not data:
            raise EOFError
        self._got += data
        head_end = self._got.find(b"\r\n\r\n", 0, 65536)
        if head_end < 0:
            return None
        head = bytes(self._got[:head_end])
        body = self._body(head.lower(), head_end + 4)
        if body is None:
            return None
        self._got.clear()
        return head, body

    def _body(self, head: bytes, begin: int) -> bytes | None:
        if b"transfer-encoding: chunked" in head:
            chunks = Chunks()
            body = (
                chunks.feed(bytes(self._got[begin:])) if self._got.endswith(b"0\r\n\r\n") else b""
            )
            return body if chunks.ended else None
        _, _, rest = head.partition(b"content-length:")
        length = int(rest.split(b"\r\n", 1)[0] or 0)
        return bytes(self._got[begin:]) if len(self._got) >= begin + length else None

    def send(self, data: bytes) -> bool:
        """Send at once; keeps what is not taken. Tells whether all of it was."""
        try:
            taken = self.sock.send(data)
        except BlockingIOError:
            taken = 0
        self.waiting = data[taken:]
        return not self.waiting

    def event(self, number: int, stamp: int, head: bytes = b"") -> bool:
        """Send one event, the first one with the reply's head; tells whether the socket took it."""
        assert self.order
        text = b"%d.%d.%x~ " % (self.order.stream, number, stamp)
        self.sent = number
        return self.send(head + _chunk(_BEFORE + text + _AFTER))
