"""How long a turn of 20 events takes, on a kept connection and on a new one each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bench.bench import Bench, Samples
    from tests.bench.columns import Column

MILLISECONDS = 1e-6


def measure(bench: Bench, column: Column) -> Samples:
    """Give the times to the first event, to the first text and to the end, in ms."""
    server, count = bench.server(column), max(bench.sizes.turns // bench.sizes.turn_rounds, 2)
    samples: Samples = {}
    for way, fresh in (("kept", False), ("fresh", True)):
        took = bench.turns(server, count + 1, fresh)
        if took["bad"]:
            raise RuntimeError(f"{took['bad']} of {count} turns were not whole: {took['example']}")
        for name in ("event", "text", "total"):
            # The first turn on a kept connection makes it.
            samples[f"{name}_{way}"] = [value * MILLISECONDS for value in took[name][1:]]
        samples[f"connections_{way}"] = [took["connections"]]
    return samples
