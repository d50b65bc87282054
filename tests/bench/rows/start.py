"""How long it takes from the start of the process until its first turn is served."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bench.bench import Bench, Samples
    from tests.bench.columns import Column


def measure(bench: Bench, column: Column) -> Samples:
    """Give the time of one start, in seconds."""
    begin = time.monotonic()
    server = bench.launch(column)
    try:
        bench.wait(server)
        return {"start": [time.monotonic() - begin]}
    finally:
        server.end()
