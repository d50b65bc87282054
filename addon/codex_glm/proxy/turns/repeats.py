"""How often Codex has tried the same thing in vain.

Codex retries a reply that broke after text had been shown, and at its end speaks of a disconnected
stream (codex-cli 0.169.0). So its third try in a row that breaks is told to be the last one, in
the words that name the cause.
"""

from __future__ import annotations

from collections import OrderedDict

_TRIES = 3
_MOST_THREADS = 1000


class Repeats:
    """Counts broken turns in a row, by thread; losing the counts costs a few tries more."""

    def __init__(self) -> None:
        self._broken: OrderedDict[str, int] = OrderedDict()

    def is_last_try(self, thread: str) -> bool:
        """Tell whether one more broken turn of this thread is to be the last."""
        return self._broken.get(thread, 0) >= _TRIES - 1

    def note(self, thread: str, *, broken: bool) -> None:
        """Take note of a turn's end; `broken` when Codex is going to try it again."""
        count = self._broken.pop(thread, 0) + 1
        if broken and thread:
            self._broken[thread] = count
            if len(self._broken) > _MOST_THREADS:
                self._broken.popitem(last=False)
