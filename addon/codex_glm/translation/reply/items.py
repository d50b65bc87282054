"""Speech in the making: the output items that carry text and thinking.

An item that is open knows how to take more text and how to close; what it gives are the events
that do so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..compaction import seal_summary
from ..reasoning import seal
from ..structured_output import bare_json
from ..wire import events
from ..wire.growing_text import GrowingText

if TYPE_CHECKING:
    from ..wire.events import Event
    from ..wire.item_ids import ItemIds
    from ..wire.wire_json import JsonObject


class MessageItem:
    """Text of the assistant."""

    def __init__(self, item_id: str, output_index: int) -> None:
        self.id = f"msg_{item_id}"
        self.output_index = output_index
        self._text = GrowingText()

    def open(self) -> list[Event]:
        """Announce the item and its only part."""
        return [
            events.output_item_added(self.output_index, self._json("in_progress", [])),
            events.content_part("added", self.id, self.output_index, _text_part("")),
        ]

    def append(self, text: str) -> list[Event]:
        """Pass on more text."""
        certain = self._text.append(text)
        return [events.output_text_delta(self.id, self.output_index, certain)] if certain else []

    def close(self, status: str = "completed") -> list[Event]:
        """Finish the item; `status` is `incomplete` where GLM ran out of tokens."""
        text = self._text.value
        part = _text_part(text)
        return [
            events.output_text_done(self.id, self.output_index, text),
            events.content_part("done", self.id, self.output_index, part),
            events.output_item_done(self.output_index, self._json(status, [part])),
        ]

    def _json(self, status: str, content: list[JsonObject]) -> JsonObject:
        return {
            "id": self.id,
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": content,
        }


def _text_part(text: str) -> JsonObject:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


class AnswerItem(MessageItem):
    """An answer by a schema: shown once it is whole, so that it can still be rejected."""

    def __init__(self, ids: ItemIds) -> None:
        super().__init__("", 0)
        self._ids = ids

    @property
    def text(self) -> str:
        """The answer so far, without a fence around it."""
        return bare_json(self._text.value)

    def open(self) -> list[Event]:
        """Announce nothing yet."""
        return []

    def append(self, text: str) -> list[Event]:
        """Take more of the answer."""
        self._text.append(text)
        return []

    def close(self, status: str = "completed") -> list[Event]:
        """Show the whole answer."""
        whole = MessageItem(*self._ids.take())
        return [*whole.open(), *whole.append(self.text), *whole.close(status)]


class ReasoningItem:
    """Thinking of the assistant: shown as a summary, kept whole in `encrypted_content`."""

    def __init__(self, item_id: str, output_index: int, model: str, seal_key: bytes) -> None:
        self.id = f"rs_{item_id}"
        self.output_index = output_index
        self._model = model
        self._seal_key = seal_key
        self._text = GrowingText()
        self._kept_from = 0

    def open(self) -> list[Event]:
        """Announce the item and its only summary part."""
        return [
            events.output_item_added(self.output_index, self._json("in_progress", [], None)),
            events.summary_part("added", self.id, self.output_index, ""),
        ]

    def append(self, text: str) -> list[Event]:
        """Pass on more thinking."""
        certain = self._text.append(text)
        if not certain:
            return []
        return [events.summary_text("delta", self.id, self.output_index, certain)]

    def begin_anew(self) -> None:
        """Keep for the next request only what comes from here on."""
        self._kept_from = len(self._text.value)

    def close(self, status: str = "completed") -> list[Event]:
        """Finish the item and seal the thinking for the next request.

        `status` is `incomplete` where GLM ran out of tokens while it was thinking.
        """
        text = self._text.value
        summary: list[JsonObject] = [{"type": "summary_text", "text": text}]
        envelope = seal(text[self._kept_from :], self._model, self._seal_key)
        return [
            events.summary_text("done", self.id, self.output_index, text),
            events.summary_part("done", self.id, self.output_index, text),
            events.output_item_done(self.output_index, self._json(status, summary, envelope)),
        ]

    def _json(self, status: str, summary: list[JsonObject], envelope: str | None) -> JsonObject:
        item: JsonObject = {
            "id": self.id,
            "type": "reasoning",
            "status": status,
            "summary": summary,
        }
        return item | ({"encrypted_content": envelope} if envelope else {})


class CompactionItem:
    """A summary of the conversation, in the place of a message."""

    def __init__(self, item_id: str, output_index: int, seal_key: bytes) -> None:
        self.id = f"cmp_{item_id}"
        self.output_index = output_index
        self._seal_key = seal_key
        self._text = GrowingText()

    def open(self) -> list[Event]:
        """Announce the item."""
        return [events.output_item_added(self.output_index, self._json(""))]

    def append(self, text: str) -> list[Event]:
        """Take more of the summary; the dialect has no event for it."""
        self._text.append(text)
        return []

    def close(self, _status: str = "completed") -> list[Event]:
        """Finish the item with the whole summary."""
        envelope = seal_summary(self._text.value, self._seal_key)
        return [events.output_item_done(self.output_index, self._json(envelope))]

    def _json(self, envelope: str) -> JsonObject:
        return {"id": self.id, "type": "compaction", "encrypted_content": envelope}
