"""A call of a freeform tool in the making: GLM writes JSON, the client gets bare text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..wire import events
from ..wire.growing_text import GrowingText, join_pairs
from ..wire.partial_json import PartialString
from ..wire.wire_json import parse_json
from .arguments import is_object, repair_arguments
from .freeform import LiveInput, unwrap_input

if TYPE_CHECKING:
    from ..receipt import Receipt
    from ..wire.events import Event
    from ..wire.item_ids import ItemIds
    from ..wire.wire_json import JsonObject
    from .declarations import Tool


class CustomToolCallItem:
    """A call of a freeform tool: GLM writes `{"input": …}`, the client gets the bare text."""

    def __init__(self, item_id: str, output_index: int, call_id: str, tool: Tool) -> None:
        self.id = f"ctc_{item_id}"
        self.output_index = output_index
        self._call_id = call_id
        self._tool = tool
        self._arguments = GrowingText()
        self._input = PartialString("input")
        self._live = LiveInput(tool.input_form)
        self._sent = GrowingText()
        self.surplus: tuple[str, ...] = ()
        """Arguments of further calls that GLM wrote into this one; known once it is closed."""

    def open(self) -> list[Event]:
        """Announce the call."""
        return [events.output_item_added(self.output_index, self._json(""))]

    @property
    def arguments(self) -> str:
        """What GLM has written of the arguments."""
        return self._arguments.value

    def append(self, fragment: str) -> list[Event]:
        """Pass on what has become certain of the input."""
        text = self._input.feed(self._arguments.append(fragment))
        return self._delta(self._sent.append(self._live.feed(text)))

    def is_whole(self) -> bool:
        """Tell whether the arguments are JSON objects."""
        return all(map(is_object, repair_arguments(self._arguments.value, {}).texts))

    def close(self, receipt: Receipt) -> list[Event]:
        """Finish the call with its whole input."""
        return self._done(join_pairs(self._whole_input(receipt)))

    def close_half(self) -> list[Event]:
        """Finish a call that GLM did not end, if the tool is sure to refuse it; else do nothing."""
        raw = self._arguments.value
        if not raw.lstrip().startswith("{") or self._tool.input_form == "text":
            return []
        partial = PartialString("input").feed(raw)
        return self._done(join_pairs(partial if self._tool.input_form == "patch" else raw))

    def _done(self, text: str) -> list[Event]:
        sent = self._sent.value
        return [
            *self._delta(text.removeprefix(sent) if text.startswith(sent) else ""),
            events.custom_input("done", self.id, self.output_index, text),
            events.output_item_done(self.output_index, self._json(text)),
        ]

    def another(self, ids: ItemIds) -> CustomToolCallItem:
        """Make the item for a further call that GLM wrote into this one."""
        item_id, output_index = ids.take()
        call_id = f"{self._call_id}_{output_index}"
        return CustomToolCallItem(item_id, output_index, call_id, self._tool)

    def _delta(self, text: str) -> list[Event]:
        return [events.custom_input("delta", self.id, self.output_index, text)] if text else []

    def _whole_input(self, receipt: Receipt) -> str:
        (arguments, *surplus), notes = repair_arguments(self._arguments.value, {})
        self.surplus = tuple(surplus)
        for note in notes:
            receipt.add("repaired", "arguments", f"{self._tool.name}: {note}")
        text, notes = unwrap_input(self._read(arguments, receipt), self._tool.input_form)
        for note in notes:
            receipt.add("repaired", "freeform", f"{self._tool.name}: {note}")
        return text

    def _read(self, arguments: str, receipt: Receipt) -> str:
        """Find the input in the arguments; what is broken goes on, for the tool to refuse."""
        try:
            value = parse_json(arguments)
        except ValueError:
            return self._read_broken(arguments, receipt)
        if isinstance(value, dict) and isinstance(text := value.get("input"), str):
            if others := ", ".join(name for name in value if name != "input"):
                words = f"{self._tool.name}: a freeform tool takes no {others}"
                receipt.add("dropped", "custom-input", words)
            return text
        receipt.add("repaired", "custom-input", f"{self._tool.name}: called without its `input`")
        values = [*value.values()] if isinstance(value, dict) else [value]
        return values[0] if len(values) == 1 and isinstance(values[0], str) else arguments

    def _read_broken(self, arguments: str, receipt: Receipt) -> str:
        """Read arguments that are no JSON: text without it, or an object that was cut or spoiled.

        Half a patch is refused by its own format, whereas half a program might run: that one goes
        on as the JSON that it was written in.
        """
        partial, name = PartialString("input"), self._tool.name
        text = partial.feed(arguments)
        if partial.closed:
            receipt.add("repaired", "arguments", f"{name}: spoiled JSON behind the whole input")
            return text
        if arguments.lstrip().startswith("{"):
            receipt.add("changed", "bad-arguments", f"{name}: not a JSON object, passed on")
            return text if self._tool.input_form == "patch" else arguments
        receipt.add("repaired", "custom-input", f"{name}: called without its `input`")
        return arguments

    def _json(self, text: str) -> JsonObject:
        item: JsonObject = {
            "id": self.id,
            "type": "custom_tool_call",
            "call_id": self._call_id,
            "name": self._tool.name,
            "input": text,
        }
        return item | ({"namespace": self._tool.namespace} if self._tool.namespace else {})
