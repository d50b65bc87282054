"""What has to happen between two rounds of a turn, before its reply can end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..structured_output import correction
from ..tools.web_search import memory_item

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..structured_output import Rejected
    from ..tools.web_search import Found, Search, WebSearchItem
    from ..wire.events import Event
    from ..wire.item_ids import ItemIds
    from ..wire.wire_json import JsonObject


class FollowUp:
    """The searches that a round asked for, and what to add to the input for the next round."""

    def __init__(self, ids: ItemIds, seal_key: bytes) -> None:
        self.searches: tuple[Search, ...] = ()
        """What to search before the turn can go on."""
        self.items: list[JsonObject] | None = None
        """What to add to the input of the client's request; None where no round is to follow."""
        self._ids = ids
        self._seal_key = seal_key
        self._searching: tuple[WebSearchItem, ...] = ()
        self._corrected = False

    @property
    def waits(self) -> bool:
        """Whether the reply waits for a search or for another round."""
        return bool(self.searches) or self.items is not None

    def search(self, asked: list[WebSearchItem]) -> None:
        """Have searches run, if any were asked for."""
        self._searching = tuple(asked)
        self.searches = tuple(each.search for each in asked)

    def finish_searches(self, found: Sequence[Found]) -> list[Event]:
        """Give the events that end the searches; `found` is in their order."""
        pairs = list(zip(self._searching, found, strict=True))
        self.searches, self._searching = (), ()
        kept = [item.memory(its) for item, its in pairs]
        ended = [event for item, its in pairs for event in item.finish(its)]
        return ended + memory_item(self._ids.take(), kept, self._seal_key)

    def correct(self, rejected: Rejected, output: list[JsonObject]) -> bool:
        """Have GLM asked for a better answer; False if that was done before."""
        if self._corrected:
            return False
        self._corrected = True
        self.items = [*output, *correction(rejected)]
        return True

    def cancel(self) -> None:
        """Let nothing follow."""
        self.searches, self._searching, self.items = (), (), None
