"""What a soak has shown: the table, and what is not as it was promised."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from statistics import mean, quantiles
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from .client import Stream

type Figure = dict[str, Any]

MOST_GROWTH = 40
"""Megabytes by which the last third may lie above the first."""
MOST_LEFT = 4
"""Tasks and file descriptors that may be there beyond those before the load."""
_AT_RELOAD = ("the addon that made the turn wait is gone", "HTTP 5")
_RELOADING = 15
"""Seconds that a reload may take on a busy machine; mitmproxy looks at the file once a second."""
_BAD_WORDS = ("Traceback", "defect", "crashed", "never retrieved", "was never awaited")


@dataclass
class Report:
    """All that was seen."""

    streams: list[tuple[float, float, Stream]]
    reloads: list[float]
    harm: dict[str, int]
    keys: set[str]
    known_keys: set[str]
    figures: list[Figure]
    load: tuple[float, float]
    idle_until: float
    """When the proxy was asked for its health: that connection is not a left one."""
    output: str

    def problems(self) -> list[str]:
        """Name every broken promise; of the streams' at most ten."""
        found = [
            f"stream {stream.plan.number}, {stream.plan.kind}: {problem}"
            for begun, ended, stream in self.streams
            for problem in stream.problems()
            if not self._was_told_at_reload(begun, ended, stream)
        ][:10]
        if len(self.figures) < 5 or not self.streams:
            return [*found, "nothing was measured"]
        return [*found, *self._leaks(), *self._defects()]

    def _leaks(self) -> list[str]:
        before, after = self._idle()
        found = [
            f"{name}: {before[name]} before, {after[name]} afterwards"
            for name in ("tasks", "files")
            if after[name] - before[name] > MOST_LEFT
        ]
        if after["connections"]:
            found.append(f"{after['connections']} connections were left open")
        first, last = self.thirds()
        if last - first > MOST_GROWTH:
            found.append(f"memory grew from {first:.0f} to {last:.0f} MB")
        return found

    def _defects(self) -> list[str]:
        found = [f"the log has {word!r}" for word in _BAD_WORDS if word in self.output]
        if not self.keys <= self.known_keys:
            found.append("GLM got a key that nobody had set")
        if len(self.keys) < min(2, self.harm.get("keys changed", 0)):
            found.append("GLM got no other key than the first")
        found += ["a key stands in the log" for key in self.known_keys if key in self.output]
        return found

    def _was_told_at_reload(self, begun: float, ended: float, stream: Stream) -> bool:
        """Tell whether a turn that waited while the code was changed was told so, and no more."""
        words = stream.failure or stream.broken
        told = any(each in words for each in _AT_RELOAD)
        meanwhile = any(begun - _RELOADING <= at <= ended for at in self.reloads)
        return told and meanwhile and stream.plan.text.startswith(stream.text)

    def thirds(self) -> tuple[float, float]:
        """Give the mean megabytes of the load's first and last third."""
        begun, ended = self.load
        third = (ended - begun) / 3
        first = [f["megabytes"] for f in self.figures if begun < f["at"] < begun + third]
        last = [f["megabytes"] for f in self.figures if ended - third < f["at"] < ended]
        return mean(first or [0]), mean(last or [0])

    def _idle(self) -> tuple[Figure, Figure]:
        before = [f for f in self.figures if f["at"] < self.load[0]]
        after = [f for f in self.figures if f["at"] < self.idle_until]
        return (before or self.figures)[-1], (after or self.figures)[-1]

    def table(self) -> str:
        """Give all of it as Markdown."""
        if not self.figures or not self.streams:
            return "(nothing was measured)"
        before, after = self._idle()
        first, last = self.thirds()
        busy = [f for f in self.figures if self.load[0] < f["at"] < self.load[1]] or self.figures
        lags = quantiles([lag for f in busy for lag in f["lags"]], n=1000)
        ends = Counter(stream.ended for _, _, stream in self.streams)
        odd = [each for each in self.streams if each[2].problems()]
        told = sum(self._was_told_at_reload(*each) for each in odd)
        events = sum(len(stream.numbers) for _, _, stream in self.streams)
        rows = {
            "streams, and events in them": f"{len(self.streams):,}, {events:,}",
            "ended as": ", ".join(f"{name} {count:,}" for name, count in ends.most_common(6)),
            **{name: f"{count:,}" for name, count in self.harm.items()},
            "met a change of the code, and were told so": f"{told:,}",
            "streams with lost, doubled or mixed events, or a wrong end": f"{len(odd) - told:,}",
            "connections: at most, afterwards": _pair("connections", busy, after),
            "tasks: before, at most, afterwards": _three("tasks", before, busy, after),
            "open files: before, at most, afterwards": _three("files", before, busy, after),
            "MB: before, first third, last third, afterwards": (
                f"{before['megabytes']:.0f}, {first:.0f}, {last:.0f}, {after['megabytes']:.0f}"
            ),
            "lag of the event loop, ms: median, 99 %, 99.9 %": (
                f"{lags[499]:.1f}, {lags[989]:.1f}, {lags[998]:.1f}"
            ),
        }
        return "\n".join(["| | |", "|---|---|", *(f"| {k} | {v} |" for k, v in rows.items())])


def _pair(name: str, busy: list[Figure], after: Figure) -> str:
    return f"{max(f[name] for f in busy)}, {after[name]}"


def _three(name: str, before: Figure, busy: list[Figure], after: Figure) -> str:
    return f"{before[name]}, {_pair(name, busy, after)}"


def read_figures(file: Path) -> list[Figure]:
    """Read what the probe wrote; its last line may be half."""
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return [json.loads(line) for line in lines if line.endswith("}")]
