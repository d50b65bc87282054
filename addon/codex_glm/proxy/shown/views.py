"""The content views, registered with mitmproxy; what they show is made in `inspect`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from mitmproxy import contentviews, http

from codex_glm.inspect.alignment import align
from codex_glm.inspect.dialects import codex_events, glm_replies, glm_requests
from codex_glm.inspect.transcript import transcript
from codex_glm.inspect.turn_record import TurnRecord, read_record
from codex_glm.inspect.turn_request import render_request
from codex_glm.inspect.turn_response import render_response
from codex_glm.proxy.shown.record import METADATA_KEY
from codex_glm.proxy.shown.threads import request_body, spoken, thread_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mitmproxy.contentviews import Metadata, SyntaxHighlight


class Message(NamedTuple):
    """What a view is asked for: a turn's request or its reply."""

    flow: http.HTTPFlow
    metadata: Metadata
    data: bytes

    @property
    def asks(self) -> bool:
        """Whether it is the request."""
        return isinstance(self.metadata.http_message, http.Request)


type Render = Callable[[TurnRecord, Message], str]

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
        flow = metadata.flow
        if not isinstance(flow, http.HTTPFlow) or METADATA_KEY not in flow.metadata:
            return "This is no turn: there is nothing of GLM's to show."
        return self._render(read_record(flow.metadata[METADATA_KEY]), Message(flow, metadata, data))


def register() -> None:
    """Offer the views to all of mitmproxy's tools; after a reload they take the old ones' place."""
    chatter = logging.getLogger("mitmproxy.contentviews._registry")
    level = chatter.level
    chatter.setLevel(logging.WARNING)
    contentviews.add(TurnView("GLM turn", _turn, _AUTOMATIC))
    contentviews.add(TurnView("GLM request", lambda record, _: glm_requests(record)))
    contentviews.add(TurnView("GLM response", lambda record, _: glm_replies(record)))
    contentviews.add(TurnView("Codex events", _events))
    contentviews.add(TurnView("GLM diff", _diff))
    contentviews.add(TurnView("GLM thread", _thread))
    chatter.setLevel(level)


def _turn(record: TurnRecord, shown: Message) -> str:
    render = render_request if shown.asks else render_response
    return render(record, shown.data)


def _events(_: TurnRecord, shown: Message) -> str:
    return codex_events(spoken(shown.flow).reply if shown.asks else shown.data)


def _diff(record: TurnRecord, shown: Message) -> str:
    return "\n".join(align(record, request_body(shown.flow), spoken(shown.flow).reply))


def _thread(_: TurnRecord, shown: Message) -> str:
    return "\n".join(transcript(thread_of(shown.flow)))
