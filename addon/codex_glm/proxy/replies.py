"""Replies that the proxy gives by itself, without asking GLM."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

from mitmproxy import http

from codex_glm.proxy.routing import Route
from codex_glm.translation.errors import Failure
from codex_glm.translation.wire.wire_json import encode_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codex_glm.translation.wire.wire_json import JsonObject

_JSON = "application/json"
ENCODINGS = ("identity", "zstd", "gzip", "br", "deflate")
EVENT_STREAM = b"text/event-stream; charset=utf-8"


def json_reply(value: JsonObject, status: int = 200) -> http.Response:
    """Make a JSON reply."""
    return http.Response.make(status, encode_json(value), {"content-type": _JSON})


def error_reply(failure: Failure, *, tried: bool = False) -> http.Response:
    """Make an error reply in OpenAI's shape, with the status of the failure.

    OpenAI's SDKs try 429 and 5xx again by themselves, unless they are told that it is of no use
    (openai 3.54.0, Node 6.49.0): as where another try is not worth while, or was `tried` here.
    """
    response = json_reply(failure.to_json(), failure.status)
    if tried or not failure.retry:
        response.headers["x-should-retry"] = "false"
    return response


def come_back() -> http.Response:
    """Make a 503 for a request whose head came in before the addon was loaded anew.

    Codex and OpenAI's SDKs try it again, and then it is asked again who it is.
    """
    words = "The addon was loaded anew while this request came in; send it again."
    response = error_reply(Failure("proxy_reloaded", words, 503, "server_error", retry="soon"))
    response.headers["retry-after"] = "1"
    return response


_REFUSALS = {
    # 426 is the one status that Codex falls back on in silence (codex-cli 0.169.0).
    Route.UPGRADE: (426, "upgrade_required", "Turns are served over HTTP only."),
    Route.STORED: (
        404,
        "not_found",
        "There is no such response: nothing is stored here, whatever `store` says, so that no"
        " response can be fetched, deleted or cancelled later. Keep what a turn answers.",
    ),
    Route.TOKENS: (
        404,
        "not_found",
        "Tokens cannot be counted beforehand: only GLM knows its tokens. Each reply tells them in"
        " `usage`.",
    ),
    Route.UNKNOWN: (
        404,
        "not_found",
        "Unknown request. Served are POST …/responses and …/responses/compact, GET …/models and"
        " GET /health.",
    ),
}


def refusal(kind: Route, method: str, path: str) -> http.Response:
    """Refuse what is neither a turn nor a model list, without asking anybody."""
    status, code, words = _REFUSALS[kind]
    message = f"{words} ({method} {path})"
    return error_reply(Failure(code, message, status, "invalid_request_error"))


def model_entry(models: JsonObject, path: str) -> http.Response:
    """Give one entry of a model list; a name that it lacks may still be answered in turns."""
    name = unquote(path.partition("?")[0].rstrip("/").rpartition("/")[2])
    for entry in cast("list[JsonObject]", models["data"]):
        if entry["id"] == name:
            return json_reply(entry)
    words = f"The model '{name}' is not in the list. A turn that asks for it may still be answered."
    return error_reply(Failure("model_not_found", words, 404, "invalid_request_error", "model"))


def unsupported_media(headers: Mapping[str, str]) -> http.Response | None:
    """Refuse a turn whose body is declared as something that cannot be read here.

    Only known encodings are tried: mitmproxy looks others up among Python's codecs (12.3.1).
    """
    kind = headers.get("content-type", _JSON)
    encoding = headers.get("content-encoding", "identity")
    if kind.partition(";")[0].strip().lower() != _JSON:
        words = f"The body must be {_JSON}, not {kind}."
    elif encoding.strip().lower() not in ENCODINGS:
        words = f"The body is encoded as {encoding}; known are {', '.join(ENCODINGS)}."
    else:
        return None
    return error_reply(Failure("unsupported_media_type", words, 415, "invalid_request_error"))


def event_stream(body: bytes = b"") -> http.Response:
    """Make a 200 whose body is an event stream; with no body given, one that will be streamed."""
    size = (b"content-length", b"%d" % len(body)) if body else (b"transfer-encoding", b"chunked")
    return http.Response(
        http_version=b"HTTP/1.1",
        status_code=200,
        reason=b"OK",
        headers=((b"content-type", EVENT_STREAM), (b"cache-control", b"no-cache"), size),
        content=body,
        trailers=None,
        timestamp_start=(now := time.time()),
        timestamp_end=now,
    )
