"""The alarm of drift: what Codex or GLM said that this build has never seen.

Each word is logged once, counted for /health, and the first turn that held it is kept as a
candidate for the test fixtures, without what is private.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from codex_glm.inspect.wording import one_line, printable
from codex_glm.proxy.shown.recorder import (
    Recording,
    make_recording,
    private_values,
    write_recording,
)
from codex_glm.translation.redaction import Redactor

if TYPE_CHECKING:
    from pathlib import Path

    from mitmproxy.http import HTTPFlow

    from codex_glm.proxy.turns.turn import Turn
    from codex_glm.translation.receipt import Entry

_log = logging.getLogger("glm")

MOST_WORDS = 100
"""Words of one category that are told apart; a client may send any number."""
MOST_CANDIDATES = 16
MOST_BYTES = 256_000
"""Of one candidate; a longer one is kept without its streams, or not at all."""
LONGEST_TEXT = 200
"""Characters of a text in a candidate: nobody asked for it, so it holds little of what was said."""
OTHERS = "(others)"


class Unknowns:
    """Counts, tells and keeps what is new."""

    def __init__(self) -> None:
        self.counts: dict[str, dict[str, int]] = {}
        """Turns by category and word, such as `{"item_type": {"foo": 3}}`."""
        self.candidates: dict[str, Recording] = {}
        """The first turns with something new, as fixtures, by name."""

    def turn(self, flow: HTTPFlow, turn: Turn) -> None:
        """Take note of what was new in a turn that has ended."""
        entries = [each for each in turn.context.receipt.entries if each.kind == "unknown"]
        first = [each for each in entries if self._count(each)]
        for entry in first:
            words = printable(one_line(entry.detail, 240))
            _log.warning("new %s %s", entry.rule.replace("-", " "), words)
        if first and len(self.candidates) < MOST_CANDIDATES:
            self._keep(first[0], flow, turn)

    def write(self, folder: Path) -> list[str]:
        """Write the candidates into a folder; gives their names. Raises OSError."""
        for name, recording in self.candidates.items():
            write_recording(folder, name, recording)
        return list(self.candidates)

    def _count(self, entry: Entry) -> bool:
        """Count a word; True when it is the first time."""
        words = self.counts.setdefault(entry.rule.replace("-", "_"), {})
        word = entry.word if entry.word in words or len(words) < MOST_WORDS else OTHERS
        words[word] = words.get(word, 0) + 1
        return words[word] == 1

    def _keep(self, entry: Entry, flow: HTTPFlow, turn: Turn) -> None:
        keys = [place.key.value for place in turn.upstreams]
        redactor = Redactor(private_values(keys), LONGEST_TEXT)
        name = f"new-{len(self.candidates) + 1:02d}-{entry.rule}"
        try:
            recording = make_recording(name, entry.detail, flow, turn, redactor)
        except Exception:  # noqa: BLE001  # a turn must not suffer from it
            _log.exception("a turn could not be kept as a candidate for the fixtures")
            return
        if recording.size > MOST_BYTES:
            recording = recording._replace(streams=[], reply=b"")
        if recording.size <= MOST_BYTES:
            self.candidates[name] = recording
