"""How long a request takes from the client's first byte until the upstream has all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.request import LONG, USUAL

from .turn import MILLISECONDS

if TYPE_CHECKING:
    from tests.bench.bench import Bench, Samples
    from tests.bench.columns import Column


def measure(bench: Bench, column: Column) -> Samples:
    """Give the times in ms on a kept connection, for a history of 20 kB and one of 2 MB."""
    server, samples = bench.server(column), {}
    count = max(bench.sizes.long_turns // bench.sizes.rounds, 2)
    for name, history in (("asked_usual", USUAL), ("asked_long", LONG)):
        took = bench.turns(server, count + 1, history=history)
        if took["bad"]:
            raise RuntimeError(f"{took['bad']} of {count} turns were not whole: {took['example']}")
        samples[name] = [value * MILLISECONDS for value in took["asked"][1:]]
    return samples
