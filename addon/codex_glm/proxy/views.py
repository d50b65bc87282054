"""The content views, registered with mitmproxy; what they show is made in `inspect`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mitmproxy import contentviews, http

from codex_glm.inspect.dialects import codex_events, glm_replies, glm_requests
from codex_glm.inspect.turn_record import TurnRecord, read_record
from codex_glm.inspect.turn_request import render_request
from codex_glm.inspect.turn_response import render_response
from codex_glm.proxy.record import METADATA_KEY

if TYPE_CHECKING:
    from collections.abc import Callable

    from mitmproxy.contentviews import Metadata, SyntaxHighlight

type Render = Callable[[TurnRecord, Metadata, bytes], str]

_AUTOMATIC = 2.0
"""Above mitmproxy's own views, whose highest priority is 1 (mitmproxy 12.2)."""


class TurnView(contentviews.Contentview):
    """One view of a turn; only flows that keep the record of one have it."""

    def __init__(self, name: str, render: Render, priority: float = -1.0) -> None:
        self._name, self._render, self._priority = name, render, priority

    @property
    def name(self) -> str:
        """Name the view, as the menus do."""
        return self._name

    @property
    def syntax_highlight(self) -> SyntaxHighlight:
        """Colour it as YAML, of which JSON is a part."""
        return "yaml"

    def render_priority(self, data: bytes, metadata: Metadata) -> float:  # noqa: ARG002  # API
        """Say whether this is the view to choose."""
        kept = metadata.flow is not None and METADATA_KEY in metadata.flow.metadata
        return self._priority if kept and metadata.http_message is not None else -1.0

    def prettify(self, data: bytes, metadata: Metadata) -> str:
        """Render the view; total over whatever the flow holds."""
        kept = metadata.flow.metadata.get(METADATA_KEY) if metadata.flow else None
        if kept is None:
            return "This is no turn: there is nothing of GLM's to show."
        return self._render(read_record(kept), metadata, data)


def register() -> None:
    """Offer the views to all of mitmproxy's tools; after a reload they take the old ones' place."""
    chatter = logging.getLogger("mitmproxy.contentviews._registry")
    level = chatter.level
    chatter.setLevel(logging.WARNING)
    contentviews.add(TurnView("GLM turn", _turn, _AUTOMATIC))
    contentviews.add(TurnView("GLM request", lambda record, _, __: glm_requests(record)))
    contentviews.add(TurnView("GLM response", lambda record, _, __: glm_replies(record)))
    contentviews.add(TurnView("Codex events", _events))
    chatter.setLevel(level)


def response_body(flow: object) -> bytes:
    """Give what the client got, so far."""
    answered = isinstance(flow, http.HTTPFlow) and flow.response
    return (answered.get_content(strict=False) or b"") if answered else b""


def _turn(record: TurnRecord, metadata: Metadata, data: bytes) -> str:
    asks = isinstance(metadata.http_message, http.Request)
    return render_request(record, data) if asks else render_response(record, data)


def _events(_: TurnRecord, metadata: Metadata, data: bytes) -> str:
    asks = isinstance(metadata.http_message, http.Request)
    return codex_events(response_body(metadata.flow) if asks else data)
