"""`make audit`: known vulnerabilities of the locked packages, or a plain word that none was asked.

A mirror of the package index may answer as if it knew of none, so a version with vulnerabilities
that everybody knows of is asked for first; only who reports it is believed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parents[2] / "requirements-test.lock"
CANARY = f"jinja2==2.4.1 --hash=sha256:{'0' * 64}\n"
"""CVE-2014-1402, CVE-2016-10745 and others. Nothing of it is fetched but what is known of it."""
SECONDS = 180

type Report = dict[str, Any]


def report_on(requirements: Path) -> Report | str:
    """Give what pip-audit reports (its JSON), or why it reports nothing."""
    options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    command = [sys.executable, "-m", "pip_audit", *options, "--requirement", str(requirements)]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        report: Report = json.loads(ran.stdout)
    except subprocess.TimeoutExpired:
        return f"no answer in {SECONDS} seconds"
    except ValueError:
        lines = ran.stderr.strip().splitlines()
        return lines[-1][:300] if lines else f"pip-audit ended with {ran.returncode}"
    return report


def judge(canary: Report | str, report: Report | str) -> tuple[int, list[str]]:
    """Give the exit code and the words for both reports."""
    if isinstance(canary, str):
        return 0, [f"audit: nothing was asked, the vulnerability service is out of reach: {canary}"]
    if not _findings(canary):
        return 0, ["audit: nothing was asked, what answers here knows of no vulnerability at all"]
    if isinstance(report, str):
        return 1, [f"audit: pip-audit failed: {report}"]
    findings = _findings(report)
    skipped = [one["name"] for one in report["dependencies"] if "skip_reason" in one]
    lines = [f"audit: {words}" for words in findings]
    if skipped:
        lines.append(f"audit: unknown to the service: {', '.join(skipped)}")
    asked = len(report["dependencies"]) - len(skipped)
    lines.append(f"audit: {asked} packages asked for, {len(findings)} vulnerabilities known")
    return int(bool(findings)), lines


def _findings(report: Report) -> list[str]:
    return [
        f"{one['name']} {one['version']}: {vulnerability['id']}, "
        f"mended in {', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for one in report["dependencies"]
        for vulnerability in one.get("vulns", [])
    ]


def main() -> int:
    """Ask, and print what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "canary.txt"
        path.write_text(CANARY)
        canary = report_on(path)
    believed = not isinstance(canary, str) and bool(_findings(canary))
    code, lines = judge(canary, report_on(LOCK) if believed else "not asked")
    sys.stdout.write("\n".join(lines) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
