"""The simulator in a thread of its own, for code that is not asynchronous."""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from types import TracebackType
from typing import Self

from codex_glm.simulator.engine import Received
from codex_glm.simulator.plan import Plan
from codex_glm.simulator.scenarios import Scenario
from codex_glm.simulator.server import Simulator


class SimulatorThread:
    """Runs a Simulator for the length of a `with` block.

    Args:
        scenarios: As for Simulator.
        pace: As for Simulator.
        port: Port to listen on; 0 takes a free one.

    """

    def __init__(
        self, scenarios: Sequence[Scenario] | None = None, *, pace: float = 0.0, port: int = 0
    ) -> None:
        self.base_url = ""
        self._simulator = Simulator(scenarios, pace=pace)
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def received(self) -> list[Received]:
        """The newest requests, oldest first."""
        return self._simulator.received

    @property
    def plan_asked(self) -> list[Received]:
        """The newest requests for the account of the plan, oldest first."""
        return self._simulator.plan_asked

    def set_plan(self, plan: Plan) -> None:
        """Tell another plan from now on."""
        self._simulator.set_plan(plan)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.base_url = self._run(self._simulator.start(port=self._port))
        except OSError:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._run(self._simulator.stop())
        self._end()

    def _run[T](self, coroutine: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
