"""How the windows of a plan are said."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codex_glm.translation.quota import Window

    from .turn_record import TurnRecord

_HOUR, _WEEK = 60, 7 * 24 * 60


def say_windows(windows: Iterable[Window]) -> str:
    """Say them in a few characters, `plan 42% of 5h, 17% of week`; empty if none is known."""
    said = [f"{_percent(each.used_percent)} of {_name(each.minutes)}" for each in windows]
    return f"plan {', '.join(said)}" if said else ""


def plan_lines(records: Sequence[TurnRecord]) -> list[str]:
    """Say what the last turn knew of its plan, with the times at which the windows begin anew."""
    known = next((each.plan for each in reversed(records) if each.plan), ())
    said = [
        f"{_percent(each.used_percent)} of {_name(each.minutes)}{_reset(each.resets_at)}"
        for each in known
    ]
    return [f"plan, at the last turn that knew: {', '.join(said)}"] if said else []


def _percent(used: float) -> str:
    return f"{int(used)}%"  # as GLM counts: only what is used up is 100%


def _name(minutes: int) -> str:
    if minutes == _WEEK:
        return "week"
    whole_hours = minutes and not minutes % _HOUR
    return f"{minutes // _HOUR}h" if whole_hours else f"{minutes}min"


def _reset(at: int | None) -> str:
    """Give the time in the person's zone; one beyond the calendar is left out."""
    try:
        local = datetime.fromtimestamp(at).astimezone() if at else None
    except (ValueError, OverflowError, OSError):
        local = None
    return f" (anew {local:%Y-%m-%d %H:%M %Z})" if local else ""
