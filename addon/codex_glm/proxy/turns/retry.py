"""Whether a turn gets another round with GLM, and when."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codex_glm.translation.errors import pace

if TYPE_CHECKING:
    from codex_glm.translation.errors import Failure


@dataclass(frozen=True, slots=True)
class RetryLimits:
    """The user's bounds for what the proxy tries by itself."""

    tries: int = 6
    """Further tries of one turn at one upstream."""
    seconds: float = 180.0
    """Time from the turn's start in which a further try may begin."""


@dataclass(slots=True)
class Retries:
    """The tries of one turn at one upstream."""

    limits: RetryLimits
    counts: Counter[str] = field(default_factory=Counter)
    """Faults so far, by rule."""

    def next_wait(self, fault: Failure, elapsed: float, jitter: float) -> float | None:
        """Give the seconds until the next try, or None when there is to be none.

        `elapsed` is the turn's age in seconds, `jitter` a random number in [0, 1). Each fault goes
        its own pace; together they are bounded.
        """
        steps = pace(fault)
        count = self.counts[fault.rule]
        if count >= len(steps) or self.counts.total() >= self.limits.tries:
            return None
        wait: float = steps[count] * (1 + jitter / 4)
        if elapsed + wait > self.limits.seconds:
            return None
        self.counts[fault.rule] += 1
        return wait
