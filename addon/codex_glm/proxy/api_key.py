"""The GLM API key: where it comes from, and how it reaches the wire and nothing else."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from mitmproxy import http

PLACEHOLDER = "<GLM key>"
"""What every reader of a request sees in place of the key."""

HIDDEN = "(hidden)"
"""What stands in the option `glm_api_key` once its value has been taken."""

_GLM_SHAPE = re.compile(r"(?!sk-)[0-9A-Za-z_-]{8,128}\.[0-9A-Za-z_-]{8,128}")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key and the place that it was given in; the value is in no repr."""

    value: str = field(repr=False)
    source: str

    @property
    def seal_key(self) -> bytes:
        """Bytes that bind kept thinking to this key and do not reveal it."""
        return hashlib.sha256(b"codex-glm thinking\0" + self.value.encode()).digest()


def bearer_key(authorization: str) -> ApiKey | None:
    """Take a client's bearer token as the key if it has GLM's shape, `id.secret`.

    OpenAI's own credentials have not: `sk-…` has no dot, a JWT has two.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and _GLM_SHAPE.fullmatch(token.strip()):
        return ApiKey(token.strip(), "the client's bearer token")
    return None


class WireHeaders(http.Headers):
    """Headers whose HTTP/1 wire form alone carries the key.

    mitmproxy writes `bytes(headers)` to an HTTP/1 server; every view, copy, dump and export reads
    the fields, and there the placeholder stands.
    """

    _secret = PLACEHOLDER.encode()

    @classmethod
    def carrying(cls, headers: http.Headers, key: ApiKey) -> WireHeaders:
        """Give these headers with an authorization for GLM."""
        wire = cls(headers.fields)
        wire["authorization"] = f"Bearer {PLACEHOLDER}"
        wire._secret = key.value.encode()
        return wire

    def __bytes__(self) -> bytes:
        return super().__bytes__().replace(PLACEHOLDER.encode(), self._secret)
