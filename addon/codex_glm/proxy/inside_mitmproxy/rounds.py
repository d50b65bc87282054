"""Rounds: one flow, one client, and as many exchanges with GLM as the turn needs.

mitmproxy's hooks can change a request and a reply, but not ask again once the reply has begun to
arrive. So `RoundStream` takes the place of mitmproxy's HTTP stream, for the addon's turns alone,
and only where a round begins, ends or breaks. It opens the client's event stream at once, keeps
it alive, waits at the gate, and asks `Turn` after each round whether another one follows.

The class is private to mitmproxy. `install` checks what is relied on and otherwise leaves
mitmproxy as it is: the hooks alone then translate and map errors, and Codex does the retrying.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

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

from codex_glm.proxy.inside_mitmproxy import fast_lane
from codex_glm.proxy.inside_mitmproxy.known import is_known
from codex_glm.proxy.turns.waiting import GlmRoundHook, may_go

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Generator, Iterable, Mapping

    from codex_glm.proxy.turns.turn import Turn
    from codex_glm.proxy.turns.under_way import Turns

    type Commands[T] = Generator[commands.Command, object, T]

_RELIED_ON = (
    "start_response_stream",
    "state_stream_response_body",
    "state_consume_response_body",
    "state_wait_for_response_headers",
    "make_server_connection",
    "handle_protocol_error",
    "send_response",
    "check_killed",
    "debug",
)
"""Beside these `_paused`, `_paused_event_queue` and the two states: only its objects have them."""
_GRACE = 1.0
"""Seconds that GLM has to close a reply that is over."""
_ORIGINAL: type[layer.HttpStream] = getattr(layer.HttpStream, "original", layer.HttpStream)


class RoundStream(_ORIGINAL):  # type: ignore[valid-type,misc]  # chosen at run time
    """mitmproxy's HTTP stream, with rounds for the addon's turns."""

    original: ClassVar[type[layer.HttpStream]] = _ORIGINAL
    turns: ClassVar[Mapping[str, Turn]] = {}
    owner: ClassVar[Turns]
    pulse_seconds: ClassVar[float] = 10.0
    fast: ClassVar[bool] = False

    def handle_event(self, event: events.Event) -> Iterable[commands.Command]:
        """Break silences at once, even where the stream waits for a connection to be made.

        What streams is passed on from here: mitmproxy goes through three generators first, for
        every event, and comes to the same.
        """
        if type(event) is ResponseData and self._streams():
            return self._relay(event.data)
        if isinstance(event, events.Wakeup) and self.child_layer is None:  # else a tunnel's
            return self._pulse()
        handled: Commands[None] = super().handle_event(event)
        return handled

    def _streams(self) -> bool:
        """Tell whether mitmproxy would give an event to `state_stream_response_body` at once."""
        return (
            not self._paused
            and self.debug is None
            and self.server_state == self.state_stream_response_body
            and self.flow.id in self.turns
        )

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
        if turn and self.fast:
            fast_lane.engage(self)

    def state_stream_response_body(self, event: events.Event) -> Iterable[commands.Command]:
        """Pass on a streamed reply; its end is the end of a round."""
        turn = self._turn()
        if turn and isinstance(event, ResponseData):
            return self._relay(event.data)
        if turn and isinstance(event, ResponseEndOfMessage):
            return self._end_stream(turn)
        passed_on: Commands[None] = super().state_stream_response_body(event)
        return passed_on

    def _relay(self, data: bytes) -> Iterable[commands.Command]:
        """Do what mitmproxy does with a piece of a body; the record keeps the body itself."""
        stream = self.flow.response.stream
        given = stream(data) if callable(stream) else data
        client = self.context.client
        pieces = (given,) if isinstance(given, bytes) else given
        return [layer.SendHttp(ResponseData(self.stream_id, piece), client) for piece in pieces]

    def _end_stream(self, turn: Turn) -> Commands[None]:
        yield from self._send(turn.end_stream())
        yield from self._end_round(turn)

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
        if not turn.reply.stream.closed:  # else nothing is missing
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
            opening = ResponseHeaders(self.stream_id, turn.begin_stream())
            yield layer.SendHttp(opening, self.context.client)
            yield from self._send(turn.open())
            yield commands.RequestWakeup(self.pulse_seconds)
        stream = turn.reply.stream
        # A later round always goes through the hook: mitmproxy has then read GLM's last reply to
        # its end, and does not take what is sent now for a part of that exchange.
        if turn.exchanges[0].begun is None and not stream.ended and may_go(turn):
            self.owner.begin_round(self.flow, turn)
            return not (yield from self.check_killed(True))
        yield GlmRoundHook(self.flow)
        prepared = turn.take_prepared()
        yield from self._send(prepared if turn.begun else b"")
        if stream.ended:
            yield from self._end_turn(turn)
            return False
        if (yield from self.check_killed(True)):
            return False
        if may_go(turn) and not stream.follow_up.waits:
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
        """Break a silence, and end a round that GLM does not end."""
        turn = self._turn()
        if not turn:
            return
        if self._hangs(turn):
            yield commands.CloseConnection(self.context.server)  # which ends the round
        if turn.reply.stream.ended:
            yield commands.RequestWakeup(self.pulse_seconds)
            return
        if turn.silence >= self.pulse_seconds - 0.01:
            yield from self._send(turn.pulse())
        yield commands.RequestWakeup(max(0.01, self.pulse_seconds - turn.silence))

    def _hangs(self, turn: Turn) -> bool:
        """Tell whether GLM keeps a reply open that is over, or has been silent for too long.

        mitmproxy's own bound for silent connections never comes, as each pulse is taken for life.
        """
        if turn.reply.stream.closed and self.server_state == self.state_stream_response_body:
            return turn.glm_silence >= min(_GRACE, self.pulse_seconds)
        longest: int = self.context.options.tcp_timeout
        return turn.glm_silence >= longest

    def _send(self, data: bytes) -> Commands[None]:
        if data:
            yield layer.SendHttp(ResponseData(self.stream_id, data), self.context.client)


def install(turns: Turns) -> bool:
    """Give mitmproxy the stream with rounds; False where this mitmproxy is not the one known."""
    if not is_known(_ORIGINAL, _RELIED_ON, "retries are left to Codex"):
        return False
    RoundStream.owner, RoundStream.turns = turns, turns.under_way
    layer.HttpStream = RoundStream  # type: ignore[misc]  # the very point of this module
    return True


def uninstall() -> None:
    """Give mitmproxy its own stream back; streams under way keep what they have."""
    layer.HttpStream = _ORIGINAL  # type: ignore[misc]  # as in `install`
