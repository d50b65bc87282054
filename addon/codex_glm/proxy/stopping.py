"""Ending well: the turns under way may finish, and meanwhile no new one begins.

mitmproxy ends at once on SIGTERM and SIGINT and cuts what is being streamed (12.2.3 and 12.3.1);
its own handlers are replaced once it runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import signal
import time
from typing import TYPE_CHECKING

from mitmproxy import ctx, http

from codex_glm.proxy import replies
from codex_glm.proxy.keeper import Keeper
from codex_glm.proxy.routing import Route, route
from codex_glm.translation.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from mitmproxy.addonmanager import Loader

_log = logging.getLogger("glm")

_GLANCE = 0.05
"""Seconds between two looks at the turns under way."""

_FLUSH = 0.25
"""Seconds for the last bytes of the last turn, which mitmproxy sends after the turn's last hook,
and for clients that are about to leave."""

_TRIES = 10
"""Refused tries that the waiting time is spread over. Codex makes 30 by default, each after
`Retry-After` seconds (codex-cli 0.163.0 and 0.169.0), so that a restart may take three times as
long as the stop."""


class Stopping:
    """An addon that turns the first signal into a wait and the second into an end.

    `seconds` gives the longest wait.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._under_way: set[str] = set()
        self._deadline: float | None = None
        self._waiting: asyncio.Task[None] | None = None

    def load(self, loader: Loader) -> None:
        """Count on where the code before a reload left off."""
        self._under_way = Keeper.of(loader.master.addons).under_way

    def running(self) -> None:
        """Take the signals over; the console keeps its own answer to Ctrl-C, which is to ask."""
        asks = hasattr(ctx.master, "prompt_for_exit")
        for number in (signal.SIGTERM, *([] if asks else [signal.SIGINT])):
            # Elsewhere than in the main thread, and on Windows, mitmproxy's own answer stays.
            with contextlib.suppress(NotImplementedError, RuntimeError):
                ctx.master.event_loop.add_signal_handler(number, self.ask)

    def ask(self) -> None:
        """Be asked to stop: once to let turns finish, twice to end at once."""
        seconds = self._seconds()
        if self._deadline is not None or not seconds:
            ctx.master.shutdown()
            return
        self._deadline = time.monotonic() + seconds
        if self._under_way:
            words = "Stopping: %d under way, for %g s at most. A second signal ends at once."
            _log.warning(words, len(self._under_way), seconds)
        self._waiting = asyncio.ensure_future(self._wait(self._deadline))

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Count a turn that begins, or refuse it in a way after which Codex comes back."""
        request = flow.request
        kind = route(request.method, request.path, request.headers)
        if flow.response or not flow.live or kind not in (Route.TURN, Route.COMPACTION):
            return
        if self._deadline is None:
            self._under_way.add(flow.id)
        else:
            flow.response = _come_back(self._deadline - time.monotonic())
            _log.info("A new turn was sent away while the proxy stops; it comes back by itself.")

    async def _wait(self, deadline: float) -> None:
        while self._under_way and time.monotonic() < deadline:
            await asyncio.sleep(_GLANCE)
        if self._under_way:
            _log.warning("%d cut: Codex asks again by itself.", len(self._under_way))
        await asyncio.sleep(_FLUSH)
        ctx.master.shutdown()


def _come_back(left: float) -> http.Response:
    """Make a 503 after which Codex and OpenAI's SDKs try again, on another connection."""
    words = "The proxy is stopping; it finishes what it has begun, and takes no new turn."
    failure = Failure("proxy_stopping", words, 503, "server_error", retry="overload")
    response = replies.error_reply(failure)
    response.headers["retry-after"] = str(max(1, math.ceil(left / _TRIES)))
    response.headers["connection"] = "close"
    return response
