"""What the assistant is saying or thinking right now: at most one open item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..structured_output import Rejected
from ..wire.chunks import TextDelta, ThinkingDelta
from .items import AnswerItem, CompactionItem, MessageItem, ReasoningItem

if TYPE_CHECKING:
    from ..request.context import TurnContext
    from ..wire.events import Event
    from ..wire.item_ids import ItemIds

type Speech = MessageItem | ReasoningItem | CompactionItem


class OpenSpeech:
    """Opens, feeds and closes the item that the deltas of text and thinking belong to."""

    def __init__(self, context: TurnContext, ids: ItemIds) -> None:
        self._context = context
        self._ids = ids
        self._item: Speech | None = None
        self._blank: ThinkingDelta | TextDelta | None = None

    @property
    def thinking(self) -> bool:
        """Whether an item of thinking is open."""
        return isinstance(self._item, ReasoningItem)

    @property
    def speaking(self) -> bool:
        """Whether an item of anything but thinking is open and was shown."""
        return self._item is not None and not isinstance(self._item, ReasoningItem | AnswerItem)

    @property
    def kind(self) -> str:
        """What is open: `thinking`, `text`, or nothing."""
        return "" if self._item is None else "thinking" if self.thinking else "text"

    def receive(self, delta: ThinkingDelta | TextDelta) -> list[Event]:
        """Take more text or thinking; a change of kind closes the one and opens the other."""
        if self._context.compacting and isinstance(delta, ThinkingDelta):
            self._context.receipt.add("dropped", "thinking", "a compaction has room for one item")
            return []
        if self._item and isinstance(delta, ThinkingDelta) == self.thinking:
            return self._item.append(delta.text)
        text = delta.text
        # Models up to glm-4.6 open thinking and text with a lone line feed, often the only one.
        if self._blank and isinstance(delta, type(self._blank)):
            text = self._blank.text + text
            self._blank = None
        if text.isspace():
            self._drop_blank()
            self._blank = type(delta)(text)
            return []
        events = self.close()
        self._item = self._open(delta)
        return [*events, *self._item.open(), *self._item.append(text)]

    def close(self, status: str = "completed") -> list[Event]:
        """Finish what is open; `status` is `incomplete` where GLM ran out of tokens."""
        self._drop_blank()
        item, self._item = self._item, None
        return item.close(status) if item else []

    def _drop_blank(self) -> None:
        if self._blank:
            self._context.receipt.add("dropped", "blank", "white space without any text behind it")
        self._blank = None

    def reject(self) -> Rejected | None:
        """Take back the answer that is open if it breaks the client's schema."""
        item, schema = self._item, self._context.schema
        problem = schema.problem(item.text) if schema and isinstance(item, AnswerItem) else ""
        if not problem or not isinstance(item, AnswerItem):
            return None
        self._item = None
        return Rejected(item.text, problem)

    def begin_anew(self) -> None:
        """Take what comes next for the first thinking, though more was shown before."""
        self._blank = None
        if isinstance(self._item, AnswerItem):
            self._item = None
        if isinstance(self._item, ReasoningItem):
            self._item.begin_anew()
            self._context.receipt.add("repaired", "restart", "GLM began its thinking anew")

    def _open(self, delta: ThinkingDelta | TextDelta) -> Speech:
        if self._context.schema and isinstance(delta, TextDelta):
            return AnswerItem(self._ids)
        item_id, index = self._ids.take()
        if isinstance(delta, ThinkingDelta):
            return ReasoningItem(item_id, index, self._context.model, self._context.seal_key)
        if self._context.compacting:
            return CompactionItem(item_id, index, self._context.seal_key)
        return MessageItem(item_id, index)
