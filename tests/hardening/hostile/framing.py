"""Lengths, transfer encodings, slow and half requests, several on one connection."""

from __future__ import annotations

from .case import EITHER, END, GOOD, REFUSED, SERVED, Case, Part, case, head, turn

BODY = turn()
JSON = "content-type: application/json"
LENGTH = len(BODY)
CHUNKED = "transfer-encoding: chunked"


def lengthy(*lengths: object, body: bytes = BODY) -> bytes:
    """Send a turn with such content lengths."""
    return head(JSON, *(f"content-length: {length}" for length in lengths)) + body


def chunked(body: bytes, *fields: str, coding: str = CHUNKED) -> bytes:
    """Send a turn in chunks as given."""
    return head(JSON, coding, *fields) + body


def one_chunk(data: bytes = BODY, size: bytes = b"", end: bytes = b"0\r\n\r\n") -> bytes:
    """Frame a chunk."""
    return (size or b"%x" % len(data)) + b"\r\n" + data + b"\r\n" + end


BYTE_BY_BYTE = b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n"
SOUND = chunked(one_chunk())

LENGTHS: dict[str, tuple[object, ...]] = {
    "negative": (-1,),
    "plus": (f"+{LENGTH}",),
    "word": ("many",),
    "empty": ("",),
    "hexadecimal": (hex(LENGTH),),
    "fraction": (f"{LENGTH}.0",),
    "leading zero": (f"0{LENGTH}",),
    "two in one": (f"{LENGTH}, {LENGTH}",),
    "two that differ": (LENGTH, LENGTH + 1),
    "two that agree": (LENGTH, LENGTH),
    "Arabic digits": ("٢٠",),
    "2**64": (2**64,),
    "10**5000": ("1" + "0" * 5000,),
    "1 TB": (10**12,),
    "100 MB": (100 * 2**20,),
}
CODINGS = (
    *("x", "identity", "gzip", "chunked, chunked", "chunked, gzip", "gzip, chunked", "\xff", ""),
    *("chunked;x=1", "xchunked", "chunkedx", "chunKed, identity"),
)
BAD_CHUNKS: dict[str, bytes] = {
    "size is a word": one_chunk(size=b"many"),
    "size is negative": one_chunk(size=b"-1"),
    "size is empty": b"\r\n" + BODY,
    "size of 5,000 digits": one_chunk(size=b"0" * 5000),
    "0x": one_chunk(size=b"0x10"),
    "data longer than its size": one_chunk(size=b"5"),
    "NUL in the size": one_chunk(size=b"\x005"),
}


def pipelined(name: str, *requests: bytes, fit: tuple[frozenset[int], ...]) -> Case:
    """Send several requests at once."""
    return Case("pipelining", name, requests, fit)


def dribble(data: bytes, step: int) -> tuple[Part, ...]:
    """Send bytes in small pieces, with pauses."""
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    return tuple(part for piece in pieces for part in (piece, 0.002))


OK, NO = frozenset({SERVED}), REFUSED
MODELS = head(line=b"GET /v1/models HTTP/1.1")

CASES = [
    *(case("lengths", n, lengthy(*given), fit=REFUSED) for n, given in LENGTHS.items()
      if n != "two that agree"),
    case("lengths", "two that agree", lengthy(LENGTH, LENGTH), fit=EITHER),
    case("lengths", "none", lengthy(), fit=REFUSED),
    case("lengths", "0", lengthy(0, body=b"")),
    case("lengths", "too short", lengthy(LENGTH - 5)),
    Case("lengths", "too long, then the end", (lengthy(LENGTH + 5), END), (NO,)),
    Case("lengths", "1 MB, nothing comes", (lengthy(2**20, body=b""), END), (NO,)),
    Case("lengths", "too short, and the rest is a request",
         (lengthy(LENGTH, body=BODY + MODELS),), (OK, OK)),
    *(case("transfer encodings", name, chunked(one_chunk(), coding=f"transfer-encoding: {name}"),
           fit=SERVED if name == "gzip, chunked" else REFUSED) for name in CODINGS
      if name not in ("gzip, chunked", "identity")),
    case("transfer encodings", "gzip, chunked", chunked(
        one_chunk(), coding="transfer-encoding: gzip, chunked"), fit=EITHER),
    case("transfer encodings", "identity", chunked(
        BODY, f"content-length: {LENGTH}", coding="transfer-encoding: identity"), fit=EITHER),
    case("transfer encodings", "with a length", chunked(one_chunk(), f"content-length: {LENGTH}")),
    case("transfer encodings", "with a length of 0", chunked(one_chunk(), "content-length: 0")),
    case("transfer encodings", "twice", chunked(one_chunk(), CHUNKED)),
    case("transfer encodings", "in HTTP/1.0", head(
        JSON, CHUNKED, line=b"POST /v1/responses HTTP/1.0") + one_chunk(), fit=REFUSED),
    case("transfer encodings", "CHUNKED", chunked(
        one_chunk(), coding="Transfer-Encoding: CHUNKED"), fit=SERVED),
    case("transfer encodings", "byte by byte", chunked(BYTE_BY_BYTE), fit=SERVED),
    case("transfer encodings", "20 MB in chunks", lambda: chunked(
        b"".join(one_chunk(b" " * 65536, end=b"") for _ in range(320)) + one_chunk()), fit=SERVED),
    case("transfer encodings", "100 MB in chunks", lambda: chunked(
        one_chunk(b" " * 65536, end=b"") * 1600 + one_chunk()), fit=413),
    case("transfer encodings", "extension", chunked(
        one_chunk(size=b"%x;a=b" % LENGTH)), fit=SERVED),
    case("transfer encodings", "trailers", chunked(
        one_chunk(end=b"0\r\nx-sum: 1\r\n\r\n")), fit=EITHER),
    case("transfer encodings", "a trailer with a length", chunked(
        one_chunk(end=b"0\r\ncontent-length: 5\r\n\r\n")), fit=EITHER),
    *(case("chunks", name, chunked(body), fit=REFUSED) for name, body in BAD_CHUNKS.items()),
    case("chunks", "extension of 100 kB", chunked(one_chunk(
        size=b"%x;" % LENGTH + b"a" * 100_000)), fit=EITHER),
    Case("chunks", "size of 20 digits", (chunked(one_chunk(size=b"f" * 20)), 0.2, END), (NO,)),
    Case("chunks", "no end", (chunked(one_chunk(end=b"")), END), (NO,)),
    Case("half requests", "nothing", (END,), ()),
    Case("half requests", "one byte", (b"P", END), (NO,)),
    Case("half requests", "half a line", (b"POST /v1/resp", END), (NO,)),
    Case("half requests", "half a head", (GOOD[:60], END), (NO,)),
    Case("half requests", "half a body", (GOOD[:-20], END), (NO,)),
    Case("half requests", "a good one, then the end", (GOOD, END), ()),
    Case("half requests", "a turn and half of the next", (GOOD + GOOD[:50], 0.3, END), (OK, NO)),
    case("half requests", "a head of 1 MB without an end", head(JSON)[:-2] + b"x: " +
         b"a" * 2**20, fit=REFUSED),
    case("half requests", "a head of 1 MB of lines without an end", head(JSON)[:-2] +
         b"x: aaaaaaaaaaaa\r\n" * 2**16, fit=REFUSED),
    Case("slow", "byte by byte", dribble(GOOD, 1), (OK,)),
    Case("slow", "in sevens", dribble(SOUND, 7), (OK,)),
    Case("slow", "a pause in the head", (GOOD[:40], 0.5, GOOD[40:]), (OK,)),
    Case("slow", "a pause in the body", (GOOD[:-9], 0.5, GOOD[-9:]), (OK,)),
    Case("slow", "a pause before the body", (head(
        JSON, f"content-length: {LENGTH}", "expect: 100-continue"), 0.3, BODY), (OK,)),
    pipelined("two turns", GOOD, GOOD, fit=(OK, OK)),
    pipelined("five turns", *[GOOD] * 5, fit=(OK,) * 5),
    pipelined("twenty lists", *[MODELS] * 20, fit=(OK,) * 20),
    pipelined("a bad one between", GOOD, lengthy(LENGTH, body=b"{" * LENGTH), GOOD,
              fit=(OK, NO, OK)),
    pipelined("a broken one behind", GOOD, b"\0\0\0\r\n\r\n", fit=(OK, NO)),
    pipelined("chunks and lengths", SOUND, GOOD, SOUND, fit=(OK, OK, OK)),
    pipelined("HTTP/2 behind", MODELS, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", fit=(OK, NO)),
]  # fmt: skip
