"""What the flows tell of a turn and of its thread, in the shapes that `inspect` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mitmproxy import ctx, http

from codex_glm.inspect.transcript import Spoken
from codex_glm.inspect.turn_record import read_record
from codex_glm.proxy.shown.record import METADATA_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mitmproxy.flow import Flow


def spoken(flow: http.HTTPFlow) -> Spoken:
    """Give a turn: its record, and what the client got so far."""
    body = flow.response.get_content(strict=False) if flow.response else None
    return Spoken(read_record(flow.metadata.get(METADATA_KEY)), body or b"")


def request_body(flow: http.HTTPFlow) -> bytes:
    """Give what the client sent."""
    return flow.request.get_content(strict=False) or b""


def turns_of(flows: Iterable[Flow]) -> list[http.HTTPFlow]:
    """Give those flows that are turns."""
    return [f for f in flows if isinstance(f, http.HTTPFlow) and METADATA_KEY in f.metadata]


def thread_of(flow: http.HTTPFlow) -> list[Spoken]:
    """Give all turns of a turn's thread that mitmproxy holds; mitmdump holds none but itself."""
    master = getattr(ctx, "master", None)
    view = master.addons.get("view") if master else None
    held = [flow]
    if master and view:
        held = turns_of(master.commands.call_strings("view.flows.resolve", ["@all"]))
    own, others = spoken(flow), map(spoken, held)
    return [each for each in others if each.record.thread == own.record.thread] or [own]
