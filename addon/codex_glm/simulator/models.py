"""Facts about GLM models, read from `models.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from ruamel.yaml import YAML

ALL_EFFORTS = ("max", "xhigh", "high", "medium", "low", "minimal", "none")
"""Every `reasoning_effort` name in the Z.ai API reference."""


@dataclass(frozen=True)
class ModelFacts:
    """One model: token limits and what it can be asked for."""

    window: int
    max_output: int
    vision: bool = False
    most_images: int = 150
    thinking: Literal["always", "optional", "none"] = "optional"
    efforts: tuple[str, ...] = ALL_EFFORTS
    tool_stream: bool = False
    leading_newline: bool = False


@cache
def known_models() -> Mapping[str, ModelFacts]:
    """Model id to facts, newest first."""
    table = YAML(typ="safe").load(Path(__file__).with_name("models.yaml"))
    return {name: _facts(entry) for name, entry in table.items()}


def _facts(entry: dict[str, object]) -> ModelFacts:
    efforts = entry.get("efforts", ALL_EFFORTS)
    return ModelFacts(**{**entry, "efforts": tuple(efforts)})  # type: ignore[arg-type]  # models.yaml
