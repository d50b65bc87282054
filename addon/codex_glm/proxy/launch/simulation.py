"""The embedded simulator, started when the first turn or the banner needs it."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from codex_glm.proxy.config.api_key import ApiKey

if TYPE_CHECKING:
    from codex_glm.simulator.server import Simulator


class Simulation:
    """Owns the simulator of this process."""

    def __init__(self) -> None:
        self.base_url = ""
        """Where it answers; empty until it runs."""
        self.key = ApiKey(f"{secrets.token_hex(16)}.simulator", "the simulator")
        self._simulator: Simulator | None = None
        self._starting = asyncio.Lock()
        self._stopping: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Start it if it does not run yet; gives its base URL."""
        # Its web server takes a tenth of a second to import, which most starts need not wait for.
        from codex_glm.simulator.server import Simulator  # noqa: PLC0415

        async with self._starting:
            if not self._simulator:
                simulator = Simulator()
                self.base_url = await simulator.start()
                self._simulator = simulator
        return self.base_url

    def stop(self) -> None:
        """Stop it; called where nothing can be awaited."""
        simulator, self._simulator = self._simulator, None
        if simulator:
            self._stopping = asyncio.ensure_future(simulator.stop())
