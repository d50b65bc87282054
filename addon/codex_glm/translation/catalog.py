"""The model catalogue: what Codex and OpenAI's clients are told of the GLM models.

One document serves both: `models` in the shape of Codex's catalogue, `data` as OpenAI's model
list. Codex reads the first and overlooks the second (codex-cli 0.169.0); one entry that it cannot
parse would cost it the whole list.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

from .models import (
    ALIASES,
    FLAGSHIP,
    MODELS,
    REPLY_ROOM,
    SMALL,
    find_model,
    resolve_model,
    served_models,
)

if TYPE_CHECKING:
    from .models import Model, ModelMap
    from .wire.wire_json import JsonObject

_INSTRUCTIONS = files(__package__).joinpath("instructions.md").read_text("utf-8")
_RELEASED = 1_780_000_000
"""`created` of every entry: fixed, as nobody reads it and the document must not change."""

_LEVELS = {
    "three": (
        ("low", "Little thinking, quick answers"),
        ("high", "Thorough thinking for everyday work"),
        ("max", "The model's whole depth"),
    ),
    "seven": (
        ("none", "Answers without thinking"),
        ("high", "Thorough thinking for everyday work"),
        ("max", "The model's whole depth"),
    ),
    "switch": (
        ("none", "Answers without thinking"),
        ("high", "Thinks before it answers"),
    ),
    "": (),
}
"""The efforts to choose from, by a model's row of `[effort]`: those that differ for GLM."""

_SEEING: JsonObject = {"input_modalities": ["text", "image"]}

_KNOWS_MAX = (0, 142)
"""The first Codex that was seen to read the effort `max`; 0.135.0 refuses the whole list for it."""


def catalog(
    base: str, own_rules: ModelMap = (), codex: str = "", *, images: bool = False
) -> JsonObject:
    """Give the catalogue of the models that a base serves (`base_kind`; `other` serves all).

    Each is described as the model that answers for it, which a rule of the user's own may have
    changed. Other makers' names, and those of the user's rules, are hidden from Codex's picker.
    `codex` is the version that is to read it, such as `0.135.0`; without one the newest words are
    used. With `images`, text-only models are said to see them: the proxy describes them, or has a
    vision model answer. Otherwise Codex leaves images out by itself and refuses view_image
    (codex-cli 0.169.0).
    """
    highest = "max" if _version(codex) >= _KNOWS_MAX else "xhigh"
    served = [MODELS[name] for name in served_models(base)]

    def answers(name: str) -> JsonObject:
        return _entry(find_model(resolve_model(name, base, own_rules)), highest)

    entries = [
        *(_served(model, place, answers(model.name)) for place, model in enumerate(served, 1)),
        *(_alias(name, answers(name)) for name in _alias_names(own_rules)),
    ]
    return {
        "object": "list",
        "data": [
            {"id": m.name, "object": "model", "created": _RELEASED, "owned_by": "z-ai"}
            for m in served
        ],
        "models": [entry | _SEEING for entry in entries] if images else entries,
    }


def _version(text: str) -> tuple[int, ...]:
    numbers = re.match(r"([0-9]{1,6})\.([0-9]{1,6})", text)
    return tuple(map(int, numbers.groups())) if numbers else _KNOWS_MAX


def _alias_names(own_rules: ModelMap) -> list[str]:
    own = (name for name, _ in own_rules if "*" not in name and "?" not in name)
    return [name for name in dict.fromkeys((*own, *ALIASES)) if name not in MODELS]


def _served(model: Model, priority: int, entry: JsonObject) -> JsonObject:
    if entry["slug"] == model.name:
        return entry | {"priority": priority}
    words = f"Answered by {entry['display_name']}."
    shown = {"slug": model.name, "display_name": model.display, "description": words}
    return entry | shown | {"priority": priority}


def _alias(name: str, entry: JsonObject) -> JsonObject:
    words = f"Answered by {entry['display_name']}."
    shown = {"slug": name, "display_name": name, "visibility": "hide", "description": words}
    return entry | shown


def _entry(model: Model, highest: str) -> JsonObject:
    levels = [(highest if e == "max" else e, words) for e, words in _LEVELS[model.effort]]
    entry: JsonObject = {
        "slug": model.name,
        "display_name": model.display,
        "description": _describe(model),
        "supported_reasoning_levels": [{"effort": e, "description": d} for e, d in levels],
        "shell_type": "unified_exec",
        "visibility": "list",
        "supported_in_api": True,
        "priority": 99,
        # Codex's own words on its skills, plugins and apps: GLM has never been told of them.
        "include_skills_usage_instructions": True,
        "include_plugin_usage_instructions": True,
        "include_apps_usage_instructions": True,
        "default_reasoning_summary": "auto",
        "support_verbosity": False,
        "apply_patch_tool_type": "freeform",
        "truncation_policy": {"mode": "tokens", "limit": 10_000},
        "context_window": model.context,
        "max_context_window": model.context,
        "effective_context_window_percent": 95,
        "auto_compact_token_limit": _full_at(model),
        "experimental_supported_tools": [],
        "input_modalities": ["text"],
        # Demanded by Codex 0.142.0 and 0.145.0, overlooked by 0.163.0 and later ones.
        "supports_parallel_tool_calls": True,
        "supports_reasoning_summaries": True,
        "base_instructions": _INSTRUCTIONS,
    }
    entry |= _SEEING if model.images else {}
    # The last level is the deepest, which is GLM's own default.
    return entry | ({"default_reasoning_level": levels[-1][0]} if levels else {})


def _full_at(model: Model) -> int:
    """Give the tokens at which Codex is to compact: what is left must hold one more reply.

    Codex itself compacts at 90 % at the latest (codex-cli 0.169.0).
    """
    return min(model.context * 9 // 10, model.context - min(model.output, REPLY_ROOM))


def _describe(model: Model) -> str:
    role = {FLAGSHIP: "Zhipu's flagship for coding", SMALL: "Small, fast, reads images"}
    size = model.context
    window = f"{size // 1_000_000}M" if size >= 1_000_000 else f"{size // 1000}k"
    return f"{role.get(model.name, 'GLM model')}; {window} tokens of context."
