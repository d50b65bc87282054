"""What an event costs, and how late it is, with many streams at once.

The upstream holds all streams after their first event until the last one is open, and again after
their last event, so that neither the set-up of a stream nor its end is counted.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tests.bench.bench import Bench, Samples, Server
    from tests.bench.columns import Column

RATE = 30
"""Events per second of a paced stream."""
SETTLING = 0.3
"""Seconds at the beginning of a paced run that are not counted."""
DRAINING = 6
"""Seconds that streams may take to end."""
PER_EVENT = 1e6
MILLISECONDS = 1e-6


class Window(NamedTuple):
    """A time in which was counted, and the processor time that passed in it; ns and seconds."""

    begin: int
    end: int
    server: float
    client: float
    upstream: float


def paced(bench: Bench, column: Column, count: int) -> Samples:
    """Measure streams that go at GLM's pace: cost of an event and how late it is.

    `share` is the share of the events due in the time that the client had in it.
    """
    server, seconds = bench.server(column), bench.sizes.seconds
    events = int(RATE * (seconds + SETTLING)) + RATE
    _open(bench, server, count, events, RATE)
    bench.pair.begin("flow", events=count * (events + 1), seconds=seconds + SETTLING)
    bench.pair.upstream.tell("go")
    time.sleep(SETTLING)
    first = _clocks(bench, server)
    time.sleep(seconds - 0.1)
    window = _window(first, _clocks(bench, server))
    bench.pair.client.answer()
    judged = _end(bench, column, f"paced {count}", window)
    due = RATE * count * (window.end - window.begin) / 1e9
    late = judged.pop("late") or [0]
    return {
        **_cost(f"paced_{count}", window, judged),
        f"paced_{count}_late": [late[len(late) // 2] * MILLISECONDS],
        f"paced_{count}_late_p95": [late[len(late) * 95 // 100] * MILLISECONDS],
        f"paced_{count}_share": [min(judged["within"] / due, 1.0)],
    }


def flat(bench: Bench, column: Column, count: int) -> Samples:
    """Measure streams that go as fast as they can: cost of an event, and events per second."""
    server, sizes = bench.server(column), bench.sizes
    events = max(sizes.flat_events // count, 40)
    _open(bench, server, count, events, 0)
    bench.pair.begin("flow", events=count * (events + 1), seconds=sizes.flat_seconds)
    first = _clocks(bench, server)
    bench.pair.upstream.tell("go")
    bench.pair.client.answer()
    window = _window(first, _clocks(bench, server))
    judged = _end(bench, column, f"flat {count}", window)
    judged.pop("late")
    rate = judged["within"] / max(judged["last"] - window.begin, 1) * 1e9
    return {**_cost(f"flat_{count}", window, judged), f"flat_{count}_rate": [rate]}


def _open(bench: Bench, server: Server, count: int, events: int, rate: int) -> None:
    opened = bench.pair.ask("open", target=server.target, count=count, events=events, rate=rate)
    if opened < count:
        raise RuntimeError(f"{opened} of {count} streams had a first event in time")


def _clocks(bench: Bench, server: Server) -> Window:
    pair, now = bench.pair, time.monotonic_ns()
    return Window(now, now, server.seconds(), pair.client.seconds(), pair.upstream.seconds())


def _window(first: Window, last: Window) -> Window:
    return Window(
        first.begin,
        last.end,
        last.server - first.server,
        last.client - first.client,
        last.upstream - first.upstream,
    )


def _end(bench: Bench, column: Column, name: str, window: Window) -> dict[str, Any]:
    """Have the streams end, and look whether each event of each stream arrived, in order.

    One that is too slow for that is noted and started anew. Raises RuntimeError if events were lost
    or mixed up.
    """
    sent = bench.pair.finish()
    judged = dict(
        bench.pair.ask("drain", sent=sent, seconds=DRAINING, begin=window.begin, end=window.end)
    )
    streams, open_ = judged["streams"], judged["open"]
    if judged["right"] < streams:
        raise RuntimeError(
            f"in {streams - judged['right']} of {streams} streams events were missing"
        )
    if open_:
        slow = f"{open_} of {streams} streams had not ended {DRAINING} s after the upstream's end"
        bench.note(column, f"{name}: {slow}")
        bench.drop(column)
    return judged


def _cost(name: str, window: Window, judged: dict[str, Any]) -> Samples:
    events = max(judged["within"], 1)
    return {
        f"{name}_cpu": [window.server / events * PER_EVENT],
        f"{name}_client_cpu": [window.client / events * PER_EVENT],
        f"{name}_upstream_cpu": [window.upstream / events * PER_EVENT],
        f"{name}_reads": [judged["reads"] / events],
    }
