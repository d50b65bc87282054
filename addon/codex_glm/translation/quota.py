"""The windows of a GLM plan: GLM's account of them read, and told in the headers that Codex reads.

What GLM's rows mean is data: `quota.toml`. A row that is not known there, or that contradicts
itself, is left out with a note: no number is better than a wrong one.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .wire.wire_json import JsonObject

_TABLE = tomllib.loads(files(__package__).joinpath("quota.toml").read_text("utf-8"))
PATH: str = _TABLE["path"]
"""Where GLM gives its account, below `quota_root`."""

_SLACK = 600
"""Seconds by which two clocks may differ."""

_MOST_UNITS = 99
_MOST = 1e15

_SIDES = ("primary", "secondary")


class Window(NamedTuple):
    """One window of a plan."""

    minutes: int
    used_percent: float
    """From 0 to 100."""
    resets_at: int | None
    """Unix time in seconds; None while a window has not begun."""


@dataclass(frozen=True, slots=True)
class Quota:
    """GLM's account of a plan at one moment."""

    windows: tuple[Window, ...]
    """Those that limit turns, the shortest first; none where the key has no plan."""
    level: str
    """GLM's name of the plan, such as `pro`; empty if it gave none."""
    notes: tuple[str, ...]
    """What was left out, and why."""


class QuotaError(ValueError):
    """The answer is none that is known; the words say why, and quote nothing of it."""


def quota_root(base: str) -> str:
    """Give the URL below which a base's plan is accounted for; empty where it has none."""
    root, found, rest = base.rpartition(_TABLE["plan_base"])
    return root if found and not rest else ""


def read_quota(answer: JsonObject, now: int) -> Quota:
    """Read what GLM answered at `now`, Unix time in seconds; raises QuotaError."""
    data = answer.get("data")
    rows = data.get("limits") if isinstance(data, dict) else None
    if answer.get("success") is not True or not isinstance(rows, list):
        raise QuotaError("GLM's account of the plan has a shape that is not known here")
    windows: dict[int, Window] = {}
    notes: list[str] = []
    for row in rows:
        try:
            window = _read_row(row, now)
        except QuotaError as unknown:
            notes.append(str(unknown))
            continue
        if window:  # of two rows for one window, the one that ends first counts
            other = windows.get(window.minutes, window)
            windows[window.minutes] = max(window, other, key=lambda each: each.used_percent)
    level = data.get("level") if isinstance(data, dict) else ""
    ordered = tuple(windows[minutes] for minutes in sorted(windows))
    return Quota(ordered, level[:40] if isinstance(level, str) else "", tuple(dict.fromkeys(notes)))


def _read_row(row: object, now: int) -> Window | None:
    """Read one row; None where it limits something else than turns."""
    if not isinstance(row, dict) or not isinstance(row.get("type"), str):
        raise QuotaError("a row without a type")
    if row["type"] in _TABLE["others"]:
        return None
    if row["type"] not in _TABLE["turns"]:
        raise QuotaError("a row of a type that is not known here")
    minutes = _minutes(row)
    return Window(minutes, _used(row), _reset(row, minutes, now))


def _minutes(row: JsonObject) -> int:
    unit, number = row.get("unit"), row.get("number")
    minutes: int = _TABLE["minutes"].get(str(unit), 0)
    if not minutes or type(number) is not int or not 1 <= number <= _MOST_UNITS:
        raise QuotaError("a window of a length that is not known here")
    return minutes * number


def _used(row: JsonObject) -> float:
    """Give the percentage, where the counts beside it do not contradict it."""
    percent = _number(row.get("percentage"))
    whole, part = _number(row.get("usage")), _number(row.get("currentValue"))
    counted = 100 * part / whole if whole and part is not None else None
    if percent is None or (counted is None and percent > 100):
        raise QuotaError("a window without a percentage")
    if counted is not None and abs(counted - percent) > 1.5:  # its fraction may be cut off
        raise QuotaError("a window whose percentage and counts disagree")
    return min(percent, 100)


def _reset(row: JsonObject, minutes: int, now: int) -> int | None:
    told = row.get("nextResetTime")
    if told is None:
        return None
    milliseconds = _number(told)
    seconds = int(milliseconds // 1000) if milliseconds is not None else -1
    if not now - _SLACK <= seconds <= now + minutes * 60 + _SLACK:
        raise QuotaError("a window whose reset is not within it")
    return seconds


def _number(value: object) -> float | None:
    """Give a number of JSON that is neither negative nor beyond all measure."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value <= _MOST else None


def open_windows(windows: Iterable[Window], now: int) -> tuple[Window, ...]:
    """Leave out the windows that have ended since GLM told of them."""
    return tuple(each for each in windows if each.resets_at is None or each.resets_at > now)


def usage_answer(windows: Sequence[Window], now: int) -> JsonObject:
    """Give what Codex reads as the usage of a ChatGPT account, `GET …/wham/usage` (0.163.0).

    All numbers are whole there, and every window ends at some time: one that has not begun is told
    as if it began at `now`.
    """
    told = [
        {
            "used_percent": int(window.used_percent),
            "limit_window_seconds": window.minutes * 60,
            "reset_after_seconds": (reset := window.resets_at or now + window.minutes * 60) - now,
            "reset_at": reset,
        }
        for window in _shown(windows)
    ]
    full = any(window.used_percent >= 100 for window in windows)
    sides = dict(zip(("primary_window", "secondary_window"), told, strict=False))
    return {
        "plan_type": "unknown",
        "rate_limit": {"allowed": not full, "limit_reached": full, **sides},
    }


def limit_headers(windows: Sequence[Window]) -> dict[str, str]:
    """Give the response headers that Codex reads (codex-cli 0.125.0 to 0.169.0)."""
    headers: dict[str, str] = {}
    for side, window in zip(_SIDES, _shown(windows), strict=False):
        headers[f"x-codex-{side}-used-percent"] = f"{window.used_percent:g}"
        headers[f"x-codex-{side}-window-minutes"] = str(window.minutes)
        if window.resets_at is not None:
            headers[f"x-codex-{side}-reset-at"] = str(window.resets_at)
    return headers


def _shown(windows: Sequence[Window]) -> Sequence[Window]:
    """Choose two, as Codex has room for no more: its primary one is the shortest."""
    return windows if len(windows) <= len(_SIDES) else (windows[0], windows[-1])
