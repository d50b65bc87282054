"""Side calls at the gate of their key: they take a place among its turns, and wait for it."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

from codex_glm.proxy.turns.gate import next_ticket
from codex_glm.proxy.turns.retry import Retries, RetryLimits
from codex_glm.sidecalls.client import SideCallError
from codex_glm.translation import errors

if TYPE_CHECKING:
    from codex_glm.proxy.turns.gate import Gate
    from codex_glm.sidecalls.vision import Call
    from codex_glm.translation.wire.wire_json import JsonObject

_LIMITS = RetryLimits(tries=3, seconds=60.0)
_GLANCE = 0.05
"""Seconds between two looks at the gate."""


async def pass_gate(gate: Gate, call: Call, limits: RetryLimits = _LIMITS) -> JsonObject:
    """Make a call when the gate lets it, and again where GLM's error says that this may help.

    Raises SideCallError: the last one of the call's, or one of its own where no place was free.
    """
    ticket, retries, begun = next_ticket(), Retries(limits), time.monotonic()
    try:
        while True:
            await _enter(gate, ticket, begun + limits.seconds)
            try:
                reply = await call()
            except SideCallError as error:
                fault = errors.upstream_failure(
                    {"code": error.code, "message": error.message}, error.status
                )
                elapsed = time.monotonic() - begun
                wait = retries.next_wait(fault, elapsed, random.random()) if error.status else None  # noqa: S311
                if fault.rule == "concurrency":
                    gate.refused(ticket, wait or 0.0)
                else:
                    gate.left(ticket)
                if wait is None:
                    raise
                await asyncio.sleep(wait)
            else:
                gate.accepted(ticket)
                gate.left(ticket, well=True)
                return reply
    finally:
        gate.left(ticket)


async def _enter(gate: Gate, ticket: int, deadline: float) -> None:
    while not gate.may_enter(ticket):
        if time.monotonic() >= deadline:
            raise SideCallError("", "other turns of the key left no room for it", 0)
        await asyncio.sleep(_GLANCE)
