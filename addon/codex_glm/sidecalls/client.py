"""One JSON request to GLM, over a connection of its own.

Redirects are not followed, no proxy or certificate of the environment is used, and what comes back
is bounded in size and in time.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import httpx

from codex_glm import __version__
from codex_glm.translation.errors import error_in
from codex_glm.translation.wire.wire_json import encode_json, parse_object

if TYPE_CHECKING:
    import ssl

    from codex_glm.translation.wire.wire_json import JsonObject

_MOST_BYTES = 4 * 1024 * 1024
_KEY_SHOWN = "<GLM key>"


class SideCallError(Exception):
    """A side call that brought nothing; the words are GLM's own where it said any.

    Attributes:
        code: GLM's error code, such as `1302`; empty if GLM named none.
        message: What went wrong, in a few words, without the key.
        status: HTTP status; 0 if no reply came.

    """

    def __init__(self, code: str, message: str, status: int) -> None:
        origin = f"GLM {code}" if code else f"HTTP {status}" if status else ""
        super().__init__(f"{origin}: {message}" if origin and message else origin or message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class SideClient:
    """Asks one place with one key; the key is in no repr, error or log."""

    base: str
    """Base URL, without a slash at its end."""
    key: str = field(repr=False)
    timeout: float = 30.0
    """Seconds for a whole call."""

    def __post_init__(self) -> None:
        # mitmproxy logs at DEBUG level, and these two describe every request there.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)

    async def post_json(self, path: str, body: JsonObject) -> JsonObject:
        """Post `body` and give the JSON object of the reply; raises SideCallError, nothing else."""
        return self._read(*await self._ask("POST", path, encode_json(body)))

    async def get_json(self, path: str) -> JsonObject:
        """Give the JSON object at `path`; raises SideCallError, nothing else."""
        return self._read(*await self._ask("GET", path))

    async def post_stream(self, path: str, body: JsonObject) -> bytes:
        """Post `body` and give the whole of an event stream; raises SideCallError, nothing else."""
        status, raw = await self._ask("POST", path, encode_json(body))
        if status != 200 or raw.lstrip().startswith(b"{"):
            self._read(status, raw)
            raise SideCallError("", "no event stream", status)
        return raw

    async def _ask(self, method: str, path: str, content: bytes = b"") -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(self.timeout):
                return await self._send(method, f"{self.base}{path}", content)
        except TimeoutError:
            raise SideCallError("", f"no answer within {self.timeout:g} s", 0) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise SideCallError("", _words(error), 0) from None  # it may know the headers

    async def _send(self, method: str, url: str, content: bytes) -> tuple[int, bytes]:
        request = httpx.Request(method, url, headers=self._headers(), content=content or None)
        client = httpx.AsyncClient(trust_env=False, verify=_trust(), timeout=self.timeout)
        async with client:
            response = await client.send(request, stream=True, follow_redirects=False)
            try:
                return response.status_code, await _read_bounded(response)
            finally:
                await response.aclose()

    def _headers(self) -> dict[str, str]:
        return {
            "content-type": "application/json",
            "accept": "application/json",
            "accept-language": "en-US,en",
            "accept-encoding": "identity",
            "user-agent": f"codex-glm/{__version__}",
            "authorization": f"Bearer {self.key}",
        }

    def _read(self, status: int, raw: bytes) -> JsonObject:
        try:
            value = parse_object(raw)
        except ValueError:
            value = {"error": "not a JSON object" if status == 200 else ""}
        # GLM's monitor wraps what it gives, well or not: {"code":200,…,"success":true}.
        if status == 200 and value.get("error") is None and value.get("code", 200) == 200:
            return value
        error = error_in(value)
        said = str(error.get("message") or error.get("msg") or "")
        raise SideCallError(str(error.get("code") or ""), self._without_key(said), status)

    def _without_key(self, words: str) -> str:
        return words.replace(self.key, _KEY_SHOWN) if self.key else words


@cache
def _trust() -> ssl.SSLContext:
    """Read once whom to trust: it takes 20 ms, for which no stream of the proxy goes on."""
    return httpx.create_ssl_context(trust_env=False)


def _words(error: Exception) -> str:
    name = type(error).__name__
    quotes_headers = isinstance(error, httpx.LocalProtocolError | UnicodeError)
    return name if quotes_headers else f"{name}: {error}"


async def _read_bounded(response: httpx.Response) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise SideCallError("", "the reply is compressed", response.status_code)
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > _MOST_BYTES:
            raise SideCallError("", "the reply is too long", response.status_code)
    return bytes(body)
