"""What happens between two rounds of a turn: searches are run, and the next request is made."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codex_glm.sidecalls.client import SideClient
from codex_glm.sidecalls.search import default_engine, search
from codex_glm.translation.tools.web_search import SearchOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from codex_glm.proxy.turns.turn import Turn
    from codex_glm.sidecalls.calls import SideCall
    from codex_glm.translation.tools.web_search import Found

_GLANCE = 0.2
"""Seconds between two looks at whether the client is still there."""


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """How the proxy searches the web, and how much of it one turn may ask for."""

    engine: str = ""
    """GLM's search engine; empty: the base's own."""
    rounds: int = 8
    """Rounds of a turn that may search; after them the tool is no longer offered."""
    seconds: float = 20.0
    """Time for one search."""


async def follow_up(turn: Turn, note: Callable[[SideCall], None]) -> None:
    """Do what the reply waits for, and make the request of the next round if there is one.

    Side calls go to `note`.
    """
    stream = turn.reply.stream
    if stream.follow_up.searches:
        found = await _search(turn, note)
        if found is None:
            return
        turn.take_found(found)
    if stream.follow_up.items is not None:
        turn.next_round()


async def _search(turn: Turn, note: Callable[[SideCall], None]) -> list[Found] | None:
    """Run all searches of a round at once; None if the client left meanwhile."""
    limits, place = turn.searching, turn.upstream
    client = SideClient(place.base, place.key.value, limits.seconds)
    engine = limits.engine or default_engine(place.base)
    options = turn.context.names.search or SearchOptions()
    running = asyncio.gather(
        *(
            search(client, engine, wanted, options, note)
            for wanted in turn.reply.stream.follow_up.searches
        )
    )
    while not running.done() and not turn.client_gone:
        await asyncio.wait({running}, timeout=_GLANCE)
    if not running.done():
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)  # else asyncio logs a traceback
        return None
    return running.result()
