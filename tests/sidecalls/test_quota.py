"""Asking for a plan: against the simulator, and where the answer is none."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from codex_glm.sidecalls.client import SideCallError, SideClient
from codex_glm.sidecalls.quota import ask_quota
from codex_glm.simulator.plan import Plan
from codex_glm.simulator.thread import SimulatorThread
from codex_glm.translation.quota import quota_root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codex_glm.translation.quota import Quota

KEY = "0123456789abcdef.TopSecretOfGlm"


@pytest.fixture
def glm() -> Iterator[SimulatorThread]:
    with SimulatorThread([]) as running:
        yield running


def ask(glm: SimulatorThread, key: str = KEY) -> Quota:
    return asyncio.run(ask_quota(SideClient(quota_root(glm.base_url), key)))


def test_a_plan(glm: SimulatorThread) -> None:
    told = ask(glm)
    assert (told.level, told.notes) == ("simulator", ())
    assert [(each.minutes, each.used_percent) for each in told.windows] == [(300, 42), (10080, 17)]
    assert all(each.resets_at and each.resets_at > time.time() for each in told.windows)
    (asked,) = glm.plan_asked
    assert asked.violations == []
    assert (asked.raw, asked.headers["authorization"]) == (b"", f"Bearer {KEY}")
    assert glm.received == []


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (Plan("", (), answer={"code": 401, "msg": f"wrong {KEY}", "success": False}), "GLM 401: w"),
        (Plan("", (), answer={"error": {"code": "1302", "message": "busy"}}, status=429), "1302"),
        (Plan("", (), answer={"data": {"limits": []}}), "HTTP 200: .* not known"),
        (Plan("", (), status=503, answer={}), "HTTP 503"),
    ],
)
def test_no_plan(glm: SimulatorThread, plan: Plan, said: str) -> None:
    glm.set_plan(plan)
    with pytest.raises(SideCallError, match=said) as caught:
        ask(glm)
    assert KEY not in str(caught.value)
