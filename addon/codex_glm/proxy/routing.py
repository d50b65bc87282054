"""What a request is. Decided from method, path and headers alone."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Route(Enum):
    """The kinds of request that there are."""

    TURN = "turn"
    COMPACTION = "compaction"
    """Asks for a summary of a conversation (codex-cli 0.77.0 to 0.146.0)."""
    UPGRADE = "upgrade"
    """A WebSocket handshake for a turn: 426 sends Codex to HTTP at once (codex-cli 0.169.0)."""
    MODELS = "models"
    MODEL = "model"
    """One entry of the model list."""
    STORED = "stored"
    """Asks for a response, or for something about one, that a server would have to have stored."""
    TOKENS = "tokens"
    """Asks for the number of tokens of an input."""
    HEALTH = "health"
    UNKNOWN = "unknown"


_BESIDE_TURNS = (
    (Route.STORED, re.compile(r"(GET|DELETE) .*/responses/[^/]+")),
    (Route.STORED, re.compile(r"GET .*/responses/[^/]+/input_items")),
    (Route.STORED, re.compile(r"POST .*/responses/[^/]+/cancel")),
    (Route.COMPACTION, re.compile(r"POST .*/responses/compact")),
    (Route.TOKENS, re.compile(r"POST .*/responses/input_tokens")),
    (Route.MODELS, re.compile(r"GET .*/models")),
    (Route.MODEL, re.compile(r"GET .*/models/[^/]+")),
    (Route.HEALTH, re.compile(r"GET /health")),
)


def route(method: str, path: str, headers: Mapping[str, str]) -> Route:
    """Tell what a request is; `path` may carry a query."""
    place = path.partition("?")[0].rstrip("/")
    if place.endswith("/responses"):
        if method == "POST":
            return Route.TURN
        if method == "GET" and headers.get("upgrade", "").lower() == "websocket":
            return Route.UPGRADE
    asked = f"{method} {place}"
    fitting = (kind for kind, pattern in _BESIDE_TURNS if pattern.fullmatch(asked))
    return next(fitting, Route.UNKNOWN)
