"""Model names and what each GLM model can do. The tables are data: `models.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

type ModelMap = Sequence[tuple[str, str]]
"""A user's own rules, `(asked name or pattern, GLM model)`; they go before the table's."""

_TABLE = tomllib.loads(files(__package__).joinpath("models.toml").read_text("utf-8"))
_BRACKETS = re.compile(r"\[[^\]]*\]$")


@dataclass(frozen=True, slots=True)
class Model:
    """What one GLM model can do; token counts throughout."""

    name: str
    display: str
    context: int
    output: int
    thinking: Literal["always", "switch", "none"]
    effort: str
    """The row of `[effort]` that says an effort in this model's words; empty: it has none."""
    default_effort: str
    preserved: bool
    images: bool
    most_images: int
    """Images in one request."""
    tool_stream: bool
    served: tuple[str, ...]
    hidden: bool


class ImageLimits(NamedTuple):
    """What vision models take of an image."""

    formats: tuple[str, ...]
    bytes: int
    side: int
    """The most pixels of width and of height."""


def _read_models() -> dict[str, Model]:
    rows = {name: _TABLE["defaults"] | row for name, row in _TABLE["models"].items()}
    return {
        name: Model(name=name, **{**row, "served": tuple(row["served"])})
        for name, row in rows.items()
    }


MODELS: dict[str, Model] = _read_models()
"""Every GLM model that the table knows, by name."""
FLAGSHIP: str = _TABLE["flagship"]
SMALL: str = _TABLE["small"]
REPLY_ROOM: int = _TABLE["reply_room"]
"""Tokens of a window that Codex is told to leave free for one reply with its thinking."""
VISION: tuple[str, ...] = tuple(_TABLE["vision"])
"""Vision models that describe images or answer for a text-only model, the first choice first."""
IMAGE_LIMITS = ImageLimits(**_TABLE["images"])
TABLE_DATE: str = _TABLE["date"]
ALIASES: tuple[str, ...] = tuple(_TABLE["aliases"])
"""Names of other makers that Codex may ask for, and that the catalogue therefore describes."""


@lru_cache(256)
def find_model(name: str) -> Model:
    """Give what is known of a model; a name the table lacks is judged by its nearest relative.

    The relative is the longest known name that it begins with (`glm-5.3-fp8` is `glm-5.3`).
    With none, a model that can think, reads text and takes no effort is assumed.
    """
    bare = _bare(name)
    if known := MODELS.get(bare):
        return known
    relatives = [known for known in MODELS if bare.startswith(known)]
    row = _TABLE["defaults"]
    like = MODELS[max(relatives, key=len)] if relatives else Model(name=name, **row)
    fields = {key: getattr(like, key) for key in row}
    return Model(name=name, **{**fields, "display": name})


@lru_cache(256)
def base_kind(url: str) -> str:
    """Tell which product a base URL belongs to: `zai-plan`, `bigmodel-payg`, … or `other`."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    maker = "zai" if host.endswith("z.ai") else "bigmodel" if host.endswith("bigmodel.cn") else ""
    product = "plan" if "/coding/" in f"{parts.path}/" else "payg"
    return f"{maker}-{product}" if maker else "other"


@lru_cache(256)
def served_models(base: str) -> tuple[str, ...]:
    """Name the models to choose from at a base (`base_kind`; `other` serves all)."""
    return tuple(
        m.name for m in MODELS.values() if not m.hidden and (base == "other" or base in m.served)
    )


def vision_model(base: str) -> str:
    """Name the vision model of choice at a base (`base_kind`); empty where none is served."""
    served = (name for name in VISION if base == "other" or base in MODELS[name].served)
    return next(served, "")


def resolve_model(asked: str, base: str, own_rules: ModelMap = ()) -> str:
    """Give the GLM model for the name that a client asked for.

    `base` is a `base_kind`; `other` is taken to serve every model that some base still serves.
    """
    for pattern, target in own_rules:
        if fnmatchcase(asked, pattern):
            return target
    bare = _bare(asked)
    return bare if is_glm_name(asked) else _resolve_foreign(bare, base)


def is_glm_name(asked: str) -> bool:
    """Tell whether a name that a client asked for is one of GLM's, known or not."""
    return _bare(asked).startswith("glm-")


def _bare(asked: str) -> str:
    return _BRACKETS.sub("", asked.strip().lower()).rpartition("/")[2]


def _resolve_foreign(bare: str, base: str) -> str:
    row = next(row for row in _TABLE["names"] if any(fnmatchcase(bare, p) for p in row["asked"]))
    served = MODELS[row["model"]].served
    chosen: str = (
        row["model"] if base in served or (base == "other" and served) else row["successor"]
    )
    return chosen


def say_effort(model: Model, asked: str | None) -> str:
    """Say an effort in the model's words; `off` and `on` stand for the thinking switch alone.

    Without a wish the model's documented default is said, which means the same to GLM. An effort
    that no table knows counts as `high`.
    """
    if not model.effort:
        return "off"
    words = _TABLE["effort"][model.effort]
    if asked is None:
        return model.default_effort or "on"
    said: str = words.get(asked.lower(), words["high"])
    return said


def thinking_fields(model: Model, said: str) -> dict[str, object]:
    """Give the fields of the chat body for an effort in the model's words, see `say_effort`."""
    if model.thinking == "none":
        return {}
    if said == "off":
        return {"thinking": {"type": "disabled"}}
    thinking: dict[str, object] = {"type": "enabled"}
    if model.preserved:
        thinking["clear_thinking"] = False
    return {"thinking": thinking} | ({"reasoning_effort": said} if said != "on" else {})
