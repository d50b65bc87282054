"""`python -m tests.bench.web`: what mitmweb holds after many turns; what the live view costs."""

from __future__ import annotations

import argparse
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from tests.e2e.conftest import GLM_KEY
from tests.e2e.proxy_process import ADDON, REVERSE, ProxyProcess, tool
from tests.proxy.fake_upstream import FakeUpstream, chunk, chunked
from tests.web.conftest import free_port

if TYPE_CHECKING:
    from collections.abc import Sequence

MEGABYTE = 1 << 20
_NOT_LIVE = """
from codex_glm.proxy.shown.live import Live
Live.start = lambda self, view: None
"""
"""A script before the addon's: mitmweb without the live view."""


def mitmweb(folder: Path, glm: FakeUpstream, *options: str, live: bool = True) -> ProxyProcess:
    """Make a mitmweb without a browser, and without a dump."""
    folder.mkdir()
    script = folder / "not_live.py"
    script.write_text(_NOT_LIVE)
    chosen = [f"web_port={free_port()}", *options]
    sets = [part for option in chosen for part in ("--set", option)]
    scripts = ["-s", str(ADDON)] if live else ["-s", str(script), "-s", str(ADDON)]
    given = {
        "GLM_API_BASE": glm.base_url,
        "GLM_API_KEY": GLM_KEY,
        "PYTHONPATH": str(ADDON.parent),
    }
    command = [*tool("mitmweb")[:1], *scripts]
    return ProxyProcess(folder / "proxy", [*REVERSE, *sets], command, environment=given)


def ask(proxy: ProxyProcess, turns: int, text: str, parallel: int = 4) -> int:
    """Send turns of which each asks with `text`; give the bytes of the last reply."""

    def work(count: int) -> int:
        size = 0
        with httpx.Client(trust_env=False, timeout=120) as client:
            for _ in range(count):
                body = {"model": "glm-5.3", "input": text, "stream": True}
                reply = client.post(f"{proxy.base}/responses", json=body)
                assert b"response.completed" in reply.content
                size = len(reply.content)
        return size

    with ThreadPoolExecutor(parallel) as pool:
        return max(pool.map(work, [turns // parallel] * parallel))


def resident(pid: int) -> float:
    """Give the resident memory of a process, in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE


def seconds(pid: int) -> float:
    """Give the processor time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_memory(folder: Path, turns: int, keep: int) -> None:
    """Print how much mitmweb grows over turns of 200 kB, under a bound of `keep` MB."""
    text = "word " * 10_000
    reply = chunked(chunk(text), chunk(finish="stop"), b"data: [DONE]\n\n")
    options = f"glm_keep_bytes={keep}MB"
    with FakeUpstream(reply) as glm, mitmweb(folder, glm, options) as proxy:
        ask(proxy, 4, text)
        begin = resident(proxy.pid)
        size = ask(proxy, turns, text) + len(text)
        grown = resident(proxy.pid) - begin
    print(f"{turns} turns of {size / 1000:.0f} kB at the client, glm_keep_bytes={keep}MB:")  # noqa: T201
    print(f"  grown from {begin:.0f} MB by {grown:.0f} MB, the bound and {grown - keep:.0f} MB")  # noqa: T201


def measure_live(folder: Path, events: int, rounds: int = 3) -> None:
    """Print the processor time for each event, with and without the live view, no browser open."""
    reply = chunked(*[chunk("word ")] * events, chunk(finish="stop"), b"data: [DONE]\n\n")
    with FakeUpstream(reply) as glm:
        best: dict[bool, float] = {}
        for number in range(rounds):
            for live in (True, False):
                with mitmweb(folder / f"{number}{live}", glm, live=live) as proxy:
                    ask(proxy, 4, "begin")
                    begin = seconds(proxy.pid)
                    ask(proxy, 16, "go on")
                    spent = (seconds(proxy.pid) - begin) / 16 / events
                best[live] = min(spent, best.get(live, spent))
    on, off = (best[live] * 1e6 for live in (True, False))
    words = f"live view, no browser: {on:.1f} µs an event, without it {off:.1f}"
    print(f"{words} ({on / off - 1:+.1%})")  # noqa: T201


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=2000)
    parser.add_argument("--keep", type=int, default=64, help="glm_keep_bytes, in MB")
    parser.add_argument("--events", type=int, default=5000, help="of each stream")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        measure_memory(Path(name) / "memory", chosen.turns, chosen.keep)
        (Path(name) / "live").mkdir()
        measure_live(Path(name) / "live", chosen.events)


if __name__ == "__main__":
    main()
