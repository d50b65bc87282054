"""What `make audit` makes of the reports of pip-audit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .audit import Report, judge, report_on

FOUND: Report = {
    "dependencies": [
        {"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2", "3"]}]},
        {"name": "b", "version": "1", "vulns": []},
    ]
}
CLEAN: Report = {"dependencies": [{"name": "b", "version": "1", "vulns": []}]}
SKIPPED: Report = {"dependencies": [{"name": "c", "skip_reason": "not found"}]}
BOTH: Report = {"dependencies": CLEAN["dependencies"] + SKIPPED["dependencies"]}


@pytest.mark.parametrize(
    ("canary", "report", "code", "words"),
    [
        ("no name", "not asked", 0, ["nothing was asked", "out of reach: no name"]),
        (SKIPPED, "not asked", 0, ["nothing was asked", "knows of no vulnerability"]),
        (CLEAN, "not asked", 0, ["nothing was asked", "knows of no vulnerability"]),
        (FOUND, CLEAN, 0, ["1 packages asked for, 0 vulnerabilities known"]),
        (FOUND, BOTH, 0, ["unknown to the service: c", "1 packages asked for, 0 vuln"]),
        (FOUND, FOUND, 1, ["a 1: CVE-1, mended in 2, 3", "2 packages asked for, 1 vuln"]),
        (FOUND, "it broke", 1, ["pip-audit failed: it broke"]),
    ],
)
def test_the_verdict(
    canary: Report | str, report: Report | str, code: int, words: list[str]
) -> None:
    given, lines = judge(canary, report)
    assert given == code
    for each in words:
        assert any(each in line for line in lines), lines


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("", "PyPI could not be reached"),
        ('{"dependencies": []}', {"dependencies": []}),
        (None, "no answer in 180 seconds"),
    ],
)
def test_a_run_of_pip_audit(
    monkeypatch: pytest.MonkeyPatch, printed: str | None, said: Report | str
) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if printed is None:
            raise subprocess.TimeoutExpired(command, 180)
        return subprocess.CompletedProcess(
            command, 1, printed, "Traceback\nPyPI could not be reached\n"
        )

    monkeypatch.setattr("subprocess.run", run)
    assert report_on(Path("x")) == said


def test_the_real_pip_audit_takes_the_lock(tmp_path: Path) -> None:
    """A requirement without a hash is refused before anything is asked."""
    path = tmp_path / "x.txt"
    path.write_text("jinja2==2.4.1\n")
    said = report_on(path)
    assert isinstance(said, str)
    assert "hash" in said
