"""The receipt: what a turn lost, gained or had altered on its way, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

type Kind = Literal[
    "dropped", "repaired", "renamed", "changed", "added", "withheld", "retried", "unknown"
]

LOSSLESS_KINDS: frozenset[str] = frozenset({"renamed", "withheld", "retried"})
"""Kinds that leave the meaning whole: names that are mapped back, the client's own identity, and
rounds that ended in an error before GLM had given anything."""

LONGEST_WORD = 64
"""Characters of an unknown word that are kept."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a receipt."""

    kind: Kind
    rule: str
    """Stable name of the rule that acted, for filters and counts, such as `orphan-call`."""
    detail: str
    """What it acted on and why, as a sentence for a person."""
    word: str = ""
    """The word that was never seen before, in an entry of kind `unknown`."""


@dataclass(slots=True)
class Receipt:
    """The record of one turn, in the order in which things happened."""

    entries: list[Entry] = field(default_factory=list)
    _written: set[Entry] = field(default_factory=set, repr=False)

    def add(self, kind: Kind, rule: str, detail: str, word: str = "") -> None:
        """Write one line; the same line is not written twice. Half characters become `?`."""
        entry = Entry(kind, rule, detail.encode("utf-8", "replace").decode("utf-8"), word)
        if entry not in self._written:
            self._written.add(entry)
            self.entries.append(entry)

    def unknown(self, category: str, word: str, became: str) -> None:
        """Write that a word of either dialect was never seen before, and what became of it.

        `category` is one of `vocabulary.CATEGORIES`.
        """
        plain = "".join(c if c.isprintable() else "?" for c in word[:LONGEST_WORD])
        self.add("unknown", category, f"{plain}: never seen before, {became}", plain)

    @property
    def lossless(self) -> bool:
        """Whether nothing of the turn's meaning was dropped, altered or invented."""
        return all(entry.kind in LOSSLESS_KINDS for entry in self.entries)

    def to_json(self) -> list[dict[str, str]]:
        """Give the entries as plain values, fit for a flow's metadata."""
        return [{"kind": e.kind, "rule": e.rule, "detail": e.detail} for e in self.entries]
