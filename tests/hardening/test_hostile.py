"""Hostile requests, all to one running mitmdump: none does any harm."""

from __future__ import annotations

import os
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from codex_glm.simulator.scenarios import parse_scenario
from codex_glm.simulator.thread import SimulatorThread

from tests.e2e.proxy_process import REVERSE, ProxyProcess

from .hostile import bodies, encodings, framing, heads
from .hostile.case import GOOD, HOST, SERVED, Case, case
from .hostile.wire import check, exchange
from .page import write_table
from .process import memory, peak, reset_peak

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = [*heads.CASES, *framing.CASES, *encodings.CASES, *bodies.CASES]
KEY = "0123456789abcdef0123456789abcdef.SecretOfTheHostile"
FINE = parse_scenario({"name": "fine", "steps": [{"text": "Fine."}]})
WELL = case("good", "a turn", GOOD, fit=SERVED)
AT_ONCE = 4

MOST_HELD = 300
"""Megabytes that the process may have more at the end: Python keeps some of what it once had."""
MOST_AT_ONCE = 1200
"""Megabytes that it may ever have more: four requests of at most 64 MB, in several copies each."""


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorThread]:
    with SimulatorThread([FINE]) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(
    simulator: SimulatorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProxyProcess]:
    folder = tmp_path_factory.mktemp("hostile") / "proxy"
    environment = {"GLM_API_BASE": simulator.base_url, "GLM_API_KEY": KEY}
    options = ("glm_retries=0", f"glm_host_names={HOST.decode()}")
    arguments = [*REVERSE, *(part for option in options for part in ("--set", option))]
    with ProxyProcess(folder, arguments, environment=environment) as running:
        yield running


def provoke(port: int, hostile: Case) -> tuple[str, list[int]]:
    """Send one case; gives what was wrong with the answer, and the statuses that came."""
    try:
        replies = exchange(port, hostile)
        check(hostile, replies)
    except (AssertionError, OSError) as error:
        return f"{hostile.id}: {type(error).__name__}: {str(error)[:600]}", []
    return "", [reply.status for reply in replies]


def table(statuses: list[list[int]]) -> str:
    """Give one line for each group: how many were served, refused, or dropped."""
    rows: dict[str, Counter[str]] = {}
    for hostile, seen in zip(CASES, statuses, strict=True):
        told = rows.setdefault(hostile.group, Counter(requests=0))
        told["requests"] += 1
        served = bool(seen) and all(status == SERVED for status in seen)
        told["served" if served else "refused" if seen else "dropped"] += 1
        told.update({str(status): 1 for status in set(seen) if status != SERVED})
    lines = ["| what | requests | served | refused | dropped | with |", "|---|---|---|---|---|---|"]
    for group, told in rows.items():
        numbers = [str(told[name]) for name in ("requests", "served", "refused", "dropped")]
        codes = ", ".join(sorted(name for name in told if name.isdecimal()))
        lines.append(f"| {group} | {' | '.join(numbers)} | {codes} |")
    return "\n".join(lines)


def test_there_are_many() -> None:
    counts = Counter(each.id for each in CASES)
    assert [name for name, count in counts.items() if count > 1] == []
    assert len(counts) >= 600
    assert len({each.group for each in CASES}) >= 15


def test_all_are_refused_or_served(proxy: ProxyProcess, simulator: SimulatorThread) -> None:
    check(WELL, exchange(proxy.port, WELL))
    before = memory(proxy.pid)
    reset_peak(proxy.pid)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = list(pool.map(lambda c: provoke(proxy.port, c), CASES))
    assert [problem for problem, _ in told if problem] == []
    if os.environ.get("GOLDEN_UPDATE"):
        write_table("hostile", f"{len(CASES)} requests.", table([seen for _, seen in told]))
    check(WELL, exchange(proxy.port, WELL))
    assert peak(proxy.pid) - before < MOST_AT_ONCE
    assert memory(proxy.pid) - before < MOST_HELD
    wrong = {fault for one in simulator.received for fault in one.violations}
    assert {fault for fault in wrong if not fault.startswith("1261 ")} == set()


def test_the_log_holds_no_defect(proxy: ProxyProcess) -> None:
    output = proxy.output
    assert "Traceback" not in output
    assert "crashed" not in output
    assert "defect" not in output
    assert KEY not in output
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f]", output) is None, "it could steer a terminal"
    assert max(map(len, output.splitlines())) < 2000, "a client fills the log"
