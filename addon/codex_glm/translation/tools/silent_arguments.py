"""Arguments of a call for which the dialect has no delta events: gathered, shown at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..wire.growing_text import GrowingText

if TYPE_CHECKING:
    from ..wire.events import Event


class SilentArguments:
    """What the items of such calls share."""

    def __init__(self) -> None:
        self._arguments = GrowingText()

    @property
    def arguments(self) -> str:
        """What GLM has written of the arguments."""
        return self._arguments.value

    def append(self, fragment: str) -> list[Event]:
        """Take more of the arguments; there is no event for them."""
        self._arguments.append(fragment)
        return []
