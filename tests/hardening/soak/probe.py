"""A second script inside the proxy: what only it can see. `mitmdump -s glm.py -s probe.py`.

Each second it writes a line of JSON to the file that SOAK_FIGURES names, and takes the key that
the file of SOAK_KEY holds, as a person would who types a new one.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import time
from pathlib import Path

from mitmproxy import ctx

_STEP = 0.02
"""Seconds between two looks; what is more than that, the loop was busy."""


class Probe:
    """Measures the loop it runs in."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._key = ""

    def running(self) -> None:
        """Begin."""
        self._task = asyncio.ensure_future(self._measure())

    def done(self) -> None:
        """End."""
        if self._task:
            self._task.cancel()

    async def _measure(self) -> None:
        figures, key = Path(os.environ["SOAK_FIGURES"]), Path(os.environ["SOAK_KEY"])
        with figures.open("a", encoding="utf-8", buffering=1) as file:
            while True:
                lags: list[float] = []
                end = time.monotonic() + 1
                while (now := time.monotonic()) < end:
                    await asyncio.sleep(_STEP)
                    lags.append(time.monotonic() - now - _STEP)
                file.write(f"{json.dumps(_look(lags))}\n")
                self._take_key(key)

    def _take_key(self, file: Path) -> None:
        held = file.read_text("ascii").strip() if file.exists() else ""
        if held and held != self._key:
            self._key = held
            ctx.options.update(glm_api_key=held)


def _look(lags: list[float]) -> dict[str, object]:
    server = ctx.master.addons.get("proxyserver")
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return {
        "at": time.time(),
        "megabytes": pages * os.sysconf("SC_PAGESIZE") / 2**20,
        "tasks": len(asyncio.all_tasks()),
        "connections": len(server.connections),
        "files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208  # the cheapest way
        "objects": len(gc.get_objects()) if int(time.time()) % 10 == 0 else 0,
        "lags": [round(lag * 1000, 2) for lag in lags],
    }


addons = [Probe()]
