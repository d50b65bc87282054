"""Every row of the table of errors can be provoked by `make errors`."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from codex_glm.simulator.scenarios import parse_scenario
from ruamel.yaml import YAML

FAULTS: list[dict[str, Any]] = YAML(typ="safe").load(
    (Path(__file__).parent / "faults.yaml").read_text("utf-8")
)
NAMES = {str(row["name"]) for row in FAULTS}
ROWS = tomllib.loads(files("codex_glm.translation").joinpath("errors.toml").read_text("utf-8"))[
    "rows"
]
CODES = {code for row in ROWS.values() for code in row.get("codes", ())}
STATUSES = {status for row in ROWS.values() for status in row.get("statuses", ())}


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: str(row["name"]))
def test_each_is_a_scenario(row: dict[str, Any]) -> None:
    assert parse_scenario(row)
    assert row["about"]


def test_names_are_unique() -> None:
    assert len(NAMES) == len(FAULTS)


def test_every_code_is_provoked() -> None:
    provoked = {str(step["fault"].get("code")) for row in FAULTS for step in faults_of(row)}
    assert provoked >= CODES


def test_every_status_is_provoked_without_a_code() -> None:
    faults = [step["fault"] for row in FAULTS for step in faults_of(row)]
    bare = {fault["status"] for fault in faults if "raw" in fault and "status" in fault}
    assert bare >= STATUSES


def faults_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for step in row["steps"] if "fault" in step]
