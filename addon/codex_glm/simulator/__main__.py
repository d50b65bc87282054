"""Run the simulator by itself: `python -m codex_glm.simulator --port 18766`."""

import argparse
import asyncio
import contextlib
import logging
import sys
from pathlib import Path

from codex_glm.simulator.scenarios import ScenarioError, load_scenarios
from codex_glm.simulator.server import Simulator


def main() -> None:
    """Serve until interrupted; every request is one line on standard output."""
    options = _parse_arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(options.scenario, options.port, options.pace))


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m codex_glm.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=18766, help="0 takes a free port")
    parser.add_argument(
        "--scenario", type=Path, action="append", default=[], metavar="FILE",
        help="scenario file, in place of the ones that ship with the package; repeatable",
    )  # fmt: skip
    parser.add_argument("--pace", type=float, default=0.02, help="seconds between two chunks")
    return parser.parse_args()


async def _serve(files: list[Path], port: int, pace: float) -> None:
    try:
        simulator = Simulator(load_scenarios(*files), pace=pace)
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


if __name__ == "__main__":
    main()
