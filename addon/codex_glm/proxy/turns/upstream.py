"""Where a turn goes, and the request that goes there."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mitmproxy import http

from codex_glm import __version__
from codex_glm.proxy.config.api_key import ApiKey, WireHeaders
from codex_glm.translation.models import base_kind

if TYPE_CHECKING:
    from mitmproxy.proxy.server_hooks import ServerConnectionHookData

    from codex_glm.proxy.forward.hosts import AllowedHosts


@dataclass(frozen=True, slots=True)
class Upstream:
    """One place to send turns to: a base URL and the key for it."""

    base: str
    key: ApiKey

    @property
    def url(self) -> str:
        """The chat completions endpoint."""
        return f"{self.base}/chat/completions"

    @property
    def product(self) -> str:
        """What is billed there: `plan`, `payg` or `other`."""
        return base_kind(self.base).rpartition("-")[2]


def chat_request(target: Upstream, body: bytes) -> http.Request:
    """Make the request for GLM. Nothing of the client's headers is in it.

    Compression is declined because streamed bytes reach the translator as they are.
    """
    to = _empty_request(target.url)
    fields = (
        (b"host", urlsplit(target.base).netloc.encode()),
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"accept", b"text/event-stream"),
        (b"accept-language", b"en-US,en"),
        (b"accept-encoding", b"identity"),
        (b"user-agent", b"codex-glm/%b" % __version__.encode()),
    )
    return http.Request(
        host=to.host,
        port=to.port,
        method=to.method,
        scheme=to.scheme,
        authority=to.authority,
        path=to.path,
        http_version=to.http_version,
        headers=WireHeaders.carrying(fields, target.key),
        content=body,
        trailers=None,
        timestamp_start=(now := time.time()),
        timestamp_end=now,
    )


@lru_cache(64)
def _empty_request(url: str) -> http.RequestData:
    """Take a URL apart as mitmproxy does, which takes longer than all the rest."""
    return http.Request.make("POST", url).data


@lru_cache(64)
def address(base: str) -> tuple[str, int]:
    """Give host and port of a base URL."""
    parts = urlsplit(base)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def guard_connection(
    data: ServerConnectionHookData, allowed: set[tuple[str, int]], tunnels: AllowedHosts
) -> None:
    """Let a connection be made only to GLM, or as a tunnel to a host that the user allows.

    Everything else is stopped before its DNS look-up.

    HTTP/1.1 is forced, as the key is written into the HTTP/1 wire form alone.
    """
    target = data.server.address
    if target is None or (target[:2] not in allowed and target[:2] not in tunnels):
        data.server.error = "The GLM addon lets connections through to GLM only."
    data.server.alpn_offers = [b"http/1.1"]
