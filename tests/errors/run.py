"""`make errors`: what a real Codex shows for every way in which GLM fails.

Each row gets its own simulator, proxy and Codex, all with their default settings, so that the
seconds are those that a user waits. The table is written into README.md beside this file.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codex_glm.simulator.scenarios import parse_scenario
from codex_glm.simulator.thread import SimulatorThread
from ruamel.yaml import YAML

from tests.e2e.codex import glm_codex
from tests.e2e.proxy_process import ProxyProcess

if TYPE_CHECKING:
    from tests.e2e.codex import Result

HERE = Path(__file__).parent
MARK = "<!-- the table begins -->"
KEY = "0123456789abcdef0123456789abcdef.SecretOfTheTable"
CLOSED = "http://127.0.0.1:9/api/coding/paas/v4"
AT_ONCE = 4

SECONDS = 400
"""The longest pace of the proxy's own tries is 187 s; Codex may go through it more than once."""


@dataclass(frozen=True)
class Row:
    """What came of one fault."""

    name: str
    about: str
    good: bool
    shown: str
    tries: int
    codex_tries: int
    seconds: float

    def problems(self) -> list[str]:
        """Name what must never be shown."""
        bad = [word for word in ('{"', "<html", "exceeded retry limit") if word in self.shown]
        expected = {"1302 once", "cut at once, once", "gzip", "no DONE", "late usage", "stall"}
        if self.good and self.name not in expected | {"joined frames"}:
            bad.append("a success that was none")
        return bad

    def line(self) -> str:
        """Give the row as Markdown."""
        end = "went well" if self.good else "ended"
        shown = self.shown.replace("|", "\\|").replace("\n", " ")
        cells = [self.name, self.about, end, shown, str(self.tries), str(self.codex_tries)]
        return "| " + " | ".join([*cells, f"{self.seconds:.1f}"]) + " |"


def provoke(scenario: dict[str, Any]) -> Row:
    """Run Codex into one fault."""
    name = str(scenario["name"])
    parsed = parse_scenario(scenario)
    with tempfile.TemporaryDirectory() as folder, SimulatorThread([parsed]) as simulator:
        base = CLOSED if name == "unreachable" else simulator.base_url
        environment = {"GLM_API_BASE": base, "GLM_API_KEY": KEY}
        with ProxyProcess(Path(folder) / "proxy", environment=environment) as proxy:
            codex = glm_codex(
                Path(folder) / "codex", proxy.base, stream_max_retries="", request_max_retries=""
            )
            codex.seconds = SECONDS
            begun = time.monotonic()
            result = codex.exec(f"fault {name}")
            seconds = time.monotonic() - begun
            turns = int(proxy.health()["turns_served"])
        tries = sum(r.path.endswith("/chat/completions") for r in simulator.received)
    return Row(
        name=name,
        about=str(scenario["about"]),
        good=result.code == 0,
        shown=shown(result),
        tries=tries,
        codex_tries=turns,
        seconds=seconds,
    )


def shown(result: Result) -> str:
    """Give what the person reads at the end."""
    failures = [e["error"]["message"] for e in result.events if e["type"] == "turn.failed"]
    if failures:
        return str(failures[-1])
    messages = result.items("agent_message")
    return str(messages[-1]["text"]) if messages else "(nothing)"


def main() -> None:
    """Provoke every fault, or those named on the command line, and write the table."""
    scenarios = YAML(typ="safe").load((HERE / "faults.yaml").read_text("utf-8"))
    if chosen := sys.argv[1:]:
        scenarios = [s for s in scenarios if s["name"] in chosen]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        rows = list(pool.map(provoke, scenarios))
    for row in rows:
        print(row.line())  # noqa: T201  # a table for the terminal
    problems = {row.name: found for row in rows if (found := row.problems())}
    if not chosen:
        write_table(rows)
    sys.exit(f"not as promised: {problems}" if problems else 0)


def write_table(rows: list[Row]) -> None:
    """Put the table into the page beside this file."""
    page = HERE / "README.md"
    head, mark, _ = page.read_text("utf-8").partition(MARK)
    columns = "| fault | | Codex | shown | requests to GLM | turns of Codex | seconds |"
    lines = [columns, "|---|---|---|---|---|---|---|", *(row.line() for row in rows)]
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:…", "\n".join(lines))
    page.write_text(f"{head}{mark}\n\n{text}\n", "utf-8")


if __name__ == "__main__":
    main()
