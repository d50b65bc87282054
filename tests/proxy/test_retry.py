"""How often and when the proxy tries again: the true paces."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest
from codex_glm.proxy.turns.retry import Retries, RetryLimits
from codex_glm.translation import errors
from codex_glm.translation.errors import failure

PACES = tomllib.loads(files("codex_glm.translation").joinpath("errors.toml").read_text("utf-8"))[
    "pace"
]
WIDE = RetryLimits(100, 3600)


@pytest.fixture(autouse=True)
def true_paces(quick_paces: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(errors._TABLE, "pace", PACES)


def waits(*rules: str, limits: RetryLimits = WIDE, jitter: float = 0.0) -> list[float | None]:
    retries, elapsed = Retries(limits), 0.0
    given: list[float | None] = []
    for rule in rules:
        wait = retries.next_wait(failure(rule), elapsed, jitter)
        elapsed += wait or 0.0
        given.append(wait)
    return given


@pytest.mark.parametrize(
    ("rule", "pace"),
    [
        ("concurrency", "soon"),
        ("rate", "soon"),
        ("internal", "soon"),
        ("unreachable", "soon"),
        ("stale", "soon"),
        ("overload", "overload"),
        ("network", "twice"),
        ("cut", "twice"),
    ],
)
def test_each_fault_has_its_pace_and_an_end(rule: str, pace: str) -> None:
    steps = PACES[pace]
    assert waits(*[rule] * (len(steps) + 2)) == [*steps, None, None]


@pytest.mark.parametrize("rule", ["key", "plan_limit", "context", "restarted", "unknown"])
def test_what_is_not_tried_again(rule: str) -> None:
    assert waits(rule) == [None]


def test_tries_are_bounded_together() -> None:
    assert waits("rate", "cut", "rate", limits=RetryLimits(2, 180)) == [0.5, 0.5, None]
    assert waits("rate", limits=RetryLimits(0, 180)) == [None]


def test_a_fault_goes_its_own_pace() -> None:
    assert waits("rate", "overload", "rate", "overload") == [0.5, 1, 1, 2]


def test_time_is_bounded() -> None:
    assert waits(*["overload"] * 9, limits=RetryLimits(9, 40)) == [1, 2, 4, 30, *[None] * 5]
    assert Retries(RetryLimits(9, 10)).next_wait(failure("rate"), 9.6, 0) is None
    assert Retries(RetryLimits(9, 10)).next_wait(failure("rate"), 9.5, 0) == 0.5


def test_a_try_that_is_not_made_is_not_counted() -> None:
    retries = Retries(RetryLimits(1, 10))
    assert retries.next_wait(failure("rate"), 20, 0) is None
    assert retries.next_wait(failure("rate"), 0, 0) == 0.5


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
def test_jitter_adds_up_to_a_quarter(jitter: float) -> None:
    (wait,) = waits("overload", jitter=jitter)
    assert wait == 1 + jitter / 4


def test_the_defaults() -> None:
    assert RetryLimits() == RetryLimits(6, 180.0)
