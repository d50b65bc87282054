"""Replies that the proxy gives by itself, without asking GLM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mitmproxy import http

from codex_glm.translation.errors import Failure
from codex_glm.translation.wire_json import encode_json

if TYPE_CHECKING:
    from codex_glm.translation.wire_json import JsonObject

_JSON = "application/json"
_ENCODINGS = ("identity", "zstd", "gzip", "br", "deflate")
EVENT_STREAM = "text/event-stream; charset=utf-8"


def json_reply(value: JsonObject, status: int = 200) -> http.Response:
    """Make a JSON reply."""
    return http.Response.make(status, encode_json(value), {"content-type": _JSON})


def error_reply(failure: Failure) -> http.Response:
    """Make an error reply in OpenAI's shape, with the status of the failure."""
    return json_reply(failure.to_json(), failure.status)


def not_found(method: str, path: str) -> http.Response:
    """Refuse what is neither a turn, nor /health, nor a model list."""
    words = f"Unknown request: {method} {path}. Served are POST …/responses, GET …/models, /health."
    return error_reply(Failure("not_found", words, 404, "invalid_request_error"))


def upgrade_refused() -> http.Response:
    """Refuse a WebSocket handshake with the one status that Codex falls back on in silence."""
    words = "Turns are served over HTTP only."
    return error_reply(Failure("upgrade_required", words, 426, "invalid_request_error"))


def unsupported_media(headers: http.Headers) -> http.Response | None:
    """Refuse a turn whose body is declared as something that cannot be read here.

    Only known encodings are tried: mitmproxy looks others up among Python's codecs (12.3.1).
    """
    kind = headers.get("content-type", _JSON)
    encoding = headers.get("content-encoding", "identity")
    if kind.partition(";")[0].strip().lower() != _JSON:
        words = f"The body must be {_JSON}, not {kind}."
    elif encoding.strip().lower() not in _ENCODINGS:
        words = f"The body is encoded as {encoding}; known are {', '.join(_ENCODINGS)}."
    else:
        return None
    return error_reply(Failure("unsupported_media_type", words, 415, "invalid_request_error"))


def event_stream(body: bytes = b"") -> http.Response:
    """Make a 200 whose body is an event stream; with no body given, one that will be streamed."""
    response = http.Response.make(
        200, body, {"content-type": EVENT_STREAM, "cache-control": "no-cache"}
    )
    if not body:
        del response.headers["content-length"]
        response.headers["transfer-encoding"] = "chunked"
    return response
