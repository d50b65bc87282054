"""Bodies are decoded so far as they may go, and no further."""

from __future__ import annotations

import contextlib
import gzip
import json
import zlib
from typing import TYPE_CHECKING

import brotli
import pytest
import zstandard
from codex_glm.proxy.entry.bodies import read_body
from codex_glm.translation.errors import RequestError
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.http import Request

if TYPE_CHECKING:
    from collections.abc import Callable

VALUE = {"a": "x" * 5000}
BODY = json.dumps(VALUE).encode()


def _raw_deflate(body: bytes) -> bytes:
    return zlib.compress(body, wbits=-15)


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate ": _raw_deflate,
    "br": brotli.compress,
    "ZSTD": zstandard.compress,
    "identity": bytes,
    "": bytes,
}


def made(raw: bytes, encoding: str) -> Request:
    request = Request.make("POST", "http://127.0.0.1/v1/responses")
    request.headers["content-encoding"] = encoding
    request.raw_content = raw
    return request


def fault(request: Request, most: int) -> tuple[int, str]:
    with pytest.raises(RequestError) as caught:
        read_body(request, most)
    failure = caught.value.failure
    return failure.status, failure.code


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize("most", [0, len(BODY)])
def test_sound_bodies(encoding: str, most: int) -> None:
    assert read_body(made(ENCODERS[encoding](BODY), encoding), most) == VALUE


@pytest.mark.parametrize("encoding", ENCODERS)
def test_a_body_that_is_too_long_is_not_kept(encoding: str) -> None:
    request = made(ENCODERS[encoding](BODY), encoding)
    assert fault(request, len(BODY) - 1) == (413, "request_too_large")
    assert request.content == b"(too large, not kept)"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "ZSTD"])
def test_broken_bodies(encoding: str) -> None:
    whole = ENCODERS[encoding](BODY)
    assert fault(made(b"{}", encoding), 0) == (400, "invalid_encoding")
    status, code = fault(made(whole[:-9], encoding), 0)
    assert (status, code in ("invalid_encoding", "invalid_json")) == (400, True)
    assert fault(made(b"", encoding), 0) == (400, "invalid_json")


def test_members_and_frames_in_a_row() -> None:
    halves = BODY[:99], BODY[99:]
    for encoding in ("gzip", "ZSTD"):
        raw = b"".join(map(ENCODERS[encoding], halves))
        assert read_body(made(raw, encoding), 0) == VALUE


@given(st.sampled_from(["gzip", "deflate", "br", "ZSTD"]), st.binary(max_size=60), st.integers(0))
def test_any_bytes_end_well(encoding: str, noise: bytes, at: int) -> None:
    whole = ENCODERS[encoding](BODY)
    spoiled = whole[: at % len(whole)] + noise
    with contextlib.suppress(RequestError):
        read_body(made(spoiled, encoding), 10_000)
