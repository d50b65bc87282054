"""Small pure parts of the edge: routing, replies, the guard, the banner and the record."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from codex_glm.proxy import replies
from codex_glm.proxy.config.api_key import ApiKey
from codex_glm.proxy.config.settings import Settings
from codex_glm.proxy.forward.hosts import AllowedHosts
from codex_glm.proxy.routing import Route, route
from codex_glm.proxy.shown import record
from codex_glm.proxy.turns.gate import Gate
from codex_glm.proxy.turns.new_turn import new_turn
from codex_glm.proxy.turns.repeats import Repeats
from codex_glm.proxy.turns.upstream import Upstream, guard_connection
from codex_glm.translation import errors
from codex_glm.translation.request.context import TranslationSettings
from codex_glm.translation.request.translate import translate_request
from mitmproxy.http import Headers, Response
from mitmproxy.test import tflow

from .fake_upstream import chunk
from .support import events, turn_body

if TYPE_CHECKING:
    from codex_glm.proxy.turns.turn import Turn

BASE = "http://127.0.0.1:18765/v1"


@pytest.mark.parametrize(
    ("method", "path", "upgrade", "expected"),
    [
        ("POST", "/v1/responses", "", Route.TURN),
        ("POST", "/responses/", "", Route.TURN),
        ("POST", "/backend-api/codex/responses?a=/x", "", Route.TURN),
        ("POST", "/v1/responses", "websocket", Route.TURN),
        ("GET", "/v1/responses", "websocket", Route.UPGRADE),
        ("GET", "/v1/responses?a=b", "WebSocket", Route.UPGRADE),
        ("GET", "/v1/responses", "", Route.UNKNOWN),
        ("GET", "/v1/responses", "h2c", Route.UNKNOWN),
        ("GET", "/v1/realtime", "websocket", Route.UNKNOWN),
        ("post", "/v1/responses", "", Route.UNKNOWN),
        ("POST", "/v1/xresponses", "", Route.UNKNOWN),
        ("POST", "/v1/responses/compact", "", Route.COMPACTION),
        ("GET", "/v1/responses/compact", "", Route.STORED),
        ("POST", "/?/responses", "", Route.UNKNOWN),
        ("GET", "/models", "", Route.MODELS),
        ("GET", "/v1/models/?client_version=1", "", Route.MODELS),
        ("POST", "/models", "", Route.UNKNOWN),
        ("GET", "/v1/models/glm-5.3", "", Route.MODEL),
        ("DELETE", "/v1/models/glm-5.3", "", Route.UNKNOWN),
        ("GET", "/v1/models/a/b", "", Route.UNKNOWN),
        ("GET", "/v1/responses/resp_1", "", Route.STORED),
        ("GET", "/v1/responses/resp_1?stream=true", "", Route.STORED),
        ("DELETE", "/v1/responses/resp_1", "", Route.STORED),
        ("POST", "/v1/responses/resp_1", "", Route.UNKNOWN),
        ("GET", "/v1/responses/resp_1/input_items?limit=2", "", Route.STORED),
        ("POST", "/v1/responses/resp_1/input_items", "", Route.UNKNOWN),
        ("POST", "/v1/responses/resp_1/cancel", "", Route.STORED),
        ("GET", "/v1/responses/resp_1/cancel", "", Route.UNKNOWN),
        ("POST", "/v1/responses/input_tokens", "", Route.TOKENS),
        ("POST", "/v1/chat/completions", "", Route.UNKNOWN),
        ("GET", "/health", "", Route.HEALTH),
        ("GET", "/health/?q", "", Route.HEALTH),
        ("GET", "/v1/health", "", Route.UNKNOWN),
        ("GET", "*", "", Route.UNKNOWN),
        ("GET", "", "", Route.UNKNOWN),
    ],
)
def test_route(method: str, path: str, upgrade: str, expected: Route) -> None:
    headers = Headers(upgrade=upgrade) if upgrade else Headers()
    assert route(method, path, headers) is expected


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (replies.refusal(Route.UNKNOWN, "GET", "/x"), 404, "not_found"),
        (replies.refusal(Route.STORED, "GET", "/x"), 404, "not_found"),
        (replies.refusal(Route.TOKENS, "POST", "/x"), 404, "not_found"),
        (replies.refusal(Route.UPGRADE, "GET", "/x"), 426, "upgrade_required"),
        (replies.model_entry({"data": [{"id": "a"}]}, "/models/b"), 404, "model_not_found"),
        (replies.error_reply(errors.failure("proxy")), 500, None),
        (replies.unsupported_media(Headers(content_type="a/b")), 415, "unsupported_media_type"),
        (replies.unsupported_media(Headers(content_encoding="x")), 415, "unsupported_media_type"),
    ],
)
def test_error_replies(reply: Response, status: int, code: str | None) -> None:
    error = json.loads(reply.content or b"")["error"]
    assert reply.headers["x-should-retry"] == "false"
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/json")
    assert set(error) == {"message", "type", "param", "code"}
    assert code in (None, error["code"])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "Application/JSON ; charset=utf-8", "content-encoding": "ZSTD"},
        {"content-encoding": "identity"},
    ],
)
def test_media_that_is_read(headers: dict[str, str]) -> None:
    fields = tuple((name.encode(), value.encode()) for name, value in headers.items())
    assert replies.unsupported_media(Headers(fields)) is None


def test_event_stream() -> None:
    open_ended, whole = replies.event_stream(), replies.event_stream(b"data: 1\n\n")
    assert open_ended.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in open_ended.headers
    assert whole.headers["content-length"] == "9"
    assert "transfer-encoding" not in whole.headers


@pytest.mark.parametrize(
    ("target", "passes"),
    [
        (("api.z.ai", 443), True),
        (("::1", 80, 0, 0), True),
        (("api.z.ai", 80), False),
        (("api.openai.com", 443), False),
        (("glm.invalid", 80), False),
        (("registry.npmjs.org", 443), True),
        (None, False),
    ],
)
def test_guard(target: tuple[str, int] | None, passes: bool) -> None:
    server = SimpleNamespace(address=target, error=None, alpn_offers=[b"h2"])
    data: Any = SimpleNamespace(server=server)
    tunnels = AllowedHosts.read(["registry.npmjs.org", "*openai*"])
    guard_connection(data, {("api.z.ai", 443), ("::1", 80)}, tunnels)
    assert (server.error is None) is passes
    assert server.alpn_offers == [b"http/1.1"]


def made_turn(**fields: object) -> Turn:
    wanted = TranslationSettings()
    translated = translate_request(turn_body(**fields), wanted)
    gates = {Upstream(BASE, ApiKey("a.b", "here")): Gate(time.monotonic, lambda: None)}
    return new_turn(translated, tflow.tflow(), "", gates, Settings(), wanted, Repeats())


def test_relay_never_ends_the_reply_early() -> None:
    turn = made_turn()
    first = turn.relay(chunk("Hi")[:9])
    assert first != b""
    assert turn.relay(b"\n") == []
    turn = made_turn()
    turn.relay(chunk("Hi"))
    assert turn.relay(b": comment\n\n") == []
    turn.relay(chunk(finish="stop"))
    end = turn.relay(b"")
    assert b"response.completed" in (end if isinstance(end, bytes) else b"")
    assert turn.relay(b"late") == []
    assert events(b"".join(turn.sent))[-1]["type"] == "response.completed"


def test_record() -> None:
    flow = tflow.tflow(resp=True)
    turn = made_turn(tools=[{"type": "made_up"}])
    record.record_request(flow, turn, {})
    assert flow.comment.startswith("→ glm-")
    kept = {"asked_model", "model", "kind", "thread", "rounds", "receipt", "side_calls"}
    assert set(flow.metadata["glm"]) == kept | {"prefix", "client"}
    turn.relay(chunk("Hi"))
    turn.abandon("gone")
    record.record_body(flow, turn)
    record.record_end(flow, turn)
    kept = flow.metadata["glm"]
    assert (kept["outcome"], kept["rounds"][-1]["reply"]) == ("failed", chunk("Hi").decode())
    assert "gone" in kept["failure"]
    assert flow.marked == ":red_circle:"
    assert "noted" in flow.comment
    assert flow.response
    assert b"Hi" in (flow.response.content or b"")
    json.dumps(kept)
