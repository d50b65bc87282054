"""Arguments of a call for which the dialect has no delta events: gathered, shown at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..wire.growing_text import GrowingText
from .arguments import repair_arguments

if TYPE_CHECKING:
    from ..receipt import Receipt
    from ..wire.events import Event
    from ..wire.wire_json import JsonObject


class SilentArguments:
    """What the items of such calls share."""

    def __init__(self) -> None:
        self._arguments = GrowingText()
        self.surplus: tuple[str, ...] = ()
        """Arguments of further calls that GLM wrote into this one; known once it is closed."""

    @property
    def arguments(self) -> str:
        """What GLM has written of the arguments."""
        return self._arguments.value

    def append(self, fragment: str) -> list[Event]:
        """Take more of the arguments; there is no event for them."""
        self._arguments.append(fragment)
        return []

    def _put_right(self, name: str, schema: JsonObject, receipt: Receipt) -> str:
        """Give the arguments by the tool's schema, and note what was repaired."""
        (text, *surplus), notes = repair_arguments(self._arguments.value, schema)
        self.surplus = tuple(surplus)
        for note in notes:
            receipt.add("repaired", "arguments", f"{name}: {note}")
        return text
