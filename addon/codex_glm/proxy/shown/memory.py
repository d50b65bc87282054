"""How much of what is shown is kept: the bodies of old turns go first, then the oldest rows."""

from __future__ import annotations

import itertools
import sys
from collections import OrderedDict
from typing import TYPE_CHECKING

from codex_glm.inspect.turn_record import last_usage
from codex_glm.proxy.shown.record import METADATA_KEY, OWN_MARKS

if TYPE_CHECKING:
    from mitmproxy.addons.view import View
    from mitmproxy.flow import Flow
    from mitmproxy.http import HTTPFlow

LET_GO = "glm_let_go"
"""In the metadata of a flow whose bodies were let go."""

NOTE = b"(This body was let go, to keep memory within glm_keep_bytes.)"

_ROW_BYTES = 16_384
"""What a row costs beside its bodies, about; `tests/bench` measures what comes of it."""

_MOST_LOOKED_AT = 100
"""Flows that one turn may look at, where many in front are marked."""

type _Kept = OrderedDict[str, tuple[HTTPFlow, int]]


class Memory:
    """Keeps a view within `limit` bytes; 0 is no limit.

    A sum is kept, so that a turn costs the same however many flows there are. Flows under way and
    those that a person marked stay whole. Flows loaded from a file are not counted: whoever loads
    one wants to see it.
    """

    def __init__(self) -> None:
        self.limit = 0
        self.held = 0
        """Bytes that the counted flows hold."""
        self._view: View | None = None
        self._whole: _Kept = OrderedDict()
        self._bare: _Kept = OrderedDict()

    def watch(self, view: View | None) -> None:
        """Begin to keep a view small; None is mitmdump, which keeps no flows."""
        self._view = view
        if view is not None:
            view.sig_store_remove.connect(self._removed)
            view.sig_store_refresh.connect(self._refreshed)

    def take(self, flow: HTTPFlow) -> None:
        """Count a flow that has ended, and let older ones go where that is too much."""
        if self._view is None:
            return
        self._removed(flow)
        size = _size(flow)
        self.held += size
        self._whole[flow.id] = flow, size
        if self.limit:
            self._shrink()

    def _shrink(self) -> None:
        for _ in range(_MOST_LOOKED_AT):
            if self.held <= self.limit or len(self._whole) < 2:
                break
            self._strip_oldest()
        while self.held > self.limit and self._bare:
            self._remove_oldest()

    def _strip_oldest(self) -> None:
        flow_id, (flow, size) = self._whole.popitem(last=False)
        if flow.live or (flow.marked and flow.marked not in OWN_MARKS):
            self._whole[flow_id] = flow, size  # at the end: it is asked again later
            return
        let_go(flow)
        left = _size(flow)
        self.held += left - size
        self._bare[flow_id] = flow, left
        if self._view is not None:
            self._view.update([flow])

    def _remove_oldest(self) -> None:
        _, (flow, size) = self._bare.popitem(last=False)
        self.held -= size
        if self._view is not None:
            self._view.remove([flow])

    def _removed(self, flow: Flow) -> None:
        """Forget a flow that the view has let go."""
        for kept in (self._whole, self._bare):
            if flow.id in kept:
                self.held -= kept.pop(flow.id)[1]

    def _refreshed(self) -> None:
        """Forget what is gone after the view was cleared."""
        kept = list(itertools.chain(self._whole.values(), self._bare.values()))
        for flow, _ in kept:
            if self._view is not None and not self._view.get_by_id(flow.id):
                self._removed(flow)


def let_go(flow: HTTPFlow) -> None:
    """Replace the bodies of a flow by a note; its row and its summary stay."""
    for message in (flow.request, flow.response):
        if message and len(message.raw_content or b"") > len(NOTE):
            message.data.content = NOTE
            message.headers.pop("content-encoding", None)
    for each in _rounds(flow):
        each["usage"] = list(last_usage(str(each["reply"])) or ())  # `glm.stats` counts on it
        each["request"] = each["reply"] = ""
    flow.metadata[LET_GO] = True


def _size(flow: HTTPFlow) -> int:
    messages = [message for message in (flow.request, flow.response) if message]
    bodies = sum(len(message.raw_content or b"") for message in messages)
    texts = (each.get(name, "") for each in _rounds(flow) for name in ("request", "reply"))
    return _ROW_BYTES + bodies + sum(map(sys.getsizeof, texts))


def _rounds(flow: HTTPFlow) -> list[dict[str, object]]:
    rounds: list[dict[str, object]] = flow.metadata.get(METADATA_KEY, {}).get("rounds", [])
    return rounds
