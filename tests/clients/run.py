"""`make clients`: which client can do what, as a table in README.md beside this file.

A cell says what came of the tests of one feature with one client, all of them just run.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .conftest import HAS_AGENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).parent
MARK = "<!-- the table begins -->"
NODE = HERE / "node"
FILES = (
    HERE / "test_openai.py",
    HERE / "test_openai_tools.py",
    HERE / "test_openai_limits.py",
    HERE / "test_agents.py",
    NODE / "programs.py",
)
"""In the order of the table's columns."""


class Results:
    """A plugin of pytest that keeps what came of each client and feature."""

    def __init__(self) -> None:
        self.outcomes: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._cells: dict[str, tuple[str, str]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            marks = [item.get_closest_marker(name) for name in ("feature", "client")]
            if all(marks):
                feature, client = (mark.args[0] for mark in marks if mark)
                self._cells[item.nodeid] = (feature, client)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome == "failed":
            self.outcomes[self._cells[report.nodeid]].append(report.outcome)


def table(outcomes: dict[tuple[str, str], list[str]]) -> str:
    """Give the table as Markdown; a feature that a client was not asked for is left blank."""
    clients = dict.fromkeys(client for _, client in outcomes)
    features = dict.fromkeys(feature for feature, _ in outcomes)
    rows = [
        [feature, *(_cell(outcomes.get((feature, c), [])) for c in clients)] for feature in features
    ]
    return "\n".join([_row(["", *clients]), "|---" * (len(clients) + 1) + "|", *map(_row, rows)])


def _cell(outcomes: list[str]) -> str:
    if not outcomes:
        return ""
    return "yes" if set(outcomes) == {"passed"} else "**no**"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def versions() -> str:
    """Name what was run."""
    python = [f"{name} {importlib.metadata.version(name)}" for name in ("openai", "openai-agents")]
    lock = json.loads((NODE / "package-lock.json").read_text("utf-8"))["packages"]
    wanted = lock[""]["dependencies"]
    node = [f"{name} {lock[f'node_modules/{name}']['version']}" for name in wanted]
    running = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    mitmproxy = importlib.metadata.version("mitmproxy")
    return (
        f"Python {platform.python_version()}: {', '.join(python)}. "
        f"Node.js {running.stdout.strip().lstrip('v')}: {', '.join(node)}. "
        f"In front of the simulator: mitmproxy {mitmproxy}."
    )


def main() -> None:
    """Run the tests of all clients and write the table."""
    if not HAS_AGENTS:
        sys.exit("make clients needs Python 3.13 or 3.14, for openai-agents.")
    results = Results()
    code = pytest.main(["-q", *map(str, FILES)], plugins=[results])
    page = HERE / "README.md"
    head, mark, _ = page.read_text("utf-8").partition(MARK)
    page.write_text(f"{head}{mark}\n\n{versions()}\n\n{table(results.outcomes)}\n", "utf-8")
    sys.exit(code)


if __name__ == "__main__":
    main()
