"""What each stream is to say, and what is to go wrong with it.

All follows from its number and the run's seed: GLM's side and the client's both know it.
"""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass

KINDS = {
    "well": 40,
    "call": 10,
    "whole": 5,
    "stall": 6,
    "cut in thinking": 8,
    "cut in text": 8,
    "reset in text": 5,
    "busy": 6,
    "slow client": 6,
    "client leaves": 6,
}
"""How many of a hundred streams go how."""
FAILS = ("cut in text", "reset in text")
"""Kinds that end in `response.failed`, after a part of the text."""

TOOL = {
    "type": "function",
    "name": "note",
    "description": "Notes a text.",
    "parameters": {"type": "object", "properties": {"text": {"type": "string"}}},
}


@dataclass(frozen=True)
class Plan:
    """One stream."""

    number: int
    kind: str
    thoughts: list[str]
    pieces: list[str]
    """The text, or the arguments of the call."""
    pause: float
    """Seconds between two pieces."""
    stops_before: int
    """The piece before which it is cut, stalls, or the client leaves."""

    @property
    def text(self) -> str:
        """All of the text, or of the arguments."""
        return "".join(self.pieces)

    @property
    def prompt(self) -> str:
        """What the client asks; GLM's side reads the number out of it."""
        return f"stream {self.number}"


def make_plan(seed: int, number: int) -> Plan:
    """Give the plan of a stream: numbered words of its own, and their checksum at the end."""
    chance = random.Random(f"{seed}/{number}")
    kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
    words = [f"{number}:{place}·{chance.choice(WORDS)} " for place in range(chance.randint(20, 80))]
    words.append(hashlib.sha256("".join(words).encode()).hexdigest())
    if kind == "call":
        words = _cut(json.dumps({"text": "".join(words)}, ensure_ascii=False), chance)
    thoughts = [f"[{number} thinks {place}] " for place in range(chance.randint(1, 6))]
    pause = chance.uniform(0.02, 0.12)
    return Plan(number, kind, thoughts, words, pause, chance.randint(3, len(words) - 1))


def _cut(text: str, chance: random.Random) -> list[str]:
    pieces = []
    while text:
        size = chance.randint(1, 40)
        pieces.append(text[:size])
        text = text[size:]
    return pieces


WORDS = ("eins", "zwei", "三", "четыре", "🚀", "sechs\n", '"sieben"', "\\acht", "neun</x>", "zehn")
