"""Searches for deferred tools, which the client runs: the call in the making, and what it gave.

Codex answers a search without a query like one that found nothing (codex-cli 0.163.0). So GLM is
told here that it was not run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..wire import events
from ..wire.wire_json import parse_object
from .arguments import is_object, repair_arguments
from .silent_arguments import SilentArguments

if TYPE_CHECKING:
    from ..receipt import Receipt
    from ..wire.events import Event
    from ..wire.item_ids import ItemIds
    from ..wire.wire_json import JsonObject

NOT_RUN = "The search was not run: its arguments must be a JSON object with the string `query`."


class ToolSearchCallItem(SilentArguments):
    """A search for deferred tools, which the client runs."""

    def __init__(
        self, item_id: str, output_index: int, call_id: str, schema: JsonObject | None = None
    ) -> None:
        super().__init__()
        self.id = f"tsc_{item_id}"
        self.output_index = output_index
        self._call_id = call_id
        self._schema = schema or {}

    def open(self) -> list[Event]:
        """Announce the search, still without its query."""
        return [events.output_item_added(self.output_index, self._json("in_progress", {}))]

    def is_whole(self) -> bool:
        """Tell whether the arguments are JSON objects."""
        return all(map(is_object, repair_arguments(self._arguments.value, {}).texts))

    def close(self, receipt: Receipt) -> list[Event]:
        """Finish the search with its query; text that is no JSON is the query itself."""
        raw = self._put_right("tool_search", self._schema, receipt)
        try:
            arguments = parse_object(raw)
        except ValueError:
            spoiled = raw.lstrip().startswith(("{", "["))
            if spoiled:
                receipt.add("changed", "bad-arguments", "tool_search: not a JSON object, passed on")
            else:
                receipt.add("repaired", "bad-arguments", "tool_search: the text became the query")
            arguments = {"invalid_arguments": raw} if spoiled else {"query": raw}
        return [events.output_item_done(self.output_index, self._json("completed", arguments))]

    def close_half(self) -> list[Event]:
        """Finish a search that GLM did not end, without the query that there is of it."""
        arguments: JsonObject = {"invalid_arguments": self._arguments.value}
        return [events.output_item_done(self.output_index, self._json("incomplete", arguments))]

    def another(self, ids: ItemIds) -> ToolSearchCallItem:
        """Make the item for a further search that GLM wrote into this one."""
        item_id, index = ids.take()
        return ToolSearchCallItem(item_id, index, f"{self._call_id}_{index}", self._schema)

    def _json(self, status: str, arguments: JsonObject) -> JsonObject:
        return {
            "id": self.id,
            "type": "tool_search_call",
            "call_id": self._call_id,
            "status": status,
            "execution": "client",
            "arguments": arguments,
        }


def has_query(arguments: object) -> bool:
    """Tell whether a search of the client's history asked for anything."""
    query = arguments.get("query") if isinstance(arguments, dict) else None
    return isinstance(query, str) and bool(query.strip())
