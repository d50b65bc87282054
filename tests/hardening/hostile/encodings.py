"""Content encodings: unknown, broken, false, and bombs."""

from __future__ import annotations

import gzip
import zlib
from functools import cache
from typing import TYPE_CHECKING

import brotli
import zstandard

from .case import EITHER, SERVED, case, post, turn

if TYPE_CHECKING:
    from .case import Part

MEGABYTE = 1 << 20
BOMB = 1024
"""Megabytes that a bomb would have when it is decoded."""

_ZEROS = bytes(MEGABYTE)


def bomb_raw_deflate() -> bytes:
    """Give zeros without zlib's frame; blocks that end in a full flush can be repeated."""
    squeeze = zlib.compressobj(9, wbits=-15)
    return (squeeze.compress(_ZEROS) + squeeze.flush(zlib.Z_FULL_FLUSH)) * BOMB


def bomb_deflate() -> bytes:
    """Give the same with zlib's head."""
    return b"\x78\xda" + bomb_raw_deflate()


def bomb_gzip() -> bytes:
    """Give the same with gzip's head."""
    return b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + bomb_raw_deflate()


def bomb_gzip_in_members() -> bytes:
    """Give many whole gzip files in a row."""
    return gzip.compress(_ZEROS) * BOMB


def bomb_zstd() -> bytes:
    """Give one frame that tells its size."""
    return zstandard.compress(_ZEROS * 128)


def bomb_zstd_in_frames() -> bytes:
    """Give many frames in a row."""
    return zstandard.compress(_ZEROS) * BOMB


def bomb_zstd_of_lies() -> bytes:
    """Give a frame that tells a size of 2**62 and a window that is as large as can be."""
    return b"\x28\xb5\x2f\xfd" + b"\xc0" + b"\xff" + (2**62).to_bytes(8, "little") + b"\x03\0\0x"


@cache
def bomb_brotli() -> bytes:
    """Give a stream of zeros."""
    squeeze = brotli.Compressor(quality=1)
    pieces = [squeeze.process(_ZEROS) for _ in range(256)]
    return b"".join([*pieces, squeeze.finish()])


def encoded(body: bytes, encoding: str) -> bytes:
    """Make a turn whose body is declared as encoded."""
    return post(body, f"content-encoding: {encoding}")


def late(make: object, encoding: str) -> Part:
    """Make a turn only when it is sent."""
    assert callable(make)
    return lambda: encoded(make(), encoding)


GOOD = {
    "zstd": zstandard.compress(turn()),
    "gzip": gzip.compress(turn()),
    "br": brotli.compress(turn()),
    "deflate": zlib.compress(turn()),
    "identity": turn(),
}
RAW = zlib.compressobj(wbits=-15)
RAW_DEFLATE = RAW.compress(turn()) + RAW.flush()

CASES = [
    *(case("encodings", name, encoded(body, name), fit=SERVED) for name, body in GOOD.items()),
    case("encodings", "ZSTD", encoded(GOOD["zstd"], "ZSTD"), fit=SERVED),
    case("encodings", "raw deflate", encoded(RAW_DEFLATE, "deflate"), fit=SERVED),
    case("encodings", "two frames of zstd", encoded(
        zstandard.compress(turn()[:9]) + zstandard.compress(turn()[9:]), "zstd"), fit=SERVED),
    case("encodings", "20 MB in zstd", lambda: encoded(
        zstandard.compress(turn(input="x" * 20 * MEGABYTE)), "zstd"), fit=SERVED),
    *(
        case("encodings", f"unknown: {name}", encoded(turn(), name), fit=415)
        for name in ("x", "compress", "utf-16", "rot13", "zlib_codec", "gzip, gzip", "zstd;q=1")
    ),
    case("encodings", "empty", encoded(turn(), ""), fit=EITHER),
    case("encodings", "two headers", post(turn(), "content-encoding: gzip",
                                          "content-encoding: zstd"), fit=415),
    *(
        case("encodings", f"{name} that is none", encoded(turn(), name))
        for name in ("zstd", "gzip", "br", "deflate")
    ),
    *(
        case("encodings", f"{name} cut short", encoded(GOOD[name][:-5], name))
        for name in ("zstd", "gzip", "br", "deflate")
    ),
    *(
        case("encodings", f"{name}, empty", encoded(b"", name))
        for name in ("zstd", "gzip", "br", "deflate")
    ),
    case("encodings", "zstd called gzip", encoded(GOOD["zstd"], "gzip")),
    case("encodings", "garbage behind zstd", encoded(GOOD["zstd"] + b"xxxx", "zstd"), fit=EITHER),
    case("encodings", "garbage behind gzip", encoded(GOOD["gzip"] + b"xxxx", "gzip"), fit=EITHER),
    case("bombs", "gzip", late(bomb_gzip, "gzip"), fit=413),
    case("bombs", "gzip in members", late(bomb_gzip_in_members, "gzip"), fit=EITHER),
    case("bombs", "deflate", late(bomb_deflate, "deflate"), fit=413),
    case("bombs", "raw deflate", late(bomb_raw_deflate, "deflate"), fit=413),
    case("bombs", "zstd", late(bomb_zstd, "zstd"), fit=413),
    case("bombs", "zstd in frames", late(bomb_zstd_in_frames, "zstd"), fit=413),
    case("bombs", "zstd that lies", late(bomb_zstd_of_lies, "zstd"), fit=EITHER),
    case("bombs", "br", late(bomb_brotli, "br"), fit=413),
]  # fmt: skip
