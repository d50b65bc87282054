"""Between two rounds: the hook that a turn waits in, and how long it waits."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from mitmproxy import hooks, http
from mitmproxy.proxy import commands

if TYPE_CHECKING:
    from codex_glm.proxy.turns.turn import Turn


def _round_hook() -> type[commands.StartHook]:
    """Give the hook class, defined once per process: a reload of the addon must not do it again."""

    @dataclass
    class GlmRoundHook(commands.StartHook):
        """Asks the addon to wait until the next round of a turn may begin."""

        flow: http.HTTPFlow

    return GlmRoundHook


GlmRoundHook = cast("type[commands.StartHook]", hooks.all_hooks.get("glm_round") or _round_hook())


def may_go(turn: Turn) -> bool:
    """Tell whether the next round of a turn may begin now, or is not to begin at all."""
    if turn.reply.stream.ended:
        return True
    return time.monotonic() >= turn.not_before and turn.gate.may_enter(turn.ticket)


async def wait_for_round(turn: Turn, seconds: float) -> None:
    """Wait until a round may begin, the client is gone, or it is time to say so again."""
    deadline = time.monotonic() + seconds
    while not turn.client_gone and not may_go(turn):
        now = time.monotonic()
        if now >= deadline:
            return
        times = [deadline - now, turn.not_before - now, turn.gate.seconds_shut]
        turn.wake.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(turn.wake.wait(), min(t for t in times if t > 0))
