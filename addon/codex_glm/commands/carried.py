"""What the user has changed in our settings since a set-up, for the next one to keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import tomlkit

from codex_glm.translation.models import is_glm_name
from codex_glm.translation.provider import toml_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codex_glm.commands.config_text import Data, Ours

_FIXED = ("name", "base_url", "wire_api")
"""What a provider's table has to have."""
_WRITTEN = ("base_url", "wire_api")
"""What a set-up always writes: it is for mending these as well."""


@dataclass(frozen=True, slots=True)
class Carried:
    """The user's changes."""

    model: str = ""
    """A model of GLM's that was chosen in place of ours."""
    table: dict[str, Any] = field(default_factory=dict)
    """What was put into the provider's table, or changed in it."""
    left_out: list[str] = field(default_factory=list)
    """What was taken out of it."""

    @property
    def names(self) -> list[str]:
        """Name all of it, for people."""
        return [*(["model"] if self.model else []), *self.table, *self.left_out]

    def applied(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """Give the provider's table as the user has it."""
        return {k: v for k, v in table.items() if k not in self.left_out} | self.table


def find_carried(data: Data, ours: Ours) -> Carried:
    """Compare what config.toml says with what a set-up wrote."""
    providers = data.get("model_providers")
    table = providers.get(ours.provider) if isinstance(providers, dict) else None
    if not isinstance(table, dict):
        return Carried()
    return Carried(
        _model(data, ours),
        {k: v for k, v in table.items() if k not in _WRITTEN and ours.table.get(k) != v},
        [key for key in ours.table if key not in table and key not in _FIXED],
    )


def _model(data: Data, ours: Ours) -> str:
    model = data.get("model")
    if data.get("model_provider") != ours.provider or not isinstance(model, str):
        return ""
    chosen = model != ours.keys["model"] or "model" in ours.kept
    return model if chosen and is_glm_name(model) else ""


def line_of(key: str, value: object) -> str:
    """Write a setting as one line of TOML."""
    return f"{tomlkit.key(key).as_string()} = {_value(value)}"


def _value(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(line_of(k, v) for k, v in value.items())} }}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return toml_value(value) if isinstance(value, str | bool) else tomlkit.item(value).as_string()
