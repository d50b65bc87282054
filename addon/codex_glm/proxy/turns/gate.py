"""How many turns of one key run at once: learned from GLM, first come first served.

Nothing tells a plan's concurrency (1 on small ones, reported 2026); GLM answers 1302 when it is
exceeded. So the gate opens as fast as GLM accepts turns, like a connection's slow start, which
nobody notices. Once GLM has answered 1302, the gate holds as many as GLM bore, and tries one more
at growing intervals.
"""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST = 4
"""Turns that may start before GLM has accepted any."""
_PROBE = 4
"""Turns that must end well, for each place at the gate, before one more place is tried."""
_RAREST_PROBE = 64
"""The same, after one more place has proved too many again and again."""

next_ticket = itertools.count(1).__next__
"""Gives the next ticket of this process."""


class Gate:
    """The gate of one key; tickets are numbers, lower first.

    `clock` gives seconds, monotonic. `notify` is called whenever somebody may enter who could not.
    A `fixed` number of places is neither learned nor probed.
    """

    def __init__(
        self, clock: Callable[[], float], notify: Callable[[], None], fixed: int = 0
    ) -> None:
        self.limit = fixed or _FIRST
        self.learned = False
        """Whether GLM has answered 1302 yet."""
        self._clock = clock
        self._notify = notify
        self._fixed = fixed > 0
        self._inside: dict[int, bool] = {}
        """Tickets that run, and whether GLM has accepted them."""
        self._waiting: list[int] = []
        self._not_before = 0.0
        self._ended_well = 0
        self._probe = _PROBE
        self._probing = False
        self._released = False

    def may_enter(self, ticket: int) -> bool:
        """Let a ticket in if it is its turn; otherwise it keeps its place in the queue."""
        if self._released or ticket in self._inside:
            return True
        if ticket not in self._waiting:
            heapq.heappush(self._waiting, ticket)
        if self._waiting[0] != ticket or self.seconds_shut > 0 or len(self._inside) >= self.limit:
            return False
        heapq.heappop(self._waiting)
        self._inside[ticket] = False
        if self._waiting and len(self._inside) < self.limit:
            self._notify()  # the next one may have asked before this one left its way
        return True

    @property
    def seconds_shut(self) -> float:
        """How long nobody may enter, after a refusal."""
        return max(0.0, self._not_before - self._clock())

    def ahead_of(self, ticket: int) -> int:
        """Count the tickets that wait before this one."""
        return sum(each < ticket for each in self._waiting)

    def accepted(self, ticket: int) -> None:
        """Note that GLM took a turn on."""
        if self._fixed or ticket not in self._inside:
            return
        self._inside[ticket] = True
        bore = sum(self._inside.values())
        self.limit = max(self.limit, bore if self.learned else 2 * bore)
        self._notify()

    def refused(self, ticket: int, wait: float) -> None:
        """Note a 1302: hold what GLM bears, and nobody enters for `wait` seconds.

        The ticket goes back to its place in the queue.
        """
        self._not_before = max(self._not_before, self._clock() + wait)
        if not self._fixed and ticket in self._inside:
            if self._probing:
                self._probe = min(2 * self._probe, _RAREST_PROBE)
            # Of those that GLM has not answered yet, each lowers the limit if it is refused too.
            self.limit = max(1, len(self._inside) - 1)
            self.learned, self._probing, self._ended_well = True, False, 0
        if self._inside.pop(ticket, None) is not None:
            heapq.heappush(self._waiting, ticket)
        self._notify()

    def release(self) -> None:
        """Let everybody in from now on: nobody will tell any more who leaves."""
        self._released = True
        self._notify()

    def left(self, ticket: int, *, well: bool = False) -> None:
        """Take a ticket out, wherever it is; `well` when its turn was served."""
        if ticket in self._waiting:
            self._waiting.remove(ticket)
            heapq.heapify(self._waiting)
        if self._inside.pop(ticket, None) is not None and well and self.learned:
            self._ended_well += 1
            if not self._fixed and self._ended_well >= self._probe * self.limit:
                self.limit += 1
                self._probing, self._ended_well = True, 0
        self._notify()
