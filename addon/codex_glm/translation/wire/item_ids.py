"""Ids and places of output items, in the order in which they open."""

from __future__ import annotations


class ItemIds:
    """Makes them from the response's own id, so that the same reply gives the same ids."""

    def __init__(self, unique: str) -> None:
        self.opened = 0
        """How many items there are."""
        self._unique = unique

    def take(self) -> tuple[str, int]:
        """Give the id (without the prefix of its type) and the output_index of a new item."""
        index = self.opened
        self.opened += 1
        return f"{self._unique}{index:02d}", index
