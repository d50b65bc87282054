"""HTTP/1 chunks taken apart, as far as they are plain; whatever is odd is left to h11."""

from __future__ import annotations

import re
from typing import NamedTuple

LINE_END = b"\r\n"
_HEADER = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")
"""A chunk's header without extensions. h11 takes more, and is asked where this does not match."""


class Taken(NamedTuple):
    """What was taken from bytes of a chunked body, and where that stopped."""

    payload: bytes
    end: int
    """Where the bytes begin that were left: none, an odd header, or the end of the body."""
    missing: int
    """Bytes of the last chunk that are still to come."""
    foot: bytes
    """Line end to be skipped before the next header; empty inside a chunk and between two."""


def take(data: bytes, missing: int, foot: bytes) -> Taken:
    """Take the payload of chunks; `missing` and `foot` are where the last call stopped."""
    pieces: list[bytes] = []
    at, end = 0, len(data)
    while at < end:
        if missing:
            piece = data[at : at + missing]
            pieces.append(piece)
            at += len(piece)
            missing -= len(piece)
            foot = b"" if missing else LINE_END
        elif foot:
            if not data.startswith(foot, at):
                break
            at += len(foot)
            foot = b""
        else:
            header = _HEADER.match(data, at)
            missing = int(header[1], 16) if header else 0
            if not header or not missing:
                break
            at = header.end()
    return Taken(pieces[0] if len(pieces) == 1 else b"".join(pieces), at, missing, foot)
