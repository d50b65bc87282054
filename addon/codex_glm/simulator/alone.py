"""The simulator by itself, as a command."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from typing import TYPE_CHECKING

from codex_glm.simulator.plan import load_plan
from codex_glm.simulator.scenarios import ScenarioError, load_scenarios
from codex_glm.simulator.server import Simulator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def run(port: int, files: Sequence[Path], pace: float, plan: Path | None) -> None:
    """Serve until interrupted; every request is one line on standard output.

    `pace` is the seconds between two chunks. `files` hold scenarios in place of the shipped ones,
    `plan` one in place of the shipped one.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(files, port, pace, plan))


async def _serve(files: Sequence[Path], port: int, pace: float, plan: Path | None) -> None:
    try:
        told = load_plan(plan) if plan else None
        simulator = Simulator(load_scenarios(*files), pace=pace, plan=told)
        base_url = await simulator.start(port=port)
    except (ScenarioError, OSError) as error:
        sys.exit(f"cannot start the simulator: {error}")
    _say(f"base URL: {base_url}")
    _say("THIS IS A SIMULATOR, NOT GLM: no model is asked and every answer is scripted.")
    try:
        await asyncio.Event().wait()
    finally:
        await simulator.stop()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
