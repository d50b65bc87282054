"""The tool calls of a reply, open until GLM has said how the reply ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..tools.arguments import same_arguments
from ..tools.call_markup import split_name
from ..tools.calls import open_call
from ..tools.local_shell import LocalShellCallItem
from ..tools.schemas import schema_for_repair
from ..tools.web_search import WebSearchItem
from ..wire.chunks import ToolCallDelta

if TYPE_CHECKING:
    from ..receipt import Kind
    from ..request.context import TurnContext
    from ..tools.call_markup import MarkupCall
    from ..tools.calls import CallItem
    from ..wire.events import Event
    from ..wire.item_ids import ItemIds
    from ..wire.wire_json import JsonObject

type OpenCall = CallItem | LocalShellCallItem | WebSearchItem

_UNNAMED = "call_without_name"


class OpenCalls:
    """Finds the call that a fragment belongs to, and closes all of them together."""

    def __init__(self, context: TurnContext, ids: ItemIds) -> None:
        self._context = context
        self._ids = ids
        self._calls: dict[int, OpenCall] = {}
        """By place: the first call has the first, whatever number GLM gave it."""
        self._call_ids: list[str] = []
        """GLM's id of each place, also of those without a call: the nameless and the dropped."""
        self._names: dict[int, str] = {}
        """GLM's name of each call, of those too that were dropped."""
        self._last: dict[int | None, int] = {}
        """By GLM's number: the place of the last fragment that bore it. By None: of any."""
        self._nameless: dict[int, ToolCallDelta] = {}
        self.searches: list[WebSearchItem] = []
        """Searches that GLM has asked for, and nobody has run yet."""

    def __bool__(self) -> bool:
        return bool(self._calls)

    @property
    def names(self) -> str:
        """The tools that are called, as GLM names them, with blanks between."""
        return " ".join(self._names.values())

    def receive(self, delta: ToolCallDelta) -> list[Event]:
        """Take one fragment; the first one of a call opens it."""
        if self._context.compacting:
            words = "a call of GLM's: a compaction has room for one item"
            self._context.receipt.add("dropped", "call", words)
            return []
        place = self._place_of(delta)
        if place in self._calls:
            return self._calls[place].append(delta.arguments)
        if "<" in delta.name:
            delta = self._without_markup(delta)
        if pending := self._nameless.pop(place, None):
            arguments = pending.arguments + delta.arguments
            delta = replace(delta, id=delta.id or pending.id, arguments=arguments)
        if place in self._names:
            return []  # more of a call that was dropped
        if not delta.name:
            self._nameless[place] = delta
            return []
        return self._begin(place, delta)

    def _begin(self, place: int, delta: ToolCallDelta) -> list[Event]:
        self._names[place] = delta.name
        if self._calls and not self._context.parallel:
            words = f"{delta.name}: one call a reply was asked for"
            self._context.receipt.add("dropped", "parallel-call", words)
            return []
        call = self._calls[place] = self._open(delta)
        return call.open() + call.append(delta.arguments)

    def rescue(self, leaked: list[MarkupCall]) -> list[Event]:
        """Take calls that GLM wrote as markup, but for those that are real calls as well."""
        events: list[Event] = []
        real = [(self._names[place], call.arguments) for place, call in self._calls.items()]
        for name, arguments in leaked:
            schema = self._schema(name)
            if any(name == n and same_arguments(a, arguments, schema) for n, a in real):
                words = f"{name}: the call in the text is also a real one"
                self._context.receipt.add("dropped", "leaked-call", words)
                continue
            found = ToolCallDelta(None, "", name, arguments)
            events += self._begin(self._new_place(found), found)
        return events

    def begin_anew(self) -> None:
        """Forget what is open, before another reply of GLM begins."""
        self._calls, self._call_ids, self._names = {}, [], {}
        self._last, self._nameless = {}, {}

    def close(self, *, complete: bool) -> list[Event]:
        """Finish the calls; where GLM ran out of tokens, those that it did not end stay halves.

        A half is passed on where it is sure to be refused: so GLM learns what became of it.
        """
        events = self._end_nameless(complete=complete)
        for place, call in self._calls.items():
            if not complete and not call.is_whole():
                events += self._close_half(self._names[place], call)
            else:
                events += self._close(call)
        self.begin_anew()
        return events

    def _close(self, call: OpenCall) -> list[Event]:
        events = call.close(self._context.receipt)
        if isinstance(call, WebSearchItem):
            self.searches.append(call)
        return events + self._surplus(call)

    def _close_half(self, name: str, call: OpenCall) -> list[Event]:
        events = call.close_half()
        kind: Kind = "changed" if events else "dropped"
        words = f"{name}: GLM ran out of tokens before it had finished this call"
        self._context.receipt.add(kind, "half-call", words)
        return events

    def _end_nameless(self, *, complete: bool) -> list[Event]:
        """Pass calls on that never got a name, for the client to refuse: GLM then tries again."""
        events: list[Event] = []
        for place, delta in self._nameless.items():
            empty = delta.arguments.strip() in ("", "{}")
            kind: Kind = "dropped" if empty or not complete else "changed"
            words = f"a call without a name: {delta.arguments}"
            self._context.receipt.add(kind, "nameless-call", words)
            if kind == "changed":
                events += self._begin(place, replace(delta, name=_UNNAMED))
        return events

    def take_searches(self) -> list[WebSearchItem]:
        """Give the searches that nobody has run yet, once."""
        searches, self.searches = self.searches, []
        return searches

    def _place_of(self, delta: ToolCallDelta) -> int:
        """Find the call that a fragment belongs to.

        GLM numbers its calls, but a gateway has been seen to give two calls one number, or none;
        then a new id or another name tells them apart. A fragment with neither belongs to the last
        call of its number.
        """
        known = delta.id and delta.id in self._call_ids
        place = self._call_ids.index(delta.id) if known else self._last.get(delta.index)
        if place is None or self._is_another(place, delta):
            return self._new_place(delta)
        self._call_ids[place] = self._call_ids[place] or delta.id
        self._last[delta.index] = self._last[None] = place
        return place

    def _is_another(self, place: int, delta: ToolCallDelta) -> bool:
        """Tell whether a fragment cannot go on with the call that is there."""
        call_id, name = self._call_ids[place], self._names.get(place)
        if delta.id and call_id:
            return delta.id != call_id
        return bool(delta.name and name) and delta.name != name and "<" not in delta.name

    def _new_place(self, delta: ToolCallDelta) -> int:
        place = self._last[delta.index] = self._last[None] = len(self._call_ids)
        self._call_ids.append(delta.id)
        return place

    def _without_markup(self, delta: ToolCallDelta) -> ToolCallDelta:
        """Read the arguments that GLM's server left in the name of a call."""
        found = split_name(delta.name, self._context.offered)
        if found is None:
            return delta
        self._context.receipt.add(
            "repaired", "leaked-call", f"{delta.name} is a call of {found.name}"
        )
        own = delta.arguments if delta.arguments.strip() != "{}" else ""
        return replace(delta, name=found.name, arguments=found.arguments + own)

    def _open(self, delta: ToolCallDelta) -> OpenCall:
        tool = self._context.names.by_wire_name.get(delta.name)
        if tool and tool.kind == "web_search":
            return WebSearchItem(self._ids, delta.id)
        if tool and tool.kind == "local_shell":
            return LocalShellCallItem(self._ids, delta.id)
        if not tool:
            self._context.receipt.add(
                "changed", "unknown-tool", f"GLM called {delta.name}, which was not declared"
            )
        item_id, index = self._ids.take()
        call_id, schema = delta.id or f"call_{item_id}", self._schema(delta.name)
        return open_call(item_id, index, call_id, delta.name, tool, schema)

    def _schema(self, name: str) -> JsonObject:
        return schema_for_repair(self._context.names.schemas.get(name))

    def _surplus(self, call: OpenCall) -> list[Event]:
        """Give the further calls that GLM wrote into this one."""
        events: list[Event] = []
        if call.surplus and not self._context.parallel:
            words = f"{len(call.surplus)} written into another: one call a reply was asked for"
            self._context.receipt.add("dropped", "parallel-call", words)
            return events
        for arguments in call.surplus:
            extra = call.another(self._ids)
            events += [*extra.open(), *extra.append(arguments), *self._close(extra)]
        return events
