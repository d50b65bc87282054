"""GLM's side as rows of their own: one flow for each round, linked with the client's row."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mitmproxy import ctx, http
from mitmproxy.flow import Error

from codex_glm.proxy import replies
from codex_glm.translation.errors import Failure

if TYPE_CHECKING:
    from codex_glm.proxy.turns.exchange import Exchange
    from codex_glm.proxy.turns.turn import Turn

SIDE_OF = "glm_side_of"
"""In the metadata of GLM's row: the id of the client's row."""

ROWS = "glm_rows"
"""In the metadata of the client's row: the ids of GLM's rows, in order."""

CHOICES = ("auto", "on", "off")

_KEEPERS = ("view", "save", "savehar")
"""The addons of mitmproxy that show and keep flows. The others act on traffic, and might hold back,
change or answer what was on its way already."""


class Rows:
    """Makes the rows; `wanted` is one of `CHOICES`."""

    def __init__(self) -> None:
        self.wanted = "auto"
        self._open: dict[str, tuple[http.HTTPFlow, Exchange]] = {}
        self._ended: dict[str, list[http.HTTPFlow]] = {}

    @property
    def on(self) -> bool:
        """Whether rows are made. `auto`: where somebody looks, and for a HAR file.

        A HAR file holds no metadata, so that nothing else brings GLM's side into it.
        """
        if self.wanted == "auto":
            return ctx.master.addons.get("view") is not None or bool(ctx.options.hardump)
        return self.wanted == "on"

    def begin(self, flow: http.HTTPFlow, turn: Turn) -> None:
        """Show the round that begins now."""
        self.end(flow)
        if not self.on:
            return
        row = http.HTTPFlow(flow.client_conn, flow.server_conn)
        row.request = turn.chat_request()
        row.request.headers = http.Headers(row.request.headers.fields)  # these know no key
        ids = flow.metadata.setdefault(ROWS, [])
        ids.append(row.id)
        row.metadata[SIDE_OF] = flow.id
        row.comment = f"GLM side of {flow.id[:8]}, round {len(turn.exchanges)}"
        self._open[flow.id] = row, turn.exchange
        _tell(row, "requestheaders", "request")

    def answered(self, flow: http.HTTPFlow) -> None:
        """Take the head of GLM's reply, which stands in `flow` at this moment."""
        if flow.response and (row := self.under_way(flow.id)):
            row.response = flow.response.copy()
            row.response.data.content = b""
            row.response.stream = False
            # A body that comes compressed is not relayed, and is kept as it reads.
            row.response.headers.pop("content-encoding", None)

    def under_way(self, flow_id: str) -> http.HTTPFlow | None:
        """Give GLM's row of the round that is under way, by the id of the client's row."""
        row, _ = self._open.get(flow_id, (None, None))
        return row

    def take_ended(self, flow: http.HTTPFlow) -> list[http.HTTPFlow]:
        """Give the rows of a turn that has ended, once."""
        return self._ended.pop(flow.id, [])

    def end(self, flow: http.HTTPFlow) -> None:
        """Complete the row of the round under way, if there is one."""
        row, exchange = self._open.pop(flow.id, (None, None))
        if not row or not exchange:
            return
        self._ended.setdefault(flow.id, []).append(row)
        row.server_conn = flow.server_conn
        if row.response:
            row.response.data.content = b"".join(exchange.received)
            row.response.timestamp_end = time.time()
        cause = exchange.broken or ("" if row.response else "GLM gave no reply.")
        if cause:
            row.error = Error(cause)
        row.comment += f" · {exchange.rule or cause or exchange.status}"
        _tell(row, "error" if cause else "response")


def _tell(row: http.HTTPFlow, *hooks: str) -> None:
    for name in _KEEPERS:
        keeper = ctx.master.addons.get(name)
        for hook in hooks:
            if hasattr(keeper, hook):
                getattr(keeper, hook)(row)


def refusal(flow: http.HTTPFlow) -> http.Response | None:
    """Refuse to replay GLM's row: its key is a placeholder, and its reply would reach nobody."""
    if SIDE_OF not in flow.metadata:
        return None
    words = (
        "This row is GLM's side of a turn and is not sent again: its key is a placeholder. Replay"
        f" the client's row instead ({flow.metadata[SIDE_OF]}): it goes through the addon anew."
    )
    return replies.error_reply(Failure("glm_row", words, 409, "invalid_request_error"))
