"""GLM's account of a Coding Plan: `GET /api/monitor/usage/quota/limit`.

The endpoint is not documented; rows and envelope are those of live answers (2026-07 to 2026-09).
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from codex_glm.simulator.rules.headers import check_headers
from codex_glm.simulator.scenarios import ScenarioError
from codex_glm.simulator.verdict import Verdict, Violation, noticed

PATH = "/api/monitor/usage/quota/limit"
"""At the root of the host: no prefix stands before it."""

_DEFAULT = Path(__file__).with_name("plan.yaml")


@dataclass(frozen=True)
class PlanWindow:
    """One row; see `plan.yaml` for the fields."""

    type: str
    unit: int
    number: int
    used: float
    total: float = 0
    resets_in: float | None = None


@dataclass(frozen=True)
class Plan:
    """A plan, and how the endpoint answers.

    Attributes:
        began: What `resets_in` counts from, Unix time in seconds.
        status: HTTP status of the answer.
        answer: Answered as it is, in place of the account.

    """

    level: str
    windows: tuple[PlanWindow, ...]
    began: float = field(default_factory=time.time)
    status: int = 200
    answer: Mapping[str, object] | None = None

    def account(self) -> Mapping[str, object]:
        """Give the body of the answer."""
        if self.answer is not None:
            return self.answer
        data = {"limits": [self._row(each) for each in self.windows], "level": self.level}
        return {"code": 200, "msg": "Operation successful", "data": data, "success": True}

    def _row(self, window: PlanWindow) -> dict[str, object]:
        row: dict[str, object] = {
            "type": window.type,
            "unit": window.unit,
            "number": window.number,
            "percentage": int(window.used),
        }
        if window.total:
            row["usage"], row["currentValue"] = window.total, window.used
            row["remaining"] = window.total - window.used
            row["percentage"] = int(100 * window.used / window.total)
        if window.resets_in is not None:
            row["nextResetTime"] = int((self.began + window.resets_in) * 1000)
        return row


def load_plan(path: Path = _DEFAULT) -> Plan:
    """Read a plan from a YAML file; by default the one that ships with the package.

    Raises ScenarioError, or OSError where the file cannot be read.
    """
    try:
        entry: dict[str, Any] = YAML(typ="safe").load(path)
        windows = tuple(PlanWindow(**each) for each in entry.pop("windows"))
        return Plan(windows=windows, **entry)
    except (YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ScenarioError(f"{path}: {error}") from error


def judge_plan(headers: Mapping[str, str], raw: bytes) -> Verdict:
    """Judge a request for the account."""
    return Verdict((*check_headers(headers), *_check_body(raw)))


def _check_body(raw: bytes) -> Iterator[Violation]:
    if raw:
        yield noticed("a GET has no body")


def refusal(found: Violation) -> dict[str, object]:
    """Give the wrapped form in which this part of GLM refuses, with an HTTP status of 200."""
    return {"code": found.status, "msg": found.message, "success": False}
