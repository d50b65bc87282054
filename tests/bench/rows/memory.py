"""What a new process holds, with open streams and after many turns; what it does when idle."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.bench.request import USUAL

from .streams import DRAINING

if TYPE_CHECKING:
    from tests.bench.bench import Bench, Samples, Server
    from tests.bench.columns import Column

MEGABYTE = 1 << 20
STREAMS = 100
BATCH = 100
LONGEST = 30
"""Seconds after which a slow one takes no more turns."""
IDLE = 2.0
"""Seconds in which nobody asks it."""


def measure(bench: Bench, column: Column) -> Samples:
    """Give the resident memory in MB, of an open stream in kB, and the idle load in ms a second."""
    server = bench.launch(column)
    try:
        bench.wait(server)
        time.sleep(0.5)
        begin = server.seconds()
        time.sleep(IDLE)
        load = (server.seconds() - begin) / IDLE * 1000
        idle = server.resident()
        bench.pair.ask("open", target=server.target, count=STREAMS, events=1, rate=0)
        opened = server.resident()
        sent, now = bench.pair.finish(), time.monotonic_ns()
        bench.pair.ask("drain", sent=sent, seconds=DRAINING, begin=now, end=now)
        taken = _take_turns(bench, server)
        if taken < bench.sizes.memory_turns:
            bench.note(column, f"memory: {taken} turns in {LONGEST} s, then it was weighed")
        after = server.resident()
    finally:
        server.end()
    return {
        "memory_idle": [idle / MEGABYTE],
        "memory_stream": [(opened - idle) / STREAMS / 1024],
        "memory_after": [after / MEGABYTE],
        "idle_load": [load],
    }


def _take_turns(bench: Bench, server: Server) -> int:
    begin, taken = time.monotonic(), 0
    while taken < bench.sizes.memory_turns and time.monotonic() - begin < LONGEST:
        took = bench.turns(server, BATCH, history=USUAL)
        if took["bad"]:
            raise RuntimeError(f"{took['bad']} turns were not whole: {took['example']}")
        taken += BATCH
    return taken
