"""What a request is. Decided from method, path and headers alone."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Route(Enum):
    """The kinds of request that there are."""

    TURN = "turn"
    UPGRADE = "upgrade"
    """A WebSocket handshake for a turn: 426 sends Codex to HTTP at once (codex-cli 0.169.0)."""
    MODELS = "models"
    HEALTH = "health"
    UNKNOWN = "unknown"


def route(method: str, path: str, headers: Mapping[str, str]) -> Route:
    """Tell what a request is; `path` may carry a query."""
    place = path.partition("?")[0].rstrip("/")
    if place.endswith("/responses"):
        if method == "POST":
            return Route.TURN
        if method == "GET" and headers.get("upgrade", "").lower() == "websocket":
            return Route.UPGRADE
    elif method == "GET" and place.endswith("/models"):
        return Route.MODELS
    elif method == "GET" and place == "/health":
        return Route.HEALTH
    return Route.UNKNOWN
