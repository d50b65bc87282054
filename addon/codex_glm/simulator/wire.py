"""A reply as bytes: status, headers and pieces, with the scripted faults built in."""

import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from codex_glm.simulator.error_codes import error_body, error_code
from codex_glm.simulator.reply import Reply
from codex_glm.simulator.scenarios import Fault
from codex_glm.simulator.stream import Envelope, completion, encode_chunk, stream_chunks

EVENT_STREAM = "text/event-stream;charset=UTF-8"
"""GLM's content type of a stream (observed 2026-03)."""

_JSON = "application/json; charset=UTF-8"
_DONE = b"data: [DONE]\n\n"
_FRAME_END = re.compile(rb"(?<=\n\n)|(?<=\r\n\r\n)")


@dataclass(frozen=True)
class WireReply:
    """What is written to the connection.

    Attributes:
        pieces: Chunks of the body, each flushed by itself.
        cut_after: Close the connection after so many pieces; None ends the body properly.
        stall: Seconds to wait before piece number `stall_before`.

    """

    status: int
    headers: Mapping[str, str]
    pieces: tuple[bytes, ...]
    cut_after: int | None = None
    stall: float = 0.0
    stall_before: int = field(default=0)


def encode_error(code: str, status: int, message: str) -> WireReply:
    """Encode an error in GLM's shape."""
    return WireReply(status, {"Content-Type": _JSON}, (_json_bytes(error_body(code, message)),))


def encode_json(body: Mapping[str, object], status: int = 200) -> WireReply:
    """Encode a plain JSON answer."""
    return WireReply(status, {"Content-Type": _JSON}, (_json_bytes(body),))


def encode_reply(reply: Reply, envelope: Envelope, *, stream: bool) -> WireReply:
    """Encode a reply, streamed or whole, and spoil it as its fault says."""
    fault = reply.fault or Fault()
    if fault.code:
        return _failed(fault, envelope)
    pieces: Iterable[bytes]
    if fault.raw is not None:
        pieces = (piece for piece in _FRAME_END.split(fault.raw) if piece)
    elif stream:
        pieces = _stream_pieces(reply, envelope, done=fault.done)
    else:
        pieces = (_json_bytes(completion(reply, envelope)),)
    content_type = fault.content_type or (EVENT_STREAM if stream else _JSON)
    headers = {"Content-Type": content_type, **_reply_headers(fault, envelope)}
    return WireReply(
        status=fault.status or 200,
        headers=headers,
        pieces=tuple(_compressed(pieces) if fault.gzip else pieces),
        cut_after=fault.cut_after,
        stall=fault.stall,
        stall_before=fault.stall_before,
    )


def _failed(fault: Fault, envelope: Envelope) -> WireReply:
    known = error_code(fault.code)
    error = error_body(fault.code, fault.message or known.message)
    headers = {"Content-Type": fault.content_type or _JSON, **_reply_headers(fault, envelope)}
    return WireReply(fault.status or known.status, headers, (_json_bytes(error),))


def _reply_headers(fault: Fault, envelope: Envelope) -> dict[str, str]:
    encoding = {"Content-Encoding": "gzip"} if fault.gzip and not fault.code else {}
    return {"X-Log-Id": envelope.id, **encoding, **fault.headers}


def _stream_pieces(reply: Reply, envelope: Envelope, *, done: bool) -> Iterator[bytes]:
    yield from (encode_chunk(chunk) for chunk in stream_chunks(reply, envelope))
    if done:
        yield _DONE


def _compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(wbits=31)
    for piece in pieces:
        yield compressor.compress(piece) + compressor.flush(zlib.Z_SYNC_FLUSH)
    yield compressor.flush()


def _json_bytes(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
