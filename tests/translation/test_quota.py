"""GLM's account of a plan, read strictly, and the headers that come of it."""

from __future__ import annotations

from typing import Any

import pytest
from codex_glm.translation.quota import (
    PATH,
    Quota,
    QuotaError,
    Window,
    limit_headers,
    open_windows,
    quota_root,
    read_quota,
    usage_answer,
)
from hypothesis import given
from hypothesis import strategies as st

NOW = 1787560000
FIVE_HOURS = {
    "type": "CREDIT_LIMIT", "unit": 3, "number": 5, "usage": 28000, "currentValue": 3341,
    "remaining": 24658, "percentage": 11, "nextResetTime": 1787563232239,
}  # fmt: skip
WEEK = {
    "type": "CREDIT_LIMIT", "unit": 6, "number": 1, "usage": 140000, "currentValue": 25224,
    "remaining": 114775, "percentage": 18, "nextResetTime": 1788077327998,
}  # fmt: skip
TOOLS = {"type": "TIME_LIMIT", "unit": 5, "number": 1, "usage": 4000, "percentage": 0}
"""Rows as z.ai gave them (2026-08); the last one is of an older plan."""

HOURS_READ, WEEK_READ = Window(300, 11, 1787563232), Window(10080, 18, 1788077327)


def answer(*rows: object, **data: object) -> dict[str, Any]:
    data = {"limits": list(rows), **data}
    return {"code": 200, "msg": "Operation successful", "data": data, "success": True}


def test_a_plan_by_credits() -> None:
    read = read_quota(answer(FIVE_HOURS, WEEK, level="max"), NOW)
    assert read == Quota((HOURS_READ, WEEK_READ), "max", ())


def test_a_plan_by_tokens_in_any_order() -> None:
    rows = [TOOLS, {**WEEK, "type": "TOKENS_LIMIT"}, {**FIVE_HOURS, "type": "TOKENS_LIMIT"}]
    assert read_quota(answer(*rows), NOW) == Quota((HOURS_READ, WEEK_READ), "", ())


def test_a_percentage_alone_is_enough() -> None:
    row = {"type": "TOKENS_LIMIT", "unit": 3, "number": 5, "percentage": 0}
    nulls = {**row, "unit": 6, "number": 1, "usage": None, "currentValue": None}
    read = read_quota(answer(row, {**nulls, "nextResetTime": None}), NOW)
    assert read.windows == (Window(300, 0, None), Window(10080, 0, None))


def test_no_plan_is_no_fault() -> None:
    assert read_quota(answer(), NOW) == Quota((), "", ())


def test_of_two_rows_for_a_window_the_fuller_one_counts() -> None:
    tokens = {**FIVE_HOURS, "type": "TOKENS_LIMIT", "usage": None, "percentage": 90}
    for rows in ([tokens, FIVE_HOURS], [FIVE_HOURS, tokens]):
        (window,) = read_quota(answer(*rows), NOW).windows
        assert window.used_percent == 90


def test_more_than_all_is_all() -> None:
    (window,) = read_quota(
        answer({**WEEK, "currentValue": 141000, "percentage": 100.7}), NOW
    ).windows
    assert window.used_percent == 100


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"success": True},
        {"success": True, "data": []},
        {"success": True, "data": {"limits": {}}},
        {**answer(WEEK), "success": False},
        {**answer(WEEK), "success": "true"},
    ],
)
def test_an_unknown_shape_gives_nothing(wrong: dict[str, Any]) -> None:
    with pytest.raises(QuotaError, match="not known"):
        read_quota(wrong, NOW)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"type": None}, "without a type"),
        ({"type": "REQUEST_LIMIT"}, "of a type"),
        ({"unit": 4}, "length"),
        ({"unit": None}, "length"),
        ({"number": None}, "length"),
        ({"number": True}, "length"),
        ({"number": 0}, "length"),
        ({"number": 10**30}, "length"),
        ({"percentage": None}, "without a percentage"),
        ({"percentage": "18"}, "without a percentage"),
        ({"percentage": True}, "without a percentage"),
        ({"percentage": -1}, "without a percentage"),
        ({"percentage": 101, "usage": 0}, "without a percentage"),
        ({"percentage": 10**400, "usage": 0}, "without a percentage"),
        ({"percentage": float("nan")}, "without a percentage"),
        ({"percentage": 82}, "disagree"),
        ({"percentage": 0.18}, "disagree"),
        ({"nextResetTime": 1788077327}, "reset"),
        ({"nextResetTime": "2026-08-30"}, "reset"),
        ({"nextResetTime": (NOW - 3600) * 1000}, "reset"),
        ({"nextResetTime": (NOW + 8 * 86400) * 1000}, "reset"),
    ],
)
def test_a_row_that_is_not_understood_is_left_out_and_said(
    changes: dict[str, object], why: str
) -> None:
    read = read_quota(answer(FIVE_HOURS, {**WEEK, **changes}, {**WEEK, **changes}), NOW)
    assert read.windows == (HOURS_READ,)
    (note,) = read.notes
    assert why in note


def test_a_row_that_is_none() -> None:
    assert read_quota(answer(None, 1, level=5), NOW) == Quota((), "", ("a row without a type",))


@pytest.mark.parametrize(
    ("base", "root"),
    [
        ("https://api.z.ai/api/coding/paas/v4", "https://api.z.ai"),
        ("https://open.bigmodel.cn/api/coding/paas/v4", "https://open.bigmodel.cn"),
        ("http://127.0.0.1:8000/api/coding/paas/v4", "http://127.0.0.1:8000"),
        ("https://api.z.ai/api/paas/v4", ""),
        ("https://api.z.ai/api/coding/paas/v4/more", ""),
        ("http://127.0.0.1:8000/v1", ""),
    ],
)
def test_only_the_bases_of_a_plan_have_an_account(base: str, root: str) -> None:
    assert quota_root(base) == root
    assert PATH.startswith("/api/")


def test_the_headers_of_codex() -> None:
    assert limit_headers((HOURS_READ, WEEK_READ)) == {
        "x-codex-primary-used-percent": "11",
        "x-codex-primary-window-minutes": "300",
        "x-codex-primary-reset-at": "1787563232",
        "x-codex-secondary-used-percent": "18",
        "x-codex-secondary-window-minutes": "10080",
        "x-codex-secondary-reset-at": "1788077327",
    }
    assert limit_headers((Window(10080, 12.5, None),)) == {
        "x-codex-primary-used-percent": "12.5",
        "x-codex-primary-window-minutes": "10080",
    }
    assert limit_headers(()) == {}


def test_codex_has_room_for_two() -> None:
    told = limit_headers((HOURS_READ, Window(1440, 50, None), WEEK_READ))
    assert told == limit_headers((HOURS_READ, WEEK_READ))


def test_the_usage_of_a_login() -> None:
    told = usage_answer((HOURS_READ, Window(10080, 18.9, None)), NOW)
    assert told == {
        "plan_type": "unknown",
        "rate_limit": {
            "allowed": True,
            "limit_reached": False,
            "primary_window": {
                "used_percent": 11,
                "limit_window_seconds": 18000,
                "reset_after_seconds": 3232,
                "reset_at": 1787563232,
            },
            "secondary_window": {
                "used_percent": 18,
                "limit_window_seconds": 604800,
                "reset_after_seconds": 604800,
                "reset_at": NOW + 604800,
            },
        },
    }
    full = usage_answer((Window(300, 100, NOW + 5),), NOW)["rate_limit"]
    assert isinstance(full, dict)
    assert (full["allowed"], full["limit_reached"]) == (False, True)
    assert "secondary_window" not in full


def test_a_window_that_has_ended_is_not_told() -> None:
    both, later = (HOURS_READ, WEEK_READ, Window(60, 1, None)), HOURS_READ.resets_at or 0
    assert open_windows(both, NOW) == both
    assert open_windows(both, later) == both[1:]


_ROWS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["TOKENS_LIMIT", "CREDIT_LIMIT", "TIME_LIMIT", "X"]),
        "unit": st.sampled_from([3, 5, 6, None]),
        "number": st.one_of(st.integers(), st.none()),
        "percentage": st.one_of(st.floats(), st.integers(), st.none()),
        "usage": st.one_of(st.floats(), st.none()),
        "currentValue": st.one_of(st.floats(), st.none()),
        "nextResetTime": st.one_of(st.floats(), st.integers(), st.none()),
    }
)


@given(st.lists(st.one_of(_ROWS, st.none(), st.text()), max_size=6))
def test_whatever_comes_the_numbers_are_sane(rows: list[object]) -> None:
    read = read_quota(answer(*rows), NOW)
    assert [each.minutes for each in read.windows] == sorted({w.minutes for w in read.windows})
    for window in read.windows:
        assert 0 <= window.used_percent <= 100
        assert window.resets_at is None or abs(window.resets_at - NOW) <= window.minutes * 60 + 600
    for value in limit_headers(read.windows).values():
        assert 0 <= float(value) < 1e10
