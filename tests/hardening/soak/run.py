"""`make soak`: many streams for a long time, with everything going wrong; a table in README.md."""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.proxy_process import ADDON, REVERSE, ProxyProcess, tool
from tests.hardening.page import measured_on, write_table
from tests.hardening.soak.client import Stream, ask
from tests.hardening.soak.plan import make_plan
from tests.hardening.soak.report import Report, read_figures
from tests.hardening.soak.upstream import Upstream

PROBE = Path(__file__).with_name("probe.py")
KEYS = [f"{number:032x}.SecretOfTheSoak{number}" for number in range(1, 6)]
STORM_EVERY, STORM_SECONDS = 40, 2
RELOAD_EVERY = 30
ROTATE_EVERY = 20
QUIET = 5
"""Seconds before the load and after it, in which the proxy is looked at while it is idle."""


class Soak:
    """One run."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed = seed
        self.streams: list[tuple[float, float, Stream]] = []
        """Begin, end, and what came of it."""
        self.reloads: list[float] = []
        self.rotations = 0
        self.storms = 0
        self.upstream = Upstream(seed)
        self.folder = folder
        self._next = 0
        self._glm = folder / "addon" / "glm.py"
        self._key = folder / "key"
        self.figures = folder / "figures"

    def proxy(self, base: str) -> ProxyProcess:
        """Make the proxy, with a copy of glm.py that can be touched, and with the probe."""
        self._glm.parent.mkdir()
        shutil.copy(ADDON, self._glm)
        (self._glm.parent / "codex_glm").symlink_to(ADDON.parent / "codex_glm")
        environment = {
            "GLM_API_BASE": base,
            "GLM_API_KEY": KEYS[0],
            "SOAK_FIGURES": str(self.figures),
            "SOAK_KEY": str(self._key),
        }
        mitmdump = [tool("mitmdump")[0], "-s", str(self._glm), "-s", str(PROBE)]
        options = ["--set", "glm_keepalive=2"]
        return ProxyProcess(
            self.folder / "proxy", [*options, *REVERSE], mitmdump, None, environment, keeps=False
        )

    async def load(self, port: int, streams: int, seconds: float) -> None:
        """Keep so many streams under way for so long, and let all of them end."""
        end = time.monotonic() + seconds
        harm = asyncio.create_task(self._do_harm())
        spread = random.Random(self.seed)
        await asyncio.gather(
            *(self._client(port, end, spread.uniform(0, 5)) for _ in range(streams))
        )
        harm.cancel()

    async def _client(self, port: int, end: float, pause: float) -> None:
        await asyncio.sleep(pause)
        while time.monotonic() < end:
            self._next += 1
            begun = time.time()
            stream = await ask(port, make_plan(self.seed, self._next))
            self.streams.append((begun, time.time(), stream))

    async def _do_harm(self) -> None:
        second = 0
        while True:
            await asyncio.sleep(1)
            second += 1
            self.upstream.storm = second % STORM_EVERY >= STORM_EVERY - STORM_SECONDS
            self.storms += second % STORM_EVERY == STORM_EVERY - 1
            if second % RELOAD_EVERY == RELOAD_EVERY // 2:
                self.reloads.append(time.time())
                self._glm.touch()
            if second % ROTATE_EVERY == 0:
                self.rotations += 1
                self._key.write_text(KEYS[self.rotations % len(KEYS)], "ascii")


async def soak(streams: int, seconds: float, seed: int, folder: Path) -> Report:
    """Run it and give what was seen."""
    run = Soak(seed, folder)
    proxy = run.proxy(await run.upstream.start())
    await asyncio.to_thread(proxy.__enter__)
    try:
        await asyncio.sleep(QUIET)
        begun = time.time()
        await run.load(proxy.port, streams, seconds)
        ended = time.time()
        await asyncio.sleep(QUIET)
        idle_until = time.time()
        await asyncio.to_thread(proxy.health)
    finally:
        output = await asyncio.to_thread(proxy.end)
    await run.upstream.stop()
    return Report(
        streams=run.streams,
        reloads=run.reloads,
        harm={
            "hot reloads": len(run.reloads),
            "keys changed": run.rotations,
            "storms of 429": run.storms,
            "turns refused by GLM": run.upstream.refused,
        },
        keys=set(run.upstream.keys),
        known_keys=set(KEYS),
        figures=read_figures(run.figures),
        load=(begun, ended),
        idle_until=idle_until,
        output=output,
    )


def main() -> None:
    """Run, print, write the table, and fail where a promise was broken."""
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write the table into README.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(soak(given.streams, given.seconds, given.seed, Path(folder)))
    words = f"{given.streams} streams at once for {given.seconds:.0f} seconds, seed {given.seed}."
    print(f"{words}\n\n{report.table()}")  # noqa: T201  # a report
    if given.write:
        write_table("soak", f"{words} {measured_on()}", report.table())
    problems = report.problems()
    sys.exit("\n".join(problems) if problems else 0)


if __name__ == "__main__":
    main()
