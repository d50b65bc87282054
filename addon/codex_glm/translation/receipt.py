"""The receipt: what a turn lost, gained or had altered on its way, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

type Kind = Literal["dropped", "repaired", "renamed", "changed", "added", "withheld", "retried"]

LOSSLESS_KINDS: frozenset[str] = frozenset({"renamed", "withheld", "retried"})
"""Kinds that leave the meaning whole: names that are mapped back, the client's own identity, and
rounds that ended in an error before GLM had given anything."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a receipt."""

    kind: Kind
    rule: str
    """Stable name of the rule that acted, for filters and counts, such as `orphan-call`."""
    detail: str
    """What it acted on and why, as a sentence for a person."""


@dataclass(slots=True)
class Receipt:
    """The record of one turn, in the order in which things happened."""

    entries: list[Entry] = field(default_factory=list)

    def add(self, kind: Kind, rule: str, detail: str) -> None:
        """Write one line; the same line is not written twice."""
        entry = Entry(kind, rule, detail)
        if entry not in self.entries:
            self.entries.append(entry)

    @property
    def lossless(self) -> bool:
        """Whether nothing of the turn's meaning was dropped, altered or invented."""
        return all(entry.kind in LOSSLESS_KINDS for entry in self.entries)

    def to_json(self) -> list[dict[str, str]]:
        """Give the entries as plain values, fit for a flow's metadata."""
        return [{"kind": e.kind, "rule": e.rule, "detail": e.detail} for e in self.entries]
