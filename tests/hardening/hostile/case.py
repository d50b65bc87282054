"""One hostile request: the bytes on the wire, and what may come of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

END = None
"""A part that closes the client's half of the connection."""

type Part = bytes | float | Callable[[], bytes] | None
"""What is sent next: bytes, made late where they are many; or a pause in seconds; or END."""

HOST = b"codex.test"
"""The name that the proxy is told to answer to; its port is not known when the bytes are made."""

SERVED = 200
REFUSED = frozenset({400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 417, 421, 422, 426, 431})
EITHER = REFUSED | {SERVED}


class Case(NamedTuple):
    """What a client sends on a connection of its own.

    `replies` holds the statuses that are fit, for each reply that must come; none: the connection
    is closed without a word.
    """

    group: str
    name: str
    parts: tuple[Part, ...]
    replies: tuple[frozenset[int], ...]
    method: str = "POST"

    @property
    def id(self) -> str:
        """The case's name for pytest and for messages."""
        return f"{self.group}: {self.name}"


def head(
    *fields: str | bytes, line: bytes = b"POST /v1/responses HTTP/1.1", host: bool = True
) -> bytes:
    """Make the head of a request."""
    lines = [line, *([b"host: " + HOST] if host else [])]
    lines += [field.encode() if isinstance(field, str) else field for field in fields]
    return b"\r\n".join([*lines, b"", b""])


def post(body: bytes, *fields: str | bytes) -> bytes:
    """Make a turn with a body and its length."""
    length = f"content-length: {len(body)}"
    return head("content-type: application/json", length, *fields) + body


def turn(**fields: object) -> bytes:
    """Make the body of a small turn; a field that is `...` is left out."""
    whole = {"model": "glm-5.3", "input": "say fine", "stream": True, **fields}
    return json.dumps({k: v for k, v in whole.items() if v is not ...}).encode()


def case(group: str, name: str, *parts: Part, fit: int | frozenset[int] = 400) -> Case:
    """Make a case with one reply."""
    return Case(group, name, parts, (frozenset({fit}) if isinstance(fit, int) else fit,))


GOOD = post(turn())
