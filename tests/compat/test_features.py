"""The rows are sound, the pages whole; what only they show is shown in every test run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .evidence import Evidence, Outcome
from .expect import EXPECTED, OFFERED, like, missing, problems
from .feature import PYPI, feature, load
from .run import codex_binary, judge, prove
from .table import BEGIN, END, FRONT, PAGE, put

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS, ROWS = load()
NAMES = [row["name"] for row in ROWS]
PAIRS = [(row, version.version) for row in ROWS for version in VERSIONS]
IDS = [f"{row['name']}-{version}" for row, version in PAIRS]
ONLY_HERE = [
    "ask-user", "code-mode", "compaction-remote", "goals", "guardian", "long-session",
    "sub-agents", "sub-agents-v2", "tool-search",
]  # fmt: skip
"""Rows of which the end-to-end tests have nothing."""


@pytest.mark.parametrize(("row", "version"), PAIRS, ids=IDS)
def test_row(row: dict[str, Any], version: str) -> None:
    chosen = feature(row, version)
    assert chosen.script()
    assert set(chosen.offered) <= OFFERED
    assert set(chosen.expect) <= EXPECTED
    assert set(chosen.absent) <= {each.version for each in VERSIONS}
    assert bool(chosen.offered) >= bool(chosen.absent), "only what is offered can be absent"
    assert set(chosen.expect) - {"code", "unsaid"}, "nothing would show that it works"


def test_names_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_page_has_every_cell(row: dict[str, Any]) -> None:
    (line,) = [line for line in table() if line.startswith(f"| {row['about']} |")]
    _, about, *cells, proof, _ = (cell.strip() for cell in line.replace("\\|", "").split("|"))
    assert (about, proof) == (row["about"], row["proof"])
    assert len(cells) == len(VERSIONS)
    assert {cell.partition(":")[0] for cell in cells} <= {"ok", "not offered"}


def test_page_has_no_other_row() -> None:
    assert len(table()) == len(ROWS) + 2


def test_front_page_names_every_feature() -> None:
    short = FRONT.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    assert [row["about"] for row in ROWS if row["about"] not in short] == []


def table() -> list[str]:
    written = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    return [line for line in written.splitlines() if line.startswith("| ")]


@pytest.mark.parametrize("name", ONLY_HERE)
def test_feature(name: str) -> None:
    (version,) = [each for each in VERSIONS if each.source == PYPI]
    (row,) = [row for row in ROWS if row["name"] == name]
    cell = prove(feature(row, version.version), version.version, codex_binary(version))
    assert cell.state == "ok", cell.words


@pytest.mark.parametrize(
    ("pattern", "value", "found"),
    [
        ({"a": "b"}, {"a": "abc", "d": 1}, True),
        ({"a": "b"}, {"d": "b"}, False),
        ({"a": None}, {"d": "b"}, True),
        ([{"a": 1}, {"b": 2}], [{"b": 2}, {"c": 3}, {"a": 1}], True),
        ([{"a": 1}, {"b": 2}], [{"a": 1}], False),
        ([1], "1", False),
        ("^b", "a\nb", False),
        ("a.b", "a\nb", True),
        ("seen", [{"text": "seen"}], True),
        (1, 1, True),
        (1, 2, False),
    ],
)
def test_like(pattern: object, value: object, found: bool) -> None:
    assert like(pattern, value) is found


@pytest.mark.parametrize(
    "expect",
    [
        {"code": 1},
        {"answer": "x"},
        {"files": {"x": "y"}},
        {"items": {"x": 1}},
        {"shown": {"type": "x"}},
        {"said": "x"},
        {"unsaid": "nothing"},
        {"asked": [{"type": "x"}]},
        {"header": {"x": "y"}},
        {"told": [{"role": "x"}]},
        {"sent": [{"model": "x"}]},
        {"requests": 1},
        {"lines": {"GET /": 1}},
        {"receipt": ["x"]},
    ],
    ids=lambda expect: next(iter(expect)),
)
def test_expectation_can_fail(expect: dict[str, Any], nothing: Evidence) -> None:
    assert problems({}, nothing) == []
    assert len(problems(expect, nothing)) == 1


def test_every_expectation_is_tried() -> None:
    tried = [mark.args[1] for mark in test_expectation_can_fail.pytestmark]
    assert {key for cases in tried for case in cases for key in case} == EXPECTED


@pytest.mark.parametrize(
    ("offered", "words"),
    [
        ({}, ""),
        ({"tool": "look|see"}, "its requests declare no `look`"),
        ({"line": "GET /v1/models"}, "it never asks `GET /v1/models`"),
        ({"header": {"a": "^b$"}}, "none of its requests says `b`"),
        ({"item": {"type": "^c$"}}, "its requests hold no `c`"),
    ],
)
def test_absence_is_named(offered: dict[str, Any], words: str, nothing: Evidence) -> None:
    assert missing(offered, nothing) == words


@pytest.mark.parametrize(
    ("offered", "absent", "expect", "state"),
    [
        ({}, (), {"said": "nothing"}, "ok"),
        ({}, (), {"said": "something"}, "fails"),
        ({"tool": "see"}, ("1.0.0",), {}, "not offered"),
        ({"tool": "see"}, (), {"said": "nothing"}, "fails"),
        ({}, ("1.0.0",), {"said": "nothing"}, "fails"),
    ],
)
def test_cell(offered: Any, absent: Any, expect: Any, state: str, nothing: Evidence) -> None:
    row = {"name": "x", "about": "", "proof": "", "acts": [], "absent": absent}
    chosen = feature({**row, "offered": offered, "expect": expect}, "1.0.0")
    assert judge(chosen, "1.0.0", nothing).state == state


def test_a_run_that_breaks_is_a_cell(tmp_path: Path) -> None:
    cell = prove(feature(ROWS[0], "1.0.0"), "1.0.0", tmp_path / "no-codex")
    assert cell.state == "fails"
    assert "no-codex" in cell.words


def test_a_page_without_a_place_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(ValueError, match=r"page\.md has no place"):
        put(page, "table")
    page.write_text(f"before{BEGIN}old{END}after")
    put(page, "new")
    assert page.read_text() == f"before{BEGIN}\nnew\n{END}after"


@pytest.fixture
def nothing(tmp_path: Any) -> Evidence:
    return Evidence(Outcome(said="nothing"), [], [], tmp_path)
