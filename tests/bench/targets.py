"""The aims, each with what was measured and whether it is held."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .metrics import HISTORY, LANE_OFF, OWN, PASSTHROUGH, START, TURN, Metric, flat, paced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .metrics import Values

IN_TIME = 0.98
"""Share of the due events from which on nothing falls behind; the rest is on its way."""


class Verdict(NamedTuple):
    """One aim. `held` is None if it was not measured."""

    aim: str
    measured: str
    held: bool | None


def verdicts(values: Values, counts: Sequence[int], rivals: Sequence[str]) -> list[Verdict]:
    """Judge all aims; `rivals` are those in Python and JavaScript."""
    stock = LANE_OFF if values.samples.get(f"paced_{counts[-1]}_cpu", {}).get(LANE_OFF) else OWN
    slow, fast = paced(counts).metrics, flat(counts).metrics
    costs, lateness = slow[: len(counts)], slow[len(counts) : 2 * len(counts)]
    lane = "with the fast lane" if stock == LANE_OFF else "as it is"
    return [
        _ratios(values, "paced, CPU for an event ≤ 1.1 of passthrough, stock", costs, stock, 1.1),
        _ratios(values, f"paced, CPU for an event < passthrough, {lane}", costs, OWN, 1.0, True),
        _ratios(
            values, "flat out, CPU for an event ≤ 0.5 of passthrough", fast[: len(counts)], OWN, 0.5
        ),
        _gaps(values, "an event ≤ 0.3 ms later than through passthrough", lateness, 0.3),
        _first(values, "first event, kept connection ≤ passthrough", TURN.metrics[:2]),
        _first(values, "first event, new connection < passthrough", TURN.metrics[3:5], below=True),
        _gaps(values, "2 MB of history ≤ 15 ms over passthrough", HISTORY.metrics[1:], 15),
        *(_ahead(values, rival, counts) for rival in rivals),
        _in_time(values, slow[-1], counts[-1]),
        _start(values),
    ]


def _ratios(
    values: Values,
    aim: str,
    metrics: Sequence[Metric],
    column: str,
    limit: float,
    below: bool = False,
) -> Verdict:
    found = [(m, r) for m in metrics if (r := values.ratio(m, column)) is not None]
    words = "; ".join(f"{m.title} x{r:.2f}" for m, r in found)
    held = all(r < limit if below else r <= limit for _, r in found)
    return Verdict(aim, words, held if len(found) == len(metrics) else None)


def _first(
    values: Values, aim: str, event_and_text: Sequence[Metric], below: bool = False
) -> Verdict:
    """Judge the first event, and tell the first text beside it."""
    judged = _ratios(values, aim, event_and_text[:1], OWN, 1.0, below)
    text = _ratios(values, "", event_and_text[1:], OWN, 1.0)
    return judged._replace(measured=f"{judged.measured} ({text.measured}, not judged)")


def _gaps(values: Values, aim: str, metrics: Sequence[Metric], limit: float) -> Verdict:
    found = []
    for metric in metrics:
        own, other = values.of(metric, OWN), values.of(metric, PASSTHROUGH)
        if own is not None and other is not None:
            found.append((metric, own - other))
    words = "; ".join(f"{m.title} {gap:+.2f} ms" for m, gap in found)
    return Verdict(
        aim, words, all(g <= limit for _, g in found) if len(found) == len(metrics) else None
    )


def compared(counts: Sequence[int]) -> tuple[Metric, ...]:
    """Give what is compared with rivals: first event, whole turn, big histories, many streams."""
    many = [count for count in counts if count > 1] or counts
    return (*TURN.metrics, *HISTORY.metrics, *paced(many).metrics, *flat(many).metrics)


def advantages(values: Values, rival: str, counts: Sequence[int]) -> Iterator[tuple[Metric, float]]:
    """Give how many times better this addon is than a rival, metric by metric.

    Times hold the direct way's here: a quick rival's addition to it may be lost in the noise.
    """
    for metric in compared(counts):
        own, other = values.raw(metric.key, OWN), values.raw(metric.key, rival)
        if own and other:
            yield metric, other / own if metric.better == "less" else own / other


def _ahead(values: Values, rival: str, counts: Sequence[int]) -> Verdict:
    found = list(advantages(values, rival, counts))
    # Both in time is no lead, and needs none.
    behind = [(m, times) for m, times in found if times < 1 and not m.key.endswith("_share")]
    words = "; ".join(f"{m.title} x{times:.2f}" for m, times in behind)
    least = min((times for m, times in found if not m.key.endswith("_share")), default=0)
    said = f"behind in: {words}" if behind else f"in all, at least x{least:.1f}"
    return Verdict(f"ahead of {rival}", said if found else "", not behind if found else None)


def _in_time(values: Values, metric: Metric, count: int) -> Verdict:
    share = values.of(metric, OWN)
    aim = f"{count} paced streams on one core without falling behind"
    if share is None:
        return Verdict(aim, "", None)
    return Verdict(aim, f"{share:.1%} of the events in time", share >= IN_TIME)


def _start(values: Values) -> Verdict:
    took = values.of(START.metrics[0], OWN)
    words = f"{took:.2f} s" if took is not None else ""
    return Verdict("start to first turn < 1.2 s", words, took < 1.2 if took is not None else None)
