"""GET /health: what this proxy is and where it sends turns, without any secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codex_glm import __version__
from codex_glm.translation.models import MODELS, resolve_model
from codex_glm.translation.request.side_requests import small_model

if TYPE_CHECKING:
    from codex_glm.proxy.config.settings import Settings
    from codex_glm.proxy.turns.under_way import Turns
    from codex_glm.translation.wire.wire_json import JsonObject

_EXAMPLES = (
    "gpt-3.5-turbo",
    "gpt-4",
    "gpt-4-turbo",
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-5",
    "gpt-5-codex",
    "gpt-5.1-codex-max",
    "gpt-5.5",
    "gpt-6.1-sol",
    "gpt-6.1-luna",
)
"""Names whose answers show what the model map does."""


def health(settings: Settings, turns: Turns) -> JsonObject:
    """Give the state of the proxy; for the counts see `turns` and `unknowns`."""
    kind = settings.base_kind
    own = [pattern for pattern, _ in settings.model_map]
    return {
        "status": "ok",
        "version": __version__,
        "upstream": "simulator" if settings.simulated else settings.base,
        "upstream_source": settings.base_source,
        "key": key_source(settings),
        "simulator": settings.simulated,
        "models": {n: resolve_model(n, kind, settings.model_map) for n in (*own, *_EXAMPLES)},
        "small_model": small_model(kind, settings.side) or "none",
        "glm_models": [m.name for m in MODELS.values() if kind == "other" or kind in m.served],
        "turns_served": turns.served,
        "side_calls": turns.side_calls,
        "plans": turns.plans.told(),
        "unknown": turns.unknowns.counts,
    }


def key_source(settings: Settings) -> str:
    """Say where the key comes from, never what it is."""
    if settings.simulated:
        return "none needed: the simulator answers"
    return settings.key.source if settings.key else "missing (unless the client sends its own)"
