"""The model catalogue: what Codex and OpenAI's clients are told of the GLM models.

One document serves both: `models` in the shape of Codex's catalogue, `data` as OpenAI's model
list. Codex reads the first and overlooks the second (codex-cli 0.169.0); one entry that it cannot
parse would cost it the whole list.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from .models import (
    ALIASES,
    FLAGSHIP,
    MODELS,
    SMALL,
    find_model,
    resolve_model,
    served_models,
)

if TYPE_CHECKING:
    from .models import Model, ModelMap
    from .wire_json import JsonObject

_INSTRUCTIONS = files(__package__).joinpath("instructions.md").read_text("utf-8")
_RELEASED = 1_780_000_000
"""`created` of every entry: fixed, as nobody reads it and the document must not change."""

_LEVELS = {
    "always": (
        ("low", "Little thinking, quick answers"),
        ("high", "Thorough thinking for everyday work"),
        ("max", "The model's whole depth"),
    ),
    "switch": (
        ("none", "Answers without thinking"),
        ("high", "Thinks before it answers"),
    ),
    "none": (),
}
_DEFAULT_LEVEL = {"always": "max", "switch": "high", "none": None}


def catalog(base: str, own_rules: ModelMap = ()) -> JsonObject:
    """Give the catalogue of the models that a base serves (`base_kind`; `other` serves all).

    Other makers' names, and those of the user's own rules, are described as the model that answers
    for them, and hidden from Codex's picker.
    """
    served = [MODELS[name] for name in served_models(base)]
    return {
        "object": "list",
        "data": [
            {"id": m.name, "object": "model", "created": _RELEASED, "owned_by": "z-ai"}
            for m in served
        ],
        "models": [
            *(_entry(model, priority) for priority, model in enumerate(served, 1)),
            *(_alias(name, base, own_rules) for name in _alias_names(own_rules)),
        ],
    }


def _alias_names(own_rules: ModelMap) -> list[str]:
    own = (name for name, _ in own_rules if "*" not in name and "?" not in name)
    return [name for name in dict.fromkeys((*own, *ALIASES)) if name not in MODELS]


def _alias(name: str, base: str, own_rules: ModelMap) -> JsonObject:
    model = find_model(resolve_model(name, base, own_rules))
    shown = {"slug": name, "display_name": name, "visibility": "hide"}
    return _entry(model, 99) | shown | {"description": f"Answered by {model.display}"}


def _entry(model: Model, priority: int) -> JsonObject:
    levels = _LEVELS[model.thinking]
    entry: JsonObject = {
        "slug": model.name,
        "display_name": model.display,
        "description": _describe(model),
        "supported_reasoning_levels": [{"effort": e, "description": d} for e, d in levels],
        "shell_type": "unified_exec",
        "visibility": "list",
        "supported_in_api": True,
        "priority": priority,
        "default_reasoning_summary": "auto",
        "support_verbosity": False,
        "apply_patch_tool_type": "freeform",
        "truncation_policy": {"mode": "tokens", "limit": 10_000},
        "context_window": model.context,
        "max_context_window": model.context,
        "effective_context_window_percent": 95,
        "experimental_supported_tools": [],
        "input_modalities": ["text", "image"] if model.images else ["text"],
        "base_instructions": _INSTRUCTIONS,
    }
    level = _DEFAULT_LEVEL[model.thinking]
    return entry | ({"default_reasoning_level": level} if level else {})


def _describe(model: Model) -> str:
    role = {FLAGSHIP: "Zhipu's flagship for coding", SMALL: "Small, fast, reads images"}
    window = f"{model.context // 1000}k tokens of context"
    return f"{role.get(model.name, 'GLM model')}, {window}"
