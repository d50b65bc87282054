"""The changelog keeps the form of Keep a Changelog 1.1.0."""

from __future__ import annotations

import re

from codex_glm import __version__

from .conftest import PROJECT

KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
TEXT = (PROJECT / "CHANGELOG.md").read_text("utf-8")


def test_versions() -> None:
    versions = re.findall(r"^## (.*)$", TEXT, re.MULTILINE)
    assert versions[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", each) for each in versions[1:])
    assert __version__ in TEXT


def test_each_version_has_each_kind_once_and_in_order() -> None:
    for version in TEXT.split("\n## ")[1:]:
        kinds = re.findall(r"^### (.*)$", version, re.MULTILINE)
        assert kinds == [kind for kind in KINDS if kind in kinds]


def test_entries_are_points_of_short_lines() -> None:
    lines = TEXT.partition("### ")[2].splitlines()[1:]
    assert len(lines) > 20
    for line in lines:
        assert line == "" or line.startswith(("- ", "  ", "### ", "## ")), line
        assert len(line) <= 110, line
