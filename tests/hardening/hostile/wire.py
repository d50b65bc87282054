"""A client of raw bytes, which waits for whole replies."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from tests.translation.grammar import TERMINAL, assert_valid
from tests.translation.support import events_of

if TYPE_CHECKING:
    from .case import Case

_WELL = ("response.completed", "response.incomplete")

SECONDS = 60
"""A bound for machines that are busy: what does not answer by then hangs."""


class Reply(NamedTuple):
    """One reply as it came."""

    status: int
    kind: str
    body: bytes
    closes: bool


def exchange(port: int, case: Case) -> list[Reply]:
    """Send a case's parts and give the replies; raises TimeoutError where one does not come."""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
        sending = threading.Thread(target=_send, args=(connection, case), daemon=True)
        sending.start()
        stream = _Stream(connection)
        replies = [_read(stream, case.method) for _ in case.replies]
        if not case.replies:
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1) == b"", "a reply to what was no request"
        elif replies[-1].closes:
            with contextlib.suppress(ConnectionResetError):
                assert stream.file.read() == b"", "more than was asked for"
        sending.join(SECONDS)
        assert not sending.is_alive(), "it neither reads nor closes"
    return replies


class _Stream:
    """A connection whose replies are read one after another out of one buffer."""

    def __init__(self, connection: socket.socket) -> None:
        self.file = connection.makefile("rb")

    def makefile(self, *_: object) -> _Stream:
        """Stand in for a socket, as HTTPResponse wants one."""
        return self

    def close(self) -> None:
        """Stay open, as the next reply may be in the buffer."""

    def __getattr__(self, name: str) -> object:
        return getattr(self.file, name)


def _send(connection: socket.socket, case: Case) -> None:
    with contextlib.suppress(OSError):  # a refusal may come before all is sent
        for part in case.parts:
            if isinstance(part, float):
                time.sleep(part)
            elif part is None:
                connection.shutdown(socket.SHUT_WR)
            else:
                connection.sendall(part if isinstance(part, bytes) else part())


def _read(stream: _Stream, method: str) -> Reply:
    response = HTTPResponse(cast("socket.socket", stream), method=method)
    try:
        response.begin()
        body = response.read()
    except HTTPException as error:
        raise AssertionError(f"no whole reply: {error!r}") from error
    kind, closes = response.headers.get("content-type", ""), response.will_close
    return Reply(response.status, kind, body, closes)


def check(case: Case, replies: list[Reply]) -> None:
    """Check that every reply is one of those that are fit, and well made."""
    for reply, fit in zip(replies, case.replies, strict=True):
        assert reply.status in fit, f"{case.id}: {reply.status} {reply.body[:300]!r}"
        if case.method == "HEAD":
            continue
        if reply.status >= 400:
            check_error(reply)
        elif reply.kind.startswith("text/event-stream"):
            told = events_of(reply.body)
            ends = [event["type"] in TERMINAL for event in told]
            assert ends == [False] * (len(ends) - 1) + [True]
            assert told[-1]["type"] in _WELL or is_too_long(told[-1]), told[-1]
            if not case.group.startswith("wrong"):  # else the object repeats what the client sent
                assert_valid(told)
        else:
            assert isinstance(json.loads(reply.body), dict)


def is_too_long(event: dict[str, Any]) -> bool:
    """Tell whether GLM was asked and found the prompt longer than any window."""
    error = event["response"]["error"]
    return bool(error) and error["code"] == "context_length_exceeded"


def check_error(reply: Reply) -> None:
    """Check OpenAI's error shape."""
    assert reply.kind == "application/json", reply
    error = json.loads(reply.body)["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert isinstance(error["message"], str)
    assert error["message"]
