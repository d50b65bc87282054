"""The quota endpoint of the simulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from codex_glm.simulator.plan import PATH, Plan, PlanWindow, load_plan
from codex_glm.simulator.scenarios import ScenarioError
from codex_glm.simulator.thread import SimulatorThread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = {"Authorization": "Bearer id.secret"}


@pytest.fixture
def glm() -> Iterator[SimulatorThread]:
    with SimulatorThread([]) as running:
        yield running


def get(glm: SimulatorThread, headers: dict[str, str], path: str = PATH) -> dict[str, Any]:
    root = glm.base_url.removesuffix("/api/coding/paas/v4")
    return dict(httpx.get(f"{root}{path}", headers=headers, trust_env=False).json())


def test_the_account(glm: SimulatorThread) -> None:
    windows = (PlanWindow("TOKENS_LIMIT", 3, 5, used=7), PlanWindow("X", 6, 1, 1, 3, resets_in=60))
    glm.set_plan(Plan("pro", windows, began=1000))
    told = get(glm, KEY)
    assert (told["code"], told["success"], told["data"]["level"]) == (200, True, "pro")
    assert told["data"]["limits"] == [
        {"type": "TOKENS_LIMIT", "unit": 3, "number": 5, "percentage": 7},
        {
            "type": "X", "unit": 6, "number": 1, "usage": 3, "currentValue": 1, "remaining": 2,
            "percentage": 33, "nextResetTime": 1060000,
        },
    ]  # fmt: skip
    assert [one.violations for one in glm.plan_asked] == [[]]
    assert glm.received == []


def test_it_is_strict(glm: SimulatorThread) -> None:
    assert get(glm, {})["success"] is False
    assert get(glm, {})["code"] == 401
    told = get(glm, KEY, f"/api/coding{PATH}")
    assert told["error"]["code"] == "1222"
    get(glm, {**KEY, "x-codex-window-id": "1"})
    assert "who the client is" in glm.plan_asked[-1].violations[0]
    root = glm.base_url.removesuffix("/api/coding/paas/v4")
    httpx.request("GET", f"{root}{PATH}", headers=KEY, content=b"{}", trust_env=False)
    assert glm.plan_asked[-1].violations == ["(passes) a GET has no body"]


def test_a_plan_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text("level: x\nwindows: [{type: A, unit: 3, number: 1, used: 4}]\n")
    assert load_plan(file).windows == (PlanWindow("A", 3, 1, 4),)
    assert load_plan().level == "simulator"
    for wrong in ("[", "level: x", "windows: [{unit: 3}]", "1"):
        file.write_text(wrong)
        with pytest.raises(ScenarioError, match=r"plan\.yaml"):
            load_plan(file)
