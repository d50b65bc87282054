"""Tool calls in the making: one kind of output item for each kind of tool.

A call is finished only once GLM has said how the reply ends: Codex runs it on its
`response.output_item.done` (codex-cli 0.169.0), and half a call must never run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..wire import events
from ..wire.growing_text import GrowingText
from ..wire.wire_json import encode_text, parse_json
from .arguments import is_object, repair_arguments
from .custom_calls import CustomToolCallItem
from .patches import Unwrapped, unwrap_arguments
from .shell_commands import mend_command
from .tool_search import ToolSearchCallItem

if TYPE_CHECKING:
    from ..receipt import Receipt
    from ..wire.events import Event
    from ..wire.item_ids import ItemIds
    from ..wire.wire_json import JsonObject
    from .declarations import Tool


class FunctionCallItem:
    """A call of a function tool; `tool` is None where GLM called what was not declared."""

    def __init__(  # what a call is made of
        self,
        item_id: str,
        output_index: int,
        call_id: str,
        name: str,
        tool: Tool | None,
        schema: JsonObject | None = None,
    ) -> None:
        self.id = f"fc_{item_id}"
        self.output_index = output_index
        self._call_id = call_id
        self._name = tool.name if tool else name
        self._namespace = tool.namespace if tool else None
        self._tool = tool
        self._schema = schema or {}
        self._arguments = GrowingText()
        self.surplus: tuple[str, ...] = ()
        """Arguments of further calls that GLM wrote into this one; known once it is closed."""

    def open(self) -> list[Event]:
        """Announce the call."""
        return [events.output_item_added(self.output_index, self._json("in_progress", ""))]

    @property
    def arguments(self) -> str:
        """What GLM has written of the arguments."""
        return self._arguments.value

    def append(self, fragment: str) -> list[Event]:
        """Pass on more of the arguments."""
        certain = self._arguments.append(fragment)
        return [events.arguments_delta(self.id, self.output_index, certain)] if certain else []

    def is_whole(self) -> bool:
        """Tell whether the arguments are JSON objects."""
        return all(map(is_object, repair_arguments(self._arguments.value, {}).texts))

    def close(self, receipt: Receipt) -> list[Event]:
        """Finish the call; arguments that are no JSON go on as they are, for Codex to refuse."""
        sent: list[Event] = []
        if not self._arguments.value.strip():
            sent = self.append("{}")
            receipt.add("repaired", "no-arguments", f"{self._name}: empty arguments became {{}}")
        elif not self.is_whole():
            receipt.add("changed", "bad-arguments", f"{self._name}: not a JSON object, passed on")
        (text, *surplus), notes = repair_arguments(self._arguments.value, self._schema)
        self.surplus = tuple(surplus)
        text, own_notes = self._mended(text)
        for note in (*notes, *own_notes):
            receipt.add("repaired", "arguments", f"{self._name}: {note}")
        return sent + self._done("completed", text)

    def close_half(self) -> list[Event]:
        """Finish a call that GLM did not end: as it is, for Codex to refuse.

        Without any arguments it would run, where the tool needs none: then nothing is given.
        """
        text = self._arguments.value
        return self._done("incomplete", text) if text.strip() else []

    def another(self, ids: ItemIds) -> FunctionCallItem:
        """Make the item for a further call that GLM wrote into this one."""
        item_id, output_index = ids.take()
        call_id = f"{self._call_id}_{output_index}"
        return FunctionCallItem(
            item_id, output_index, call_id, self._name, self._tool, self._schema
        )

    def _mended(self, arguments: str) -> Unwrapped:
        """Put right what is special to the tools that Codex brings with it."""
        if self._namespace:
            return Unwrapped(arguments)
        if self._name == "apply_patch":
            return unwrap_arguments(arguments)
        mended, note = mend_command(self._name, arguments, self._schema)
        return Unwrapped(mended, (note,) if note else ())

    def _done(self, status: str, arguments: str) -> list[Event]:
        text = _unreadable(arguments)
        return [
            events.arguments_done(self.id, self.output_index, text),
            events.output_item_done(self.output_index, self._json(status, text)),
        ]

    def _json(self, status: str, arguments: str) -> JsonObject:
        item: JsonObject = {
            "id": self.id,
            "type": "function_call",
            "status": status,
            "call_id": self._call_id,
            "name": self._name,
            "arguments": arguments,
        }
        return item | ({"namespace": self._namespace} if self._namespace else {})


def _unreadable(arguments: str) -> str:
    """Make a string of a list: Codex would read it as the fields in order (codex-cli 0.163.0)."""
    try:
        is_list = isinstance(parse_json(arguments), list)
    except ValueError:
        return arguments
    return encode_text(arguments) if is_list else arguments


type CallItem = FunctionCallItem | CustomToolCallItem | ToolSearchCallItem


def open_call(  # what a call is made of
    item_id: str,
    output_index: int,
    call_id: str,
    name: str,
    tool: Tool | None,
    schema: JsonObject | None = None,
) -> CallItem:
    """Make the item for a call of GLM's, by the kind under which the client declared the tool."""
    if tool and tool.kind == "custom":
        return CustomToolCallItem(item_id, output_index, call_id, tool)
    if tool and tool.kind == "tool_search":
        return ToolSearchCallItem(item_id, output_index, call_id, schema)
    return FunctionCallItem(item_id, output_index, call_id, name, tool, schema)
