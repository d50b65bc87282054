"""Totals over turns: tokens and what they cost, by model and by thread."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .plan import plan_lines
from .prices import DATE, SOURCE, cost, say_cost
from .wording import share, short_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .turn_record import TurnRecord


@dataclass(slots=True)
class Total:
    """A sum over turns."""

    turns: int = 0
    prompt: int = 0
    cached: int = 0
    completion: int = 0
    dollars: float = 0.0
    unpriced: int = 0
    """Turns of models without a known price."""

    def add(self, record: TurnRecord) -> None:
        """Add a turn."""
        self.turns += 1
        usage = record.billed
        if not usage:
            return
        self.prompt += usage.prompt
        self.cached += usage.cached
        self.completion += usage.completion
        price = cost(record.model, usage)
        self.dollars += price or 0.0
        self.unpriced += price is None

    def row(self, name: str) -> str:
        """Give the total as a line of the table."""
        price = say_cost(self.dollars if self.turns > self.unpriced else None)
        price += f" + {self.unpriced} of unknown price" if 0 < self.unpriced < self.turns else ""
        return (
            f"{name:<38}{self.turns:>6}{short_count(self.prompt):>9}"
            f"{short_count(self.cached):>9} {share(self.cached, self.prompt):>4}"
            f"{short_count(self.completion):>9}   {price}"
        )


def stats(records: Sequence[TurnRecord]) -> list[str]:
    """Give the totals as lines."""
    if not records:
        return ["no turns"]
    lines = [f"{'':<38}{'turns':>6}{'in':>9}{'cached':>9}{'':>5}{'out':>9}   cost"]
    lines += _table([("all turns", each) for each in records])
    lines += ["", "by model", *_table((each.model or "(none)", each) for each in records)]
    lines += ["", "by thread", *_table((each.thread or "(none)", each) for each in records)]
    outcomes = Counter(each.outcome or "under way" for each in records)
    lines += ["", ", ".join(f"{many} {outcome}" for outcome, many in outcomes.most_common())]
    side = sum(len(each.side_calls) for each in records)
    lines += [f"{side} side calls, not counted above"] if side else []
    lines += plan_lines(records)
    return [*lines, f"list prices in US dollars, {DATE} ({SOURCE}); a plan is not billed by them"]


def _table(named: Iterable[tuple[str, TurnRecord]]) -> list[str]:
    totals: defaultdict[str, Total] = defaultdict(Total)
    for name, record in named:
        totals[name].add(record)
    return [total.row(name) for name, total in totals.items()]
