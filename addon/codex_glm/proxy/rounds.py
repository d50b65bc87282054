"""Rounds: one flow, one client, and as many exchanges with GLM as the turn needs.

mitmproxy's hooks can change a request and a reply, but not ask again once the reply has begun to
arrive. So `RoundStream` takes the place of mitmproxy's HTTP stream, for the addon's turns alone,
and only where a round begins, ends or breaks. It opens the client's event stream at once, keeps
it alive, waits at the gate, and asks `Turn` after each round whether another one follows.

The class is private to mitmproxy. `install` checks what is relied on and otherwise leaves
mitmproxy as it is: the hooks alone then translate and map errors, and Codex does the retrying.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from mitmproxy import hooks, http, version
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layers import http as layer
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)

from codex_glm.proxy import replies

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Generator, Mapping

    from codex_glm.proxy.turn import Turn

    type Commands[T] = Generator[commands.Command, object, T]

_log = logging.getLogger("glm")

_TESTED = ("12.2.", "12.3.")
_RELIED_ON = (
    "start_response_stream",
    "state_stream_response_body",
    "state_consume_response_body",
    "state_wait_for_response_headers",
    "make_server_connection",
    "handle_protocol_error",
    "send_response",
    "check_killed",
)
_ORIGINAL: type[layer.HttpStream] = getattr(layer.HttpStream, "original", layer.HttpStream)


def _round_hook() -> type[commands.StartHook]:
    """Give the hook class, defined once per process: a reload of the addon must not do it again."""

    @dataclass
    class GlmRoundHook(commands.StartHook):
        """Asks the addon to wait until the next round of a turn may begin."""

        flow: http.HTTPFlow

    return GlmRoundHook


_HOOK = cast("type[commands.StartHook]", hooks.all_hooks.get("glm_round") or _round_hook())


class RoundStream(_ORIGINAL):  # type: ignore[valid-type,misc]  # chosen at run time
    """mitmproxy's HTTP stream, with rounds for the addon's turns."""

    original: ClassVar[type[layer.HttpStream]] = _ORIGINAL
    turns: ClassVar[Mapping[str, Turn]] = {}
    pulse_seconds: ClassVar[float] = 10.0

    def handle_event(self, event: events.Event) -> Commands[None]:
        """Break silences at once, even where the stream waits for a connection to be made."""
        if isinstance(event, events.Wakeup):
            yield from self._pulse()
        else:
            yield from super().handle_event(event)

    def make_server_connection(self) -> Commands[bool]:
        """Begin a round: wait for its time, then connect."""
        turn = self._turn()
        if turn and not (yield from self._await_round(turn)):
            return False
        if turn:
            self._forget_failed_connections()
        connected: bool = yield from super().make_server_connection()
        return connected

    def start_response_stream(self) -> Commands[None]:
        """Go on with the client's event stream if it has begun."""
        turn = self._turn()
        if turn and turn.begun:
            self.server_state = self.state_stream_response_body
        else:
            yield from super().start_response_stream()

    def state_stream_response_body(self, event: events.Event) -> Commands[None]:
        """Pass on a streamed reply; its end is the end of a round."""
        turn = self._turn()
        if turn and isinstance(event, ResponseEndOfMessage):
            yield from self._send(turn.end_stream())
            yield from self._end_round(turn)
        else:
            yield from super().state_stream_response_body(event)

    def state_consume_response_body(self, event: events.Event) -> Commands[None]:
        """Gather a reply that came whole; its end is the end of a round."""
        turn = self._turn()
        if turn and isinstance(event, ResponseEndOfMessage) and self.flow.response:
            self.flow.response.data.content = bytes(self.response_body_buf)
            self.response_body_buf.clear()
            body = self.flow.response.get_content(strict=False) or b""
            out = turn.take_whole(self.flow.response.status_code, body)
            yield from self._send(out if turn.begun else b"")
            yield from self._end_round(turn)
        else:
            yield from super().state_consume_response_body(event)

    def handle_protocol_error(self, event: events.Event) -> Commands[None]:
        """Take a connection to GLM that failed for the end of a round."""
        turn = self._turn()
        client_waits = self.client_state == self.state_done
        if not turn or not client_waits or not isinstance(event, ResponseProtocolError):
            yield from super().handle_protocol_error(event)
            return
        waiting = self.server_state == self.state_wait_for_response_headers
        rule = "stale" if waiting else "cut"
        if event.code == ErrorCode.CONNECT_FAILED:
            rule = "unreachable"
        turn.exchange.broken = event.message
        out = turn.lose(rule, event.message)
        yield from self._send(out if turn.begun else b"")
        yield from self._end_round(turn)

    def _turn(self) -> Turn | None:
        flow = getattr(self, "flow", None)
        return self.turns.get(flow.id) if flow else None

    def _forget_failed_connections(self) -> None:
        """Let mitmproxy dial again: it remembers for each client which connection failed."""
        for parent in self.context.layers:
            if isinstance(parent, layer.HttpLayer):
                for connection in parent.connections:
                    if connection is not self.context.client:
                        connection.error = None

    def _await_round(self, turn: Turn) -> Commands[bool]:
        if turn.context.stream and not turn.begun:
            opening = replies.event_stream()
            yield layer.SendHttp(ResponseHeaders(self.stream_id, opening), self.context.client)
            yield from self._send(turn.open())
            yield commands.RequestWakeup(self.pulse_seconds)
        yield _HOOK(self.flow)
        prepared = turn.take_prepared()
        yield from self._send(prepared if turn.begun else b"")
        if turn.reply.stream.ended:
            yield from self._end_turn(turn)
            return False
        if (yield from self.check_killed(True)):
            return False
        if may_go(turn) and not turn.reply.stream.follow_up.waits:
            return True
        out = turn.abandon("the addon that made the turn wait is gone")
        yield from self._send(out if turn.begun else b"")
        yield from self._end_turn(turn)
        return False

    def _end_round(self, turn: Turn) -> Commands[None]:
        if not turn.another_round():
            yield from self._end_turn(turn)
            return
        self.response_body_buf.clear()
        self.flow.response = None
        self.flow.request = turn.chat_request()
        self.server_state = self.state_wait_for_response_headers
        if not (yield from self.make_server_connection()):
            return
        # mitmproxy may tell twice that a connection failed; the second time is not of this round.
        queue: deque[events.Event] = self._paused_event_queue
        told = [event for event in queue if not isinstance(event, ResponseProtocolError)]
        queue.clear()
        queue.extend(told)
        server, body = self.context.server, turn.exchange.request
        yield layer.SendHttp(
            RequestHeaders(self.stream_id, self.flow.request, end_stream=False), server
        )
        yield layer.SendHttp(RequestData(self.stream_id, body), server)
        yield layer.SendHttp(RequestEndOfMessage(self.stream_id), server)

    def _end_turn(self, turn: Turn) -> Commands[None]:
        out = turn.conclude()
        yield from self._send(out if turn.begun else b"")
        self.flow.request = turn.client_request
        if not self.flow.response or not self.flow.response.stream:
            self.flow.response = turn.response()
        yield from self.send_response(already_streamed=turn.begun)

    def _pulse(self) -> Commands[None]:
        """Break a silence; the stream may have ended since the wake-up was asked for."""
        turn = self._turn()
        if not turn or turn.reply.stream.ended:
            return
        if turn.reply.stream.fault and self.server_state == self.state_stream_response_body:
            # GLM has failed the reply and keeps it open: the closing ends the round.
            yield commands.CloseConnection(self.context.server)
        if turn.silence >= self.pulse_seconds - 0.01:
            yield from self._send(turn.pulse())
        yield commands.RequestWakeup(max(0.01, self.pulse_seconds - turn.silence))

    def _send(self, data: bytes) -> Commands[None]:
        if data:
            yield layer.SendHttp(ResponseData(self.stream_id, data), self.context.client)


def may_go(turn: Turn) -> bool:
    """Tell whether the next round of a turn may begin now, or is not to begin at all."""
    if turn.reply.stream.ended:
        return True
    return time.monotonic() >= turn.not_before and turn.gate.may_enter(turn.ticket)


async def wait_for_round(turn: Turn) -> None:
    """Wait until a round may begin, the client is gone, or it is time to say so again."""
    deadline = time.monotonic() + RoundStream.pulse_seconds
    while not turn.client_gone and not may_go(turn):
        now = time.monotonic()
        if now >= deadline:
            return
        times = [deadline - now, turn.not_before - now, turn.gate.seconds_shut]
        turn.wake.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(turn.wake.wait(), min(t for t in times if t > 0))


def install(turns: Mapping[str, Turn]) -> bool:
    """Give mitmproxy the stream with rounds; False where this mitmproxy is not the one known."""
    missing = [name for name in _RELIED_ON if not hasattr(_ORIGINAL, name)]
    if missing or not version.VERSION.startswith(_TESTED):
        _log.warning("mitmproxy %s: retries are left to Codex %s", version.VERSION, missing)
        return False
    RoundStream.turns = turns
    layer.HttpStream = RoundStream  # type: ignore[misc]  # the very point of this module
    return True


def uninstall() -> None:
    """Give mitmproxy its own stream back; streams under way keep what they have."""
    layer.HttpStream = _ORIGINAL  # type: ignore[misc]  # as in `install`
