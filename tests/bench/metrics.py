"""What the tables show: metrics as data, and their values from the samples of a run."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DIRECT, PASSTHROUGH, OWN, LANE_OFF = "direct", "passthrough", "mitmdump", "lane off"

_MOST_ROUNDS = 20
"""Samples of a metric with more of them are of turns, not of rounds."""


class Metric(NamedTuple):
    """One measured thing.

    `p95` names the samples of which the 95th percentile is shown: the same ones, or the medians of
    those that were taken in each round. An `added` metric is what remains after the direct way's.
    """

    key: str
    title: str
    unit: str
    better: Literal["less", "more"] = "less"
    added: bool = False
    p95: str = ""
    digits: int = 2


class Group(NamedTuple):
    """One table."""

    title: str
    about: str
    metrics: tuple[Metric, ...]


@dataclass(frozen=True)
class Values:
    """The samples of a run, by metric and column."""

    samples: Mapping[str, Mapping[str, Sequence[float]]]

    def raw(self, key: str, column: str, share: float = 0.5) -> float | None:
        """Give the median of samples, or another quantile; None if there are none."""
        found = self.samples.get(key, {}).get(column)
        if not found:
            return None
        return median(found) if share == 0.5 else sorted(found)[int(len(found) * share)]

    def of(self, metric: Metric, column: str) -> float | None:
        """Give a metric's median."""
        return self._above_direct(metric, self.raw(metric.key, column))

    def p95(self, metric: Metric, column: str) -> float | None:
        """Give a metric's 95th percentile, if it has one."""
        if not metric.p95:
            return None
        share = 0.95 if metric.p95 == metric.key else 0.5
        return self._above_direct(metric, self.raw(metric.p95, column, share))

    def ratio(self, metric: Metric, column: str, to: str = PASSTHROUGH) -> float | None:
        """Give a metric of one column by that of another.

        Where each round gave one sample, it is the median of the rounds' own ratios: the columns
        of a round saw the same drift of the machine.
        """
        if pairs := self._rounds(metric, column, to):
            return median(own / other for own, other in pairs)
        value, other = self.of(metric, column), self.of(metric, to)
        return value / other if value and other and min(value, other) > 0 else None

    def _rounds(self, metric: Metric, column: str, to: str) -> list[tuple[float, float]]:
        measured = self.samples.get(metric.key, {})
        own, other = measured.get(column, ()), measured.get(to, ())
        by_round = not metric.added and len(own) == len(other) <= _MOST_ROUNDS
        return list(zip(own, other, strict=True)) if by_round and all((*own, *other)) else []

    def _above_direct(self, metric: Metric, value: float | None) -> float | None:
        if value is None or not metric.added:
            return value
        direct = self.raw(metric.key, DIRECT)
        return value - direct if direct is not None else None


def _times(way: str, words: str) -> tuple[Metric, ...]:
    names = (("event", "first event"), ("text", "first text"), ("total", "whole turn"))
    return tuple(
        Metric(f"{name}_{way}", f"{title}, {words}", "ms", added=True, p95=f"{name}_{way}")
        for name, title in names
    )


TURN = Group(
    "Added to a turn of 20 events",
    "Milliseconds above the direct way: median (95th percentile), times passthrough.",
    _times("kept", "kept connection") + _times("fresh", "new connection"),
)
HISTORY = Group(
    "From the client's first byte until the upstream has the whole request",
    "Milliseconds above the direct way, kept connection.",
    (
        Metric("asked_usual", "20 kB", "ms", added=True, p95="asked_usual"),
        Metric("asked_long", "2 MB, 400 items", "ms", added=True, p95="asked_long"),
    ),
)


def paced(counts: Sequence[int]) -> Group:
    """Give the table of streams at GLM's pace."""
    metrics = [Metric(f"paced_{n}_cpu", f"{n} paced: CPU", "µs", digits=0) for n in counts]
    metrics += [
        Metric(f"paced_{n}_late", f"{n} paced: later", "ms", added=True, p95=f"paced_{n}_late_p95")
        for n in counts
    ]
    metrics.append(Metric(f"paced_{counts[-1]}_share", f"{counts[-1]} paced: in time", "", "more"))
    about = (
        "30 events a second in each stream. CPU of the process for each event; how much later than "
        "on the direct way an event is there; share of the due events that came in the time."
    )
    return Group("Streams at GLM's pace", about, tuple(metrics))


def flat(counts: Sequence[int]) -> Group:
    """Give the table of streams as fast as they go."""
    metrics = [Metric(f"flat_{n}_cpu", f"{n} flat out: CPU", "µs", digits=1) for n in counts]
    metrics += [
        Metric(f"flat_{n}_rate", f"{n} flat out: events/s", "", "more", digits=0) for n in counts
    ]
    about = (
        "CPU of the process for each event, and events a second of all streams together; a rate "
        "near the direct way's is the limit of client and upstream."
    )
    return Group("Streams as fast as they go", about, tuple(metrics))


MEMORY = Group(
    "Memory",
    "Resident, of all its processes; and what it does when nobody asks.",
    (
        Metric("memory_idle", "idle", "MB", digits=0),
        Metric("memory_stream", "each open stream", "kB", digits=0),
        Metric("memory_after", "after many turns of 20 kB", "MB", digits=0),
        Metric("idle_load", "CPU when idle", "ms/s", digits=1),
    ),
)
START = Group(
    "Start",
    "Seconds from the start of the process to the end of its first turn.",
    (Metric("start", "first turn served", "s"),),
)


def groups(counts: Sequence[int]) -> tuple[Group, ...]:
    """Give all tables, for these numbers of streams."""
    return (TURN, paced(counts), flat(counts), HISTORY, MEMORY, START)
