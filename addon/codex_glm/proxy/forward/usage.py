"""The usage of a plan where Codex asks for that of its ChatGPT account; in forward mode alone.

From 0.154.0 on, Codex's `/status` shows limits to a ChatGPT login only, and asks for them itself.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mitmproxy.proxy import mode_specs

from codex_glm.proxy import replies
from codex_glm.translation.quota import usage_answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mitmproxy import http

    from codex_glm.proxy.config.settings import Settings
    from codex_glm.proxy.turns.under_way import Turns

_HOST, _PATH = "chatgpt.com", "/wham/usage"


class Usage:
    """Answers with the plan of the proxy's own key; where that is not known, it leaves it alone.

    It has to stand before the addon that serves turns.
    """

    def __init__(self, turns: Turns, settings: Callable[[], Settings]) -> None:
        self._turns = turns
        self._settings = settings

    def request(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        """Answer, if it is asked for that."""
        if flow.response or not flow.live or not _asks(flow):
            return None  # and nothing to wait for: this stands in the way of every turn
        return self._answer(flow)

    async def _answer(self, flow: http.HTTPFlow) -> None:
        for place in (await self._turns.upstreams(None, self._settings()))[:1]:
            if windows := self._turns.plans.windows(place):
                flow.response = replies.json_reply(usage_answer(windows, int(time.time())))
            self._turns.plans.look(place)


def _asks(flow: http.HTTPFlow) -> bool:
    request = flow.request
    host = flow.client_conn.sni or request.host
    forward = not isinstance(flow.client_conn.proxy_mode, mode_specs.ReverseMode)
    path = request.path.partition("?")[0]
    return forward and request.method == "GET" and host == _HOST and path.endswith(_PATH)
