"""One turn at the edge: the client's request, what was sent to GLM, and the reply in the making."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from codex_glm.proxy import replies
from codex_glm.proxy.turns import upstream
from codex_glm.proxy.turns.exchange import Exchange
from codex_glm.proxy.turns.gate import next_ticket
from codex_glm.proxy.turns.retry import Retries
from codex_glm.translation import errors
from codex_glm.translation.quota import limit_headers
from codex_glm.translation.request.translate import continue_request
from codex_glm.translation.wire.wire_json import encode_json

if TYPE_CHECKING:
    from mitmproxy import http

    from codex_glm.proxy.turns.follow_up import SearchLimits
    from codex_glm.proxy.turns.gate import Gate
    from codex_glm.proxy.turns.repeats import Repeats
    from codex_glm.proxy.turns.upstream import Upstream
    from codex_glm.sidecalls.calls import SideCall
    from codex_glm.translation.errors import Failure
    from codex_glm.translation.quota import Window
    from codex_glm.translation.reply.translate import ReplyTranslator
    from codex_glm.translation.request.context import (
        TranslationSettings,
        TurnContext,
    )
    from codex_glm.translation.tools.web_search import Found


@dataclass(slots=True)
class Turn:
    """A turn under way, of one round with GLM or of several."""

    context: TurnContext
    client_request: http.Request
    client_id: str
    """The connection it came by; empty for a replay, which the first client does not wait for."""
    upstreams: tuple[Upstream, ...]
    """Where it may go, in order; the first is in use."""
    gates: dict[Upstream, Gate]
    reply: ReplyTranslator
    retries: Retries
    translation: TranslationSettings
    searching: SearchLimits
    thread: str
    """Codex's name for the conversation; empty for other clients."""
    repeats: Repeats
    started: float = field(default_factory=time.monotonic)
    ticket: int = field(default_factory=next_ticket)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when something changed that the turn may be waiting for."""
    client_gone: bool = False
    stopped: bool = False
    """Whether the client left before the reply was over."""
    head: http.Response | None = None
    """What the client's event stream began with; None where it has not begun."""
    last_sent: float = 0.0
    not_before: float = 0.0
    search_rounds: int = 0
    prepared: bytes = b""
    """What the client is to get before the next round."""
    exchanges: list[Exchange] = field(default_factory=list)
    """The rounds, the last one under way or about to begin."""
    side_calls: list[SideCall] = field(default_factory=list)
    """What the proxy asked GLM on its own for this turn."""
    windows: tuple[Window, ...] = ()
    """What is known of the plan of its key."""
    sent: list[bytes] = field(default_factory=list)
    """What the client got."""

    @property
    def upstream(self) -> Upstream:
        """Where the current round goes."""
        return self.upstreams[0]

    @property
    def gate(self) -> Gate:
        """The gate of the current upstream's key."""
        return self.gates[self.upstream]

    @property
    def exchange(self) -> Exchange:
        """The current round."""
        return self.exchanges[-1]

    @property
    def failed_rounds(self) -> list[Exchange]:
        """The rounds that were tried again."""
        return [each for each in self.exchanges if each.rule]

    def chat_request(self) -> http.Request:
        """Make the request of the current round."""
        return upstream.chat_request(self.upstream, self.exchange.request)

    @property
    def begun(self) -> bool:
        """Whether the client has the head of its event stream."""
        return self.head is not None

    def begin_stream(self) -> http.Response:
        """Give the head of the client's event stream, which is sent now."""
        self.head = self.response()
        return self.head

    def open(self) -> bytes:
        """Give what opens the client's event stream."""
        return self._keep(self.reply.open())

    def pulse(self) -> bytes:
        """Give an event that keeps the client waiting, behind what was prepared for it."""
        return self.take_prepared() + self._keep(self.reply.pulse())

    def relay(self, data: bytes) -> bytes | list[bytes]:
        """Translate streamed bytes of GLM; an empty `data` ends them.

        In mid-stream an empty answer must be a list: to mitmproxy, empty bytes end the reply.
        """
        if not data:
            return self.end_stream() or []
        now = self.exchanges[-1].take(data)
        if not (out := self.reply.receive_data(data)):
            return []
        self.sent.append(out)
        self.last_sent = now
        return out

    def end_stream(self) -> bytes:
        """End what GLM streams."""
        return self._keep(self.reply.receive_eof())

    def take_whole(self, status: int, body: bytes) -> bytes:
        """Translate a reply of GLM that came whole: an error, or one that is not streamed."""
        body = self.upstream.key.hide(body)
        self.exchange.take(body)
        self.exchange.status = status
        if 200 <= status < 300:
            return self._keep(self.reply.receive_data(body) + self.reply.receive_eof())
        return self._keep(self.reply.refuse(body, status))

    def take_found(self, found: list[Found]) -> None:
        """Take what the searches of a round gave."""
        self.search_rounds += 1
        self.prepared += self._keep(self.reply.take_found(found))

    def next_round(self) -> None:
        """Make the request that goes on where the last round ended."""
        offered = self.translation.searches and self.search_rounds < self.searching.rounds
        settings = replace(self.translation, searches=offered)
        items = self.reply.stream.follow_up.items or []
        body = encode_json(continue_request(self.context, settings, items))
        self.exchanges.append(Exchange(self.upstream.url, body))
        self.reply.next_round()

    def take_prepared(self) -> bytes:
        """Give what was prepared for the client, once."""
        prepared, self.prepared = self.prepared, b""
        return prepared

    def lose(self, rule: str, cause: str) -> bytes:
        """Note that GLM's side of the connection is gone."""
        return self._keep(self.reply.fail(errors.failure(rule, cause)))

    def abandon(self, cause: str) -> bytes:
        """End a turn whose client left, or that mitmproxy ended."""
        return self.reply.give_up(errors.failure("cut", cause))

    def fail(self, failure: Failure) -> http.Response:
        """End the turn without a reply of GLM."""
        self._keep(self.reply.give_up(failure))
        return self.response()

    def accepted(self) -> None:
        """Note that GLM has taken the turn on."""
        self.gate.accepted(self.ticket)

    def leave_gate(self) -> None:
        """Make room for the next turn."""
        self.gate.left(self.ticket, well=self.exchange.status == 200)

    def finish(self) -> None:
        """Make room for the next turn, and remember whether Codex will try this one again."""
        self.leave_gate()
        failure = self.reply.stream.failure
        broken = failure is not None and failure.code == "server_error"
        self.repeats.note(self.thread, broken=broken and not self.stopped)

    def another_round(self) -> bool:
        """Decide what follows a round: True for another one, False where the turn is over."""
        fault = self.reply.stream.fault
        if fault is None:
            self.leave_gate()
            return self.reply.stream.follow_up.waits
        wait = self.retries.next_wait(fault, self.age, random.random())  # noqa: S311  # jitter
        if fault.rule == "concurrency":
            self.gate.refused(self.ticket, wait or 0.0)
        else:
            self.gate.left(self.ticket)
        if wait is None and not (fault.failover and self._move_on(fault)):
            return False
        self.not_before = time.monotonic() + (wait or 0.0)
        failed = self.exchange
        failed.rule, failed.said, failed.wait = fault.rule, fault.message, wait or 0.0
        self.exchanges.append(Exchange(self.upstream.url, failed.request))
        self.context.receipt.add("retried", fault.rule, fault.message)
        self.reply.try_again()
        return True

    def conclude(self) -> bytes:
        """Give the terminal event, if a fault was held back; Codex then need not try again."""
        fault = self.reply.stream.fault
        if fault is None:
            return b""
        if self.failed_rounds:
            words = (
                f"{fault.message} Tried {len(self.failed_rounds) + 1} times in {self.age:.0f} s."
            )
            http_code = fault.http_code or fault.code
            fault = replace(fault, code="invalid_prompt", http_code=http_code, message=words)
        return self._keep(self.reply.give_up(fault))

    def response(self) -> http.Response:
        """Make the client's whole response, as it was or is to be sent."""
        if self.head:
            self.head.data.content = b"".join(self.sent)
            return self.head
        failure = self.reply.stream.failure
        if self.context.stream:
            response = replies.event_stream(b"".join(self.sent))
        elif failure:
            response = replies.error_reply(failure, tried=bool(self.failed_rounds))
        else:
            response = replies.json_reply(self.reply.answer())
        response.headers.update(limit_headers(self.windows))
        return response

    @property
    def age(self) -> float:
        """Seconds since the turn began."""
        return time.monotonic() - self.started

    @property
    def silence(self) -> float:
        """Seconds since the client last got something."""
        return time.monotonic() - self.last_sent

    @property
    def glm_silence(self) -> float:
        """Seconds since GLM last gave something in this round; 0 before it is sent."""
        last = self.exchange.ended or self.exchange.begun
        return time.monotonic() - last if last else 0.0

    def _move_on(self, fault: Failure) -> bool:
        left, *rest = self.upstreams
        if not rest:
            return False
        self.upstreams = tuple(rest)
        self.retries = Retries(self.retries.limits)
        other = "" if left.product == self.upstream.product else ", which is billed differently"
        words = f"{fault.rule} at {left.base}: went on to {self.upstream.base}{other}"
        self.context.receipt.add("changed", "failover", words)
        return True

    def _keep(self, out: bytes) -> bytes:
        if out:
            self.sent.append(out)
            self.last_sent = time.monotonic()
        return out
