"""The last prompt of each thread, kept to tell where the next one departs from it."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from codex_glm.inspect.prefix import compare

if TYPE_CHECKING:
    from codex_glm.proxy.turns.turn import Turn
    from codex_glm.translation.wire.wire_json import JsonObject

type _Key = tuple[bytes, str, str]
"""Key in use, thread, kind of request: two users never meet, nor a thread and its titles."""


class Prefixes:
    """Bounded in number and bytes, and lost at any time without harm."""

    def __init__(self, most: int = 64, most_bytes: int = 32_000_000) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._bodies: OrderedDict[_Key, tuple[JsonObject, int]] = OrderedDict()

    def compare(self, turn: Turn, chat: JsonObject) -> dict[str, object]:
        """Keep a turn's chat body, and tell what became of the thread's previous one.

        Empty for the first request of a thread that is seen, and for clients without threads.
        """
        if not turn.thread:
            return {}
        key = (turn.context.seal_key, turn.thread, turn.context.kind.name)
        known, _ = self._bodies.pop(key, ({}, 0))
        self._bodies[key] = (chat, len(turn.exchange.request))
        while len(self._bodies) > self._most or self._size > self._most_bytes:
            self._bodies.popitem(last=False)
        return compare(known, chat).to_json() if known else {}

    @property
    def _size(self) -> int:
        return sum(size for _, size in self._bodies.values())
