"""The state of one reply: deltas in, Responses events out, and exactly one event that ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from . import errors
from .calls import open_call
from .chunks import Finished, TextDelta, ThinkingDelta, ToolCallDelta, UpstreamError, Usage
from .items import MessageItem, ReasoningItem
from .response import ResponseObject

if TYPE_CHECKING:
    from .calls import CallItem
    from .chunks import Delta
    from .errors import Failure
    from .events import Event
    from .request import TurnContext
    from .wire_json import JsonObject

_COMPLETED = frozenset({"stop", "tool_calls"})
_FAILED = {
    "sensitive": "sensitive",
    "network_error": "network_error",
    "model_context_window_exceeded": "window",
}


class ResponseStream:
    """One reply. `response_id` is `resp_` and a unique rest, from which the item ids are made."""

    def __init__(self, context: TurnContext, response_id: str, created_at: int) -> None:
        self.response: JsonObject = {}
        """The Responses object of the terminal event; empty until then."""
        self.failure: Failure | None = None
        self.fault: Failure | None = None
        """A failure that was held back, because another try may do better; see `hold_faults`."""
        self.hold_faults = False
        """Whether a failure that another try may mend waits, while GLM has only been thinking."""
        self.untouched = True
        """Whether GLM has given nothing yet in this round."""
        self.usage: Usage | None = None
        self._context = context
        self._unique = response_id.removeprefix("resp_")
        self._object = ResponseObject(context, response_id, created_at)
        self._sequence = 0
        self._opened = 0
        self._done: dict[int, JsonObject] = {}
        self._speech: MessageItem | ReasoningItem | None = None
        self._blank: ThinkingDelta | TextDelta | None = None
        self._calls: dict[int, CallItem] = {}
        self._call_ids: dict[int, str] = {}
        self._reason = ""

    @property
    def ended(self) -> bool:
        """Whether the terminal event was given."""
        return bool(self.response)

    @property
    def _only_thinking(self) -> bool:
        """Whether nothing but thinking was shown, so that another try contradicts nothing."""
        speaking = isinstance(self._speech, MessageItem)
        said = any(item["type"] != "reasoning" for item in self._done.values())
        return not (speaking or said or self._calls)

    @property
    def _closed(self) -> bool:
        return self.ended or self.fault is not None

    def start(self) -> list[Event]:
        """Open the response."""
        state = self._object.build("in_progress", [])
        names = ("response.created", "response.in_progress")
        return self._emit([{"type": name, "response": state} for name in names])

    def receive(self, delta: Delta) -> list[Event]:
        """Take one delta; after the end, or after a fault, every delta is silent."""
        if self._closed or self._is_late(delta):
            return []
        self.untouched &= isinstance(delta, Usage | UpstreamError)
        match delta:
            case ThinkingDelta(text) | TextDelta(text):
                return self._emit(self._receive_speech(delta, text))
            case ToolCallDelta():
                return self._emit(self._receive_call(delta))
            case Finished(reason):
                return self._finish(reason)
            case Usage():
                self.usage = delta
                return self.end() if self._reason else []
            case UpstreamError(error):
                return self.fail(errors.upstream_failure(error, advice=self._context.advice))
            case _ as unreachable:
                assert_never(unreachable)

    def _is_late(self, delta: Delta) -> bool:
        """Tell whether GLM goes on with a reply that it called finished: nobody would close it."""
        late = bool(self._reason) and not isinstance(delta, Usage | UpstreamError)
        if late:
            self._context.receipt.add("dropped", "late", "GLM went on after its finish_reason")
        return late

    def end(self) -> list[Event]:
        """End the reply as GLM ended it: with its finish_reason, or as a cut without one."""
        if self._closed:
            return []
        if fault := self._fault():
            return self.fail(fault)
        if self._reason == "length":
            return self._terminate("incomplete", incomplete="max_output_tokens")
        return self._terminate("completed")

    def _fault(self) -> Failure | None:
        if not self._reason:
            return errors.failure("cut")
        if self._reason == "length":
            return None
        if self._reason not in _COMPLETED:
            return errors.failure(_FAILED.get(self._reason, "finish"), self._reason)
        if all(item["type"] == "reasoning" for item in self._done.values()):
            return errors.failure("empty")
        return None

    def fail(self, failure: Failure) -> list[Event]:
        """End the reply badly. What is finished stays; what is half done is not passed off."""
        if self._closed:
            return []
        if self.hold_faults and failure.mendable and self._only_thinking:
            self.fault = failure
            return []
        self.failure = failure
        return self._terminate("failed", failure=failure)

    def give_up(self, failure: Failure) -> list[Event]:
        """End the reply badly, whether or not a fault was held back."""
        self.hold_faults, self.fault = False, None
        return self.fail(failure)

    def try_again(self) -> None:
        """Forget the fault, and what led to it, before another reply of GLM begins."""
        self.fault, self.usage, self._blank = None, None, None
        self._reason, self.untouched = "", True
        self.begin_anew()

    def begin_anew(self) -> list[Event]:
        """Take note that GLM began the same reply anew, as its gateway does when it restarts.

        Thinking that was shown stays shown, but only the new thinking is kept for GLM. Once more
        than thinking has been shown, the reply cannot be mended.
        """
        if not self._only_thinking:
            return self.fail(errors.failure("restarted"))
        if isinstance(self._speech, ReasoningItem):
            self._speech.begin_anew()
            self._context.receipt.add("repaired", "restart", "GLM began its thinking anew")
        return []

    def pulse(self) -> list[Event]:
        """Say that the turn is still under way, in a form that resets Codex's idle timer."""
        state = self._object.build("in_progress", [])
        return self._emit([{"type": "response.in_progress", "response": state}])

    def _terminate(
        self, status: str, failure: Failure | None = None, incomplete: str | None = None
    ) -> list[Event]:
        output = [self._done[index] for index in sorted(self._done)]
        self.response = self._object.build(status, output, self.usage, failure, incomplete)
        return self._emit([{"type": f"response.{status}", "response": self.response}])

    def _emit(self, events: list[Event]) -> list[Event]:
        for event in events:
            event["sequence_number"] = self._sequence
            self._sequence += 1
            if event["type"] == "response.output_item.done":
                index, item = event["output_index"], event["item"]
                self._done[index] = item  # type: ignore[index,assignment]  # `events` made them
        return events

    def _next_id(self) -> tuple[str, int]:
        index = self._opened
        self._opened += 1
        return f"{self._unique}{index:02d}", index

    def _receive_speech(self, delta: ThinkingDelta | TextDelta, text: str) -> list[Event]:
        wanted = ReasoningItem if isinstance(delta, ThinkingDelta) else MessageItem
        if isinstance(self._speech, wanted):
            return self._speech.append(text)
        # Models up to glm-4.6 open thinking and text with a lone line feed, often the only one.
        if self._blank and isinstance(delta, type(self._blank)):
            text = self._blank.text + text
            self._blank = None
        events = self._close_speech()
        if text.isspace():
            self._blank = type(delta)(text)
            return events
        self._speech = self._open_speech(wanted)
        return [*events, *self._speech.open(), *self._speech.append(text)]

    def _open_speech(
        self, wanted: type[ReasoningItem | MessageItem]
    ) -> MessageItem | ReasoningItem:
        item_id, index = self._next_id()
        if wanted is MessageItem:
            return MessageItem(item_id, index)
        return ReasoningItem(item_id, index, self._context.model, self._context.seal_key)

    def _close_speech(self, status: str = "completed") -> list[Event]:
        if self._blank:
            self._context.receipt.add("dropped", "blank", "white space without any text behind it")
        speech, self._speech, self._blank = self._speech, None, None
        return speech.close(status) if speech else []

    def _receive_call(self, delta: ToolCallDelta) -> list[Event]:
        events = self._close_speech()
        place = self._place_of(delta)
        if place not in self._calls:
            if not self._may_open(delta):
                return events
            self._call_ids[place] = delta.id
            self._calls[place] = self._open_call(delta)
            events += self._calls[place].open()
        return events + self._calls[place].append(delta.arguments)

    def _place_of(self, delta: ToolCallDelta) -> int:
        """Find the call that a fragment belongs to.

        GLM numbers its calls, but a gateway has been seen to give two calls one number; then a
        new id tells them apart. A fragment with neither belongs to the last call.
        """
        if delta.id:
            for place, call_id in self._call_ids.items():
                if call_id == delta.id:
                    return place
        place = delta.index if delta.index is not None else max(self._calls, default=0)
        taken = self._call_ids.get(place)
        if taken and delta.id:
            return max(self._calls) + 1
        return place

    def _may_open(self, delta: ToolCallDelta) -> bool:
        receipt = self._context.receipt
        if not delta.name:
            receipt.add("dropped", "nameless-call", f"a call without a name: {delta.arguments}")
            return False
        if self._calls and not self._context.parallel:
            receipt.add("dropped", "parallel-call", f"{delta.name}: one call a reply was asked for")
            return False
        return True

    def _open_call(self, delta: ToolCallDelta) -> CallItem:
        tool = self._context.names.by_wire_name.get(delta.name)
        if not tool:
            self._context.receipt.add(
                "changed", "unknown-tool", f"GLM called {delta.name}, which was not declared"
            )
        item_id, index = self._next_id()
        return open_call(item_id, index, delta.id or f"call_{item_id}", delta.name, tool)

    def _finish(self, reason: str) -> list[Event]:
        self._reason = reason
        events: list[Event] = []
        if reason in _COMPLETED or reason == "length":
            status = "incomplete" if reason == "length" else "completed"
            events = [*self._close_speech(status), *self._close_calls(reason)]
        sent = self._emit(events)
        return sent + self.end() if self.usage else sent

    def _close_calls(self, reason: str) -> list[Event]:
        events: list[Event] = []
        for call in self._calls.values():
            if reason == "length" and not call.is_whole():
                self._context.receipt.add("dropped", "half-call", "a call that GLM did not finish")
            else:
                events += call.close(self._context.receipt)
        self._calls = {}
        return events
