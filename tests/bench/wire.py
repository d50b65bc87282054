"""What goes over the wire in a measurement: the marks in it, and how a reply is read.

A request ends with a mark that says what the upstream is to do, as `bench(7,20,30,1)`: stream 7,
20 events after the first one, 30 a second (0: as fast as it can), held until told to go on. It
stands in the user's last message, so that it comes through any translation.

An event's text is `7.3.1b2c3d4e~ `: stream, number, the machine's clock in nanoseconds as hex.
The clock of event 0 is the moment at which the upstream had the whole request.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

END_OF_EVENT = b"~"
"""Stands once in each event's text, and nowhere else in a reply until its end."""

_ORDER = re.compile(rb"bench\((\d+),(\d+),(\d+),([01])\)")
_MARK = re.compile(r"(\d+)\.(\d+)\.([0-9a-f]+)~")
_TERMINALS = ("response.completed", "response.incomplete", "response.failed", "error")


class Order(NamedTuple):
    """What a request asks of the upstream."""

    stream: int
    events: int
    rate: int
    held: int

    def __str__(self) -> str:
        return f"bench({self.stream},{self.events},{self.rate},{self.held})"


def read_order(body: bytes) -> Order | None:
    """Find the mark in a request's body, from its end on."""
    found = _ORDER.match(body, max(body.rfind(b"bench("), 0))
    return Order(*map(int, found.groups())) if found else None


class Arrival(NamedTuple):
    """One event's text as it reached the client; times in ns of the monotonic clock."""

    stream: int
    number: int
    stamped: int
    arrived: int


class Piece(NamedTuple):
    """What one read of a socket gave."""

    at: int
    data: bytes


@dataclass
class Reply:
    """A reply as read: its texts in the order of their arrival, and how it ended."""

    status: int = 0
    first: int = 0
    """When its first event was there, of whatever kind."""
    arrivals: list[Arrival] = field(default_factory=list)
    terminals: list[str] = field(default_factory=list)
    """Types of the events that end a stream, `[DONE]` in the chat dialect."""
    ended: bool = False
    """Whether the body came to its regular end."""

    @property
    def well(self) -> bool:
        """Whether it ended as it should: one terminal event, of success."""
        return self.ended and self.terminals in (["response.completed"], ["[DONE]"])

    def is_right(self, stream: int, sent: int, over: bool) -> bool:
        """Whether nothing is wrong: all that was sent if it is over, else as far as it has come."""
        if over:
            return self.well and self.in_order(stream, sent)
        return self.in_order(stream, len(self.arrivals) - 1)

    def in_order(self, stream: int, events: int) -> bool:
        """Whether exactly these events arrived: this stream's, each once, in their order."""
        got = [(arrival.stream, arrival.number) for arrival in self.arrivals]
        return got == [(stream, number) for number in range(events + 1)]


def read_reply(pieces: Iterable[Piece]) -> Reply:
    """Read a whole reply, in Responses events or in chat chunks.

    A text counts once: where it is a delta. The events that repeat it at the end are passed over.
    """
    reply = Reply()
    for at, event in _events(_body(pieces, reply)):
        reply.first = reply.first or at
        _take(reply, at, event)
    return reply


def _take(reply: Reply, at: int, event: bytes) -> None:
    data = b"".join(line[5:].strip() for line in event.split(b"\n") if line.startswith(b"data:"))
    if data == b"[DONE]":
        # A Responses stream may have one as well, after its own end.
        reply.terminals += [] if reply.terminals else ["[DONE]"]
        return
    value = json.loads(data) if data else {}
    kind = value.get("type", "")
    if kind in _TERMINALS or "error" in value:
        reply.terminals.append(kind or "error")
    text = ""
    if kind == "response.output_text.delta":
        text = value["delta"]
    elif value.get("choices"):
        text = value["choices"][0]["delta"].get("content") or ""
    for stream, number, stamp in _MARK.findall(text):
        reply.arrivals.append(Arrival(int(stream), int(number), int(stamp, 16), at))


def _events(pieces: Iterable[Piece]) -> Iterator[tuple[int, bytes]]:
    rest = b""
    for at, data in pieces:
        *whole, rest = (rest + data).replace(b"\r\n", b"\n").split(b"\n\n")
        for event in whole:
            yield at, event


def _body(pieces: Iterable[Piece], reply: Reply) -> Iterator[Piece]:
    """Give the body of an HTTP/1.1 reply without its framing."""
    head, chunks = b"", None
    for at, got in pieces:
        data = got
        if chunks is None:
            head += data
            if b"\r\n\r\n" not in head:
                continue
            lines, _, data = head.partition(b"\r\n\r\n")
            reply.status = int(lines.split(b" ", 2)[1])
            chunks = Chunks(b"transfer-encoding: chunked" in lines.lower())
        yield Piece(at, chunks.feed(data))
        reply.ended = chunks.ended


class Chunks:
    """Takes the framing of HTTP/1.1 off; without framing the end is not seen."""

    def __init__(self, chunked: bool = True) -> None:
        self.ended = False
        self._chunked = chunked
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Give what the data holds of the body; what is not whole waits for more."""
        if not self._chunked:
            return data
        data, begin, out = self._rest + data, 0, []
        while not self.ended and (line := data.find(b"\r\n", begin)) >= 0:
            size = int(data[begin:line].partition(b";")[0], 16)
            end = line + 2 + size
            if len(data) < end + 2:
                break
            out.append(data[line + 2 : end])
            begin, self.ended = end + 2, size == 0
        self._rest = data[begin:]
        return b"".join(out)
