"""`make fuzz`: every target for its share of SECONDS (600), two at a time; a table in README.md.

What is found is kept in `found` beside this file: the tests try it from then on.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.hardening.fuzz.seeds import seeds
from tests.hardening.page import measured_on, write_table

HERE = Path(__file__).parent
FOUND = HERE / "found"
AT_ONCE = 2
LONGEST = 8192
"""Bytes of an input."""
SLOWEST = 30
"""Seconds that one input may take, on a machine that is busy."""
_LAST = re.compile(r"#(\d+)\s+(?:DONE|REDUCE|NEW|pulse|INITED)\s+cov: (\d+) ft: (\d+) corp: (\d+)")


@dataclass(frozen=True)
class Fuzzed:
    """What came of one target."""

    name: str
    inputs: int
    coverage: int
    corpus: int
    output: str
    failed: bool

    def line(self) -> str:
        """Give the row as Markdown."""
        came = "**failed**" if self.failed else "nothing found"
        cells = (self.name, f"{self.inputs:,}", str(self.coverage), str(self.corpus), came)
        return "| " + " | ".join(cells) + " |"


def fuzz(name: str, started: list[bytes], seconds: int, seed: int = 0) -> Fuzzed:
    """Run one fuzzer in a process of its own; with `seed` 0 it takes another way each time."""
    FOUND.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder)
        for number, known in enumerate(started):
            (corpus / f"seed-{number}").write_bytes(known)
        command = [
            *(sys.executable, "-m", "tests.hardening.fuzz.one", name, folder),
            *(f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={SLOWEST}"),
            *("-rss_limit_mb=2048", f"-artifact_prefix={FOUND}/{name}-", f"-seed={seed}"),
        ]
        # A fuzzer that does not end by itself is a failure too.
        done = subprocess.run(  # our own module
            command, capture_output=True, text=True, timeout=seconds * 2 + 120, check=False,
            errors="replace", env=dict(os.environ),
        )  # fmt: skip
    output = done.stdout + done.stderr
    last = [tuple(map(int, found)) for found in _LAST.findall(output)] or [(0, 0, 0, 0)]
    inputs, coverage, _, kept = last[-1]
    failed = done.returncode != 0 or not inputs
    return Fuzzed(name, inputs, coverage, kept, output, failed)


def main() -> None:
    """Fuzz all targets, or those that are named, and write the table."""
    known = seeds()
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("targets", nargs="*", help=f"of {', '.join(known)}; all by default")
    parser.add_argument("--seconds", type=int, default=600, help="for all of them together")
    parser.add_argument("--seed", type=int, default=0, help="of chance; another one each time")
    parser.add_argument("--write", action="store_true", help="write the table into README.md")
    given = parser.parse_args()
    names = given.targets or list(known)
    each = max(5, given.seconds // math.ceil(len(names) / AT_ONCE))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(lambda name: fuzz(name, known[name], each, given.seed), names))
    columns = "| what | inputs | branches reached | kept as different | |\n|---|---|---|---|---|"
    table = "\n".join([columns, *(row.line() for row in done)])
    print(f"{each} s for each of {len(names)} targets\n\n{table}")  # noqa: T201  # a report
    if given.write and not given.targets:
        write_table("fuzz", f"{each} seconds for each, {AT_ONCE} at a time. {measured_on()}", table)
    failed = [row for row in done if row.failed]
    for row in failed:
        print(f"\n── {row.name}\n{row.output[-4000:]}", file=sys.stderr)  # noqa: T201
    sys.exit(f"failed: {', '.join(row.name for row in failed)}" if failed else 0)


if __name__ == "__main__":
    main()
