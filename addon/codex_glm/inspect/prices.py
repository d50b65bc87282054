"""What tokens cost by the list prices of `prices.toml`."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codex_glm.translation.wire.chunks import Usage

_TABLE = tomllib.loads(files(__package__).joinpath("prices.toml").read_text("utf-8"))

DATE: str = _TABLE["date"]
SOURCE: str = _TABLE["source"]
PRICES: dict[str, tuple[float, float, float]] = {
    name: (row[0], row[1], row[2]) for name, row in _TABLE["prices"].items()
}
"""US dollars for a million tokens: input, cached input, output."""


def cost(model: str, usage: Usage) -> float | None:
    """Give the list price in US dollars; None for a model without a known price."""
    price = PRICES.get(model)
    if price is None:
        return None
    tokens = (usage.prompt - usage.cached, usage.cached, usage.completion)
    return sum(each * rate for each, rate in zip(tokens, price, strict=True)) / 1_000_000


def say_cost(dollars: float | None) -> str:
    """Say a sum; small ones with the digits that they need."""
    if dollars is None:
        return "price unknown"
    return f"${dollars:.2f}" if dollars >= 1 else f"${dollars:.4f}"
