"""`make bench`: what a turn and an event cost, beside stock mitmproxy and beside rivals.

See README.md beside this file, into which the tables go.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import signal
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .bench import FULL, QUICK, Bench, NotServedError, Samples, Sizes
from .columns import Column, columns
from .rivals import RIVALS, cache_folder, install
from .rows import history, memory, start, streams, turn
from .table import put, render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

WITHOUT_PROCESS = ("turn", "history", "paced", "flat")
"""Rows that can be measured on the direct way."""

SECONDS_IN_A_ROW = 30
"""After which a slow column has no more rounds in that row."""

type Measure = Callable[[Bench, Column], Samples]


def rows(sizes: Sizes, wanted: set[str]) -> Iterator[tuple[str, int, Measure]]:
    """Give the rows: a name, how many rounds, what measures one column."""
    every: list[tuple[str, int, Measure]] = [
        ("start", sizes.starts, start.measure),
        ("turn", sizes.turn_rounds, turn.measure),
        ("history", sizes.rounds, history.measure),
        *(("paced", sizes.stream_rounds, partial(streams.paced, count=n)) for n in sizes.streams),
        *(("flat", sizes.stream_rounds, partial(streams.flat, count=n)) for n in sizes.streams),
        ("memory", 1, memory.measure),
    ]
    yield from (row for row in every if not wanted or row[0] in wanted)


def measure(bench: Bench, wanted: set[str]) -> None:
    """Measure all rows; within a round each column has its turn, so that all see the same drift."""
    out: set[str] = set()
    for name, rounds, measured in rows(bench.sizes, wanted):
        failed, spent = set(out), Counter[str]()
        for number in range(rounds):
            for column in bench.in_turn(number):
                over = column.name in failed or spent[column.name] > SECONDS_IN_A_ROW
                if over or not (column.start or name in WITHOUT_PROCESS):
                    continue
                begin = time.monotonic()
                error = _one(bench, name, measured, column)
                spent[column.name] += int(time.monotonic() - begin)
                failed |= {column.name} if error else set()
                out |= {column.name} if isinstance(error, NotServedError) else set()


def _one(bench: Bench, name: str, measured: Measure, column: Column) -> Exception | None:
    words = f"{name} {measured.keywords['count']}" if isinstance(measured, partial) else name
    begin = time.monotonic()
    try:
        bench.results.add(column.name, measured(bench, column))
    except Exception as error:  # noqa: BLE001  # the run goes on, and the page names it
        bench.failed(column, words, error)
        _say(f"{words:12} {column.name:12} failed: {error}")
        return error
    _say(f"{words:12} {column.name:12} {time.monotonic() - begin:5.1f} s")
    return None


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def about(bench: Bench, seconds: float) -> str:
    """Tell when and on what this was measured."""
    today = datetime.datetime.now(datetime.UTC).date()
    measured, others = bench.pinned
    cores = "no processor is reserved"
    if measured and others:
        cores = f"who is measured has one core, client and upstream the other {len(others)}"
    load = os.getloadavg()[2]
    return (
        f"Taken on {today} in {seconds / 60:.0f} minutes: {_processor()}, {os.cpu_count()} cores, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}; {cores}; "
        f"load over the last 15 minutes {load:.1f}. Rounds: {bench.sizes.rounds}, "
        f"of short turns {bench.sizes.turn_rounds}, with many streams {bench.sizes.stream_rounds}; "
        f"turns: {bench.sizes.turns}."
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((x.partition(": ")[2] for x in lines if x.startswith("model name")), "?")


def save(bench: Bench, path: Path, seconds: float) -> None:
    """Keep all that was measured as JSON."""
    kept = [
        {"name": c.name, "kind": c.kind, "about": c.about, "version": c.version}
        for c in bench.columns
    ]
    run = {
        "about": about(bench, seconds),
        "columns": kept,
        "streams": bench.sizes.streams,
        "samples": bench.results.samples,
        "problems": bench.results.problems,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(run), "utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a check, in about three minutes")
    parser.add_argument("--columns", default="", help="only these, as in: passthrough,mitmdump")
    parser.add_argument("--rows", default="", help="only: start,turn,history,paced,flat,memory")
    parser.add_argument("--streams", default="", help="other numbers of streams, as in: 1,32")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--also", action="append", default=[], help="NAME=PATH of another glm.py")
    parser.add_argument("--no-pin", action="store_true", help="reserve no processor")
    parser.add_argument("--no-install", action="store_true", help="set no rival up")
    parser.add_argument("--no-page", action="store_true", help="print the tables only")
    parser.add_argument("--render", type=Path, help="write the page from the JSON of a run")
    return parser.parse_args(arguments)


def _split(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _sizes(chosen: argparse.Namespace) -> Sizes:
    sizes = QUICK if chosen.quick else FULL
    if chosen.streams:
        sizes = sizes._replace(streams=tuple(map(int, _split(chosen.streams))))
    n = chosen.rounds
    return sizes._replace(rounds=n, turn_rounds=n, stream_rounds=n) if n else sizes


def _set_up(chosen: argparse.Namespace, wanted: set[str], cache: Path) -> dict[str, str]:
    """Set the rivals up that are wanted; gives why some cannot be."""
    missing = {}
    for rival in RIVALS:
        if not chosen.no_install and (not wanted or rival.name in wanted):
            reason = install(rival, cache)
            if reason:
                missing[rival.name] = reason
                _say(f"{rival.name}: {reason}")
    return missing


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, keep the samples, write the page."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # no process stays behind
    chosen = _options(arguments)
    cache, wanted = cache_folder(), set(_split(chosen.columns))
    path = chosen.render
    if not path:
        missing = _set_up(chosen, wanted, cache)
        also = {
            name: Path(place).resolve()
            for name, _, place in (x.partition("=") for x in chosen.also)
        }
        every = columns(cache, also, wanted | set(also) if wanted else wanted)
        begin = time.monotonic()
        with Bench(every, _sizes(chosen), not chosen.no_pin) as bench:
            bench.results.problems.update({name: [words] for name, words in missing.items()})
            measure(bench, set(_split(chosen.rows)))
            now = datetime.datetime.now(datetime.UTC)
            path = cache / f"results/{now:%Y-%m-%d-%H%M%S}.json"
            save(bench, path, time.monotonic() - begin)
        _say(f"all samples are in {path}")
    text = render(json.loads(path.read_text("utf-8")))
    if chosen.no_page or (chosen.columns and not chosen.render):
        sys.stdout.write(f"{text}\n")
    else:
        put(text)


if __name__ == "__main__":
    main()
