"""What a turn shows while it runs: a body that grows, and what GLM is at.

One timer looks at all turns under way. So a chunk costs the same whether or not anybody looks, and
nothing is done where nobody does.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from typing import TYPE_CHECKING

from codex_glm.proxy.shown import record

if TYPE_CHECKING:
    from mitmproxy.addons.view import View
    from mitmproxy.http import HTTPFlow

    from codex_glm.proxy.turns.turn import Turn
    from codex_glm.proxy.turns.under_way import Turns

_log = logging.getLogger("glm")

SECONDS = 0.25
"""Between two updates of a flow."""

_SHARE = 20
"""An update is followed by at least this many times its own length of rest: long bodies, or many
turns, are then shown less often."""


class Live:
    """Updates the view for as long as turns are under way."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._shown: dict[str, tuple[int, ...]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self, view: View | None) -> None:
        """Begin to update a view; None is mitmdump, which has none."""
        self.stop()
        if view is not None:
            self._task = asyncio.ensure_future(self._run(view))

    def stop(self) -> None:
        """End it."""
        if self._task:
            self._task.cancel()
            self._task = None

    async def _run(self, view: View) -> None:
        while True:
            began = time.perf_counter()
            if is_watched():
                try:
                    self.show(view)
                except Exception:  # noqa: BLE001  # the turns go on without it
                    _log.exception("a defect of the addon ended the live view")
                    return
            await asyncio.sleep(max(SECONDS, _SHARE * (time.perf_counter() - began)))

    def show(self, view: View) -> None:
        """Bring the flows up to date whose turns went on since the last time."""
        shown: dict[str, tuple[int, ...]] = {}
        for flow_id, turn in self._turns.under_way.items():
            last = turn.exchange
            shown[flow_id] = len(turn.sent), len(turn.exchanges), len(last.received)
            flow = view.get_by_id(flow_id)
            if flow and self._shown.get(flow_id) != shown[flow_id]:
                view.update(self._update(flow, turn))  # type: ignore[arg-type]  # it is HTTP
        self._shown = shown

    def _update(self, flow: HTTPFlow, turn: Turn) -> list[HTTPFlow]:
        """Give the flows that changed."""
        received = b"".join(turn.exchange.received)
        record.record_progress(flow, turn, received)
        row = self._turns.rows.under_way(flow.id)
        if not row or not row.response:
            return [flow]
        row.response.data.content = received
        return [flow, row]


def is_watched() -> bool:
    """Tell whether somebody may be looking: at the console always, at mitmweb with a browser."""
    web = sys.modules.get("mitmproxy.tools.web.app")
    return web is None or bool(web.ClientConnection.connections)
