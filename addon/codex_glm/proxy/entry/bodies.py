"""A request's body as JSON, decoded no further than it may go: a kilobyte can hold gigabytes."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING

import brotli
import zstandard

from codex_glm.translation.errors import RequestError
from codex_glm.translation.wire.wire_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mitmproxy.http import Request

    from codex_glm.translation.wire.wire_json import JsonObject

_PIECE = 1 << 20
"""Bytes that are decoded at a time."""


def read_body(request: Request, most: int) -> JsonObject:
    """Give the JSON object that a request holds; its encoding is one of `replies.ENCODINGS`.

    Raises RequestError: with status 413 where it has more than `most` bytes. Such a body is taken
    off the request, as every view and every dump would decode it once more; 0 sets no limit.
    """
    raw = request.raw_content or b""
    encoding = request.headers.get("content-encoding", "").strip().lower()
    try:
        body = _decode(raw, encoding, most)
    except (ValueError, zlib.error, brotli.error, zstandard.ZstdError) as error:
        words = f"The body is not {encoding}: {error}"
        raise RequestError(words, code="invalid_encoding") from error
    if most and len(body) > most:
        request.headers.pop("content-encoding", None)
        request.content = b"(too large, not kept)"
        words = f"The body has more than {most:,} bytes, which is `glm_max_body` of this proxy."
        raise RequestError(words, code="request_too_large", status=413)
    try:
        return parse_object(body)
    except ValueError as error:
        words = f"The body is not JSON: {error}"
        raise RequestError(words, code="invalid_json") from error


def _decode(raw: bytes, encoding: str, most: int) -> bytes:
    """Decode a body, or so much of it that it is known to be too long."""
    pieces = _DECODERS.get(encoding)
    if not pieces or not raw:
        return raw
    out = bytearray()
    for piece in pieces(raw):
        out += piece
        if most and len(out) > most:
            break
    return bytes(out)


def _zlib(raw: bytes, window: int) -> Iterator[bytes]:
    while raw:
        decoder = zlib.decompressobj(window)
        while raw and not decoder.eof:
            yield decoder.decompress(raw, _PIECE)
            raw = decoder.unconsumed_tail
        yield decoder.flush()
        if not decoder.eof:
            raise ValueError("it is cut short")
        raw = decoder.unused_data


def _deflate(raw: bytes) -> Iterator[bytes]:
    """Decode deflate in the frame that the standard asks for, or in none, as some send it."""
    try:
        zlib.decompressobj().decompress(raw, 1)
    except zlib.error:
        return _zlib(raw, -zlib.MAX_WBITS)
    return _zlib(raw, zlib.MAX_WBITS)


def _brotli(raw: bytes) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    yield decoder.process(raw, output_buffer_limit=_PIECE)
    while not decoder.is_finished():
        if decoder.can_accept_more_data():
            raise ValueError("it is cut short")
        yield decoder.process(b"", output_buffer_limit=_PIECE)


def _zstd(raw: bytes) -> Iterator[bytes]:
    reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(raw), read_across_frames=True)
    return iter(lambda: reader.read(_PIECE), b"")


_DECODERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": lambda raw: _zlib(raw, zlib.MAX_WBITS | 32),
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
