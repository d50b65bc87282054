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

FROM_CLIENT = "the client's bearer token"
"""The source of a key that the client sent."""

FROM_OPTION = "option glm_api_key"
"""The source of a key that was typed in, on the command line or in mitmweb."""

_GLM_SHAPE = re.compile(r"(?!sk-)[0-9A-Za-z_-]{8,128}\.[0-9A-Za-z_-]{8,128}")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key and the place that it was given in; the value is in no repr."""

    value: str = field(repr=False)
    source: str
    seal_key: bytes = field(init=False, repr=False, compare=False)
    """Bytes that bind kept thinking to this key and do not reveal it."""

    def hide(self, data: bytes) -> bytes:
        """Take the key out of what GLM says of it, as in an error's message."""
        return data.replace(self.value.encode(), PLACEHOLDER.encode()) if self.value else data

    def __post_init__(self) -> None:
        digest = hashlib.sha256(b"codex-glm thinking\0" + self.value.encode()).digest()
        object.__setattr__(self, "seal_key", digest)


def bearer_key(authorization: str) -> ApiKey | None:
    """Take a client's bearer token as the key if it has GLM's shape, `id.secret`.

    OpenAI's own credentials have not: `sk-…` has no dot, a JWT has two.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and _GLM_SHAPE.fullmatch(token.strip()):
        return ApiKey(token.strip(), FROM_CLIENT)
    return None


class WireHeaders(http.Headers):
    """Headers whose HTTP/1 wire form alone carries the key.

    mitmproxy writes `bytes(headers)` to an HTTP/1 server; every view, copy, dump and export reads
    the fields, and there the placeholder stands.
    """

    _secret = PLACEHOLDER.encode()

    @classmethod
    def carrying(cls, fields: tuple[tuple[bytes, bytes], ...], key: ApiKey) -> WireHeaders:
        """Give headers of these fields and an authorization for GLM."""
        wire = cls((*fields, (b"authorization", f"Bearer {PLACEHOLDER}".encode())))
        wire._secret = key.value.encode()
        return wire

    def __bytes__(self) -> bytes:
        return super().__bytes__().replace(PLACEHOLDER.encode(), self._secret)
