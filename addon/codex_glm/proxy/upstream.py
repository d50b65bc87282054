"""Where a turn goes, and the request that goes there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mitmproxy import http

from codex_glm import __version__
from codex_glm.proxy.api_key import ApiKey, WireHeaders
from codex_glm.translation.models import base_kind

if TYPE_CHECKING:
    from mitmproxy.proxy.server_hooks import ServerConnectionHookData


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
    request = http.Request.make("POST", target.url, body)
    headers = http.Headers(
        host=urlsplit(target.base).netloc,
        content_type="application/json",
        content_length=str(len(body)),
        accept="text/event-stream",
        accept_language="en-US,en",
        accept_encoding="identity",
        user_agent=f"codex-glm/{__version__}",
    )
    request.headers = WireHeaders.carrying(headers, target.key)
    return request


def address(base: str) -> tuple[str, int]:
    """Give host and port of a base URL."""
    parts = urlsplit(base)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def guard_connection(data: ServerConnectionHookData, allowed: set[tuple[str, int]]) -> None:
    """Let a connection be made only to GLM; everything else is stopped before its DNS look-up.

    HTTP/1.1 is forced, as the key is written into the HTTP/1 wire form alone.
    """
    target = data.server.address
    if target is None or target[:2] not in allowed:
        data.server.error = "The GLM addon lets connections through to GLM only."
    data.server.alpn_offers = [b"http/1.1"]
