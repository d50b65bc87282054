"""The state of one reply: deltas in, Responses events out, and exactly one event that ends it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from .. import errors
from ..wire.chunks import (
    Finished,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UpstreamError,
    Usage,
    join_rounds,
)
from ..wire.item_ids import ItemIds
from .finish_reasons import COMPLETED, OUT_OF_TOKENS, told_failure
from .follow_up import FollowUp
from .leaked_calls import LeakedCalls
from .open_calls import OpenCalls
from .open_speech import OpenSpeech
from .response import ResponseObject

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..errors import Failure
    from ..request.context import TurnContext
    from ..structured_output import Rejected
    from ..tools.web_search import Found
    from ..wire.chunks import Delta
    from ..wire.events import Event
    from ..wire.wire_json import JsonObject
    from .leaked_calls import Spoken

_NOTHING_YET = (Usage, UpstreamError)
"""Deltas that are nothing of the reply itself."""


class ResponseStream:
    """One reply.

    `response_id` is `resp_` and a unique rest, from which the item ids are made. `clock` tells the
    time of the end, in whole seconds as `created_at`; without it a reply takes no time.
    """

    def __init__(
        self,
        context: TurnContext,
        response_id: str,
        created_at: int,
        clock: Callable[[], int] | None = None,
    ) -> None:
        self.response: JsonObject = {}
        """The Responses object of the terminal event; empty until then."""
        self.failure: Failure | None = None
        self.fault: Failure | None = None
        """A failure that was held back, because another try may do better; see `rounds`."""
        self.rounds = False
        """Whether there can be further rounds. A failure that one may mend then waits, while GLM
        has shown nothing but thinking in this one."""
        self.last_try = False
        """Whether a failure is to stop a client that would try again."""
        self.untouched = True
        """Whether GLM has given nothing yet in this round."""
        self._usage: Usage | None = None
        self._context = context
        self._object = ResponseObject(context, response_id, created_at, clock)
        self._sequence = 0
        self._done: dict[int, JsonObject] = {}
        self._ids = ItemIds(response_id.removeprefix("resp_"))
        self.follow_up = FollowUp(self._ids, context.seal_key)
        """What the turn needs before it can end; see `take_found` and `next_round`."""
        self._speech = OpenSpeech(context, self._ids)
        self._calls = OpenCalls(context, self._ids)
        self._rejected: Rejected | None = None
        self._leaks = LeakedCalls(context.offered, context.receipt)
        self._reason, self._first_index = "", 0
        self._earlier_usage: list[Usage] = []

    @property
    def ended(self) -> bool:
        """Whether the terminal event was given."""
        return bool(self.response)

    @property
    def usage(self) -> Usage | None:
        """What GLM counted, joined over the rounds; None until it has told of this one."""
        return join_rounds([*self._earlier_usage, self._usage]) if self._usage else None

    @property
    def fixed(self) -> JsonObject:
        """What every state of the Responses object begins with."""
        return self._object.fixed

    @property
    def at_work(self) -> str:
        """What GLM is at: the tools that it calls, `text` or `thinking`; empty before that."""
        return self._calls.names or self._speech.kind

    @property
    def _only_thinking(self) -> bool:
        """Whether this round showed but thinking, so that another try contradicts nothing."""
        said = any(item["type"] != "reasoning" for item in self._of_this_round())
        return not (self._speech.speaking or said or self._calls)

    @property
    def closed(self) -> bool:
        """Whether it takes no more of this round: it has ended, failed, or needs another one."""
        return self.ended or self.follow_up.waits or self.fault is not None

    def _of_this_round(self) -> list[JsonObject]:
        return [item for index, item in self._done.items() if index >= self._first_index]

    def start(self) -> list[Event]:
        """Open the response."""
        state = self._object.build("in_progress", [])
        names = ("response.created", "response.in_progress")
        return self._emit([{"type": name, "response": state} for name in names])

    def receive(self, delta: Delta) -> list[Event]:
        """Take one delta; after the end, or after a fault, every delta is silent."""
        if self.closed or (self._reason and self._is_late(delta)):
            return []
        self.untouched = self.untouched and isinstance(delta, _NOTHING_YET)
        match delta:
            case ThinkingDelta() | TextDelta():
                return self._emit(self._speak(self._leaks.receive(delta)))
            case ToolCallDelta():
                said = self._speak(self._leaks.interrupt())
                said += [] if self._context.compacting else self._speech.close()
                return self._emit(said + self._calls.receive(delta))
            case Finished(reason):
                return self._finish(reason)
            case Usage():
                self._usage = delta
                return self.end() if self._reason else []
            case UpstreamError(error):
                return self.fail(errors.upstream_failure(error, advice=self._context.advice))
            case _ as unreachable:
                assert_never(unreachable)

    def catch_up(self, delta: Delta, sent: int) -> None:
        """Take a delta that the client has already, in so many events; see `shortcut`."""
        number = self._sequence + sent
        self.receive(delta)
        self._sequence = number

    def _speak(self, spoken: list[Spoken]) -> list[Event]:
        return [event for delta in spoken for event in self._speech.receive(delta)]

    def _is_late(self, delta: Delta) -> bool:
        """Tell whether GLM goes on with a reply that it called finished: nobody would close it."""
        late = not isinstance(delta, _NOTHING_YET)
        if late:
            self._context.receipt.add("dropped", "late", "GLM went on after its finish_reason")
        return late

    def end(self) -> list[Event]:
        """End the reply as GLM ended it: with its finish_reason, or as a cut without one."""
        if self.closed:
            return []
        if self._rejected:
            return self._ask_again(self._rejected)
        if fault := self._fault():
            return self.fail(fault)
        if self._reason == OUT_OF_TOKENS:
            return self._terminate("incomplete", incomplete="max_output_tokens")
        self.follow_up.search(self._calls.take_searches())
        return [] if self.follow_up.waits else self._terminate("completed")

    def take_found(self, found: Sequence[Found]) -> list[Event]:
        """Take what the searches gave, in their order.

        What follows is another round, unless GLM also called a tool that is the client's to run.
        """
        sent = self._emit(self.follow_up.finish_searches(found))
        if any("call_id" in item for item in self._of_this_round()):
            return sent + self._terminate("completed")
        self.follow_up.items = self._output()
        return sent

    def next_round(self) -> None:
        """Make ready for GLM's reply to what the follow-up added."""
        self.follow_up.cancel()
        if self._usage:
            self._earlier_usage.append(self._usage)
        self._first_index = self._ids.opened
        self.try_again()

    def _ask_again(self, rejected: Rejected) -> list[Event]:
        if not self.rounds or not self.follow_up.correct(rejected, self._output()):
            return self.fail(errors.failure("schema", rejected.problem))
        words = f"the answer broke the client's schema, GLM was asked again: {rejected.problem}"
        self._context.receipt.add("repaired", "json-schema", words)
        return []

    def _output(self) -> list[JsonObject]:
        return [self._done[index] for index in sorted(self._done)]

    def _fault(self) -> Failure | None:
        if told := told_failure(self._reason, self._context.receipt):
            return told
        if self._reason == OUT_OF_TOKENS:
            return None if self._context.kept is None else errors.failure("half_summary")
        silent = all(item["type"] == "reasoning" for item in self._of_this_round())
        return errors.failure("empty") if silent and not self._calls.searches else None

    def fail(self, failure: Failure) -> list[Event]:
        """End the reply badly. What is finished stays; what is half done is not passed off."""
        if self.closed:
            return []
        if self.rounds and failure.mendable and self._only_thinking:
            self.fault = failure
            return []
        if self.last_try and failure.code == "server_error":
            failure = replace(failure, code="invalid_prompt", http_code=failure.code)
        self.failure = failure
        return self._terminate("failed", failure=failure)

    def give_up(self, failure: Failure) -> list[Event]:
        """End the reply badly, whether or not a fault was held back."""
        self.rounds, self.fault = False, None
        self.follow_up.cancel()
        return self.fail(failure)

    def try_again(self) -> None:
        """Forget the fault, and what led to it, before another reply of GLM begins."""
        self.fault, self._usage, self._reason, self.untouched = None, None, "", True
        self._rejected = None
        self.begin_anew()

    def begin_anew(self) -> list[Event]:
        """Take note that GLM began the same reply anew, as its gateway does when it restarts.

        Thinking that was shown stays shown, but only the new thinking is kept for GLM. Once more
        than thinking has been shown, the reply cannot be mended.
        """
        if not self._only_thinking:
            return self.fail(errors.failure("restarted"))
        self._speech.begin_anew()
        self._calls.begin_anew()
        self._leaks = LeakedCalls(self._context.offered, self._context.receipt)
        return []

    def pulse(self) -> list[Event]:
        """Say that the turn is still under way, in a form that resets Codex's idle timer."""
        state = self._object.build("in_progress", [])
        return self._emit([{"type": "response.in_progress", "response": state}])

    def _terminate(
        self, status: str, failure: Failure | None = None, incomplete: str | None = None
    ) -> list[Event]:
        self.response = self._object.build(status, self._output(), self.usage, failure, incomplete)
        return self._emit([{"type": f"response.{status}", "response": self.response}])

    def _emit(self, events: list[Event]) -> list[Event]:
        for event in events:
            event["sequence_number"] = self._sequence
            self._sequence += 1
            if event["type"] == "response.output_item.done":
                index, item = event["output_index"], event["item"]
                self._done[index] = item  # type: ignore[index,assignment]  # `events` made them
        return events

    def _finish(self, reason: str) -> list[Event]:
        self._reason = reason
        if reason not in COMPLETED and reason != OUT_OF_TOKENS:
            return []
        whole = reason != OUT_OF_TOKENS
        spoken, leaked = self._leaks.close(complete=whole)
        events = self._speak(spoken)
        if whole and not (self._calls or leaked):
            if self._speech.thinking and self._only_thinking:
                return self._emit(events)  # an empty reply; see `begin_anew`
            self._rejected = self._speech.reject()
        events += self._speech.close("completed" if whole else "incomplete")
        return self._emit(events + self._calls.rescue(leaked) + self._calls.close(complete=whole))
