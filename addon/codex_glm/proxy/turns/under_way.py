"""The turns under way: how each begins, what they share, and how each ends."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from codex_glm.proxy import replies
from codex_glm.proxy.config.api_key import ApiKey
from codex_glm.proxy.entry.bodies import read_body
from codex_glm.proxy.shown import record
from codex_glm.proxy.shown.prefixes import Prefixes
from codex_glm.proxy.shown.recorder import Recorder
from codex_glm.proxy.shown.rows import Rows
from codex_glm.proxy.shown.unknowns import Unknowns
from codex_glm.proxy.turns.gate import Gate
from codex_glm.proxy.turns.images import Images
from codex_glm.proxy.turns.new_turn import new_turn
from codex_glm.proxy.turns.plan_limits import PlanLimits
from codex_glm.proxy.turns.repeats import Repeats
from codex_glm.proxy.turns.upstream import Upstream
from codex_glm.translation import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mitmproxy.http import HTTPFlow

    from codex_glm.proxy.config.settings import Settings
    from codex_glm.proxy.entry.door import Admitted
    from codex_glm.proxy.launch.simulation import Simulation
    from codex_glm.proxy.turns.turn import Turn
    from codex_glm.sidecalls.calls import SideCall
    from codex_glm.translation.request.context import TranslatedRequest, TranslationSettings
    from codex_glm.translation.wire.wire_json import JsonObject

    type Translate = Callable[
        [JsonObject, TranslationSettings, Mapping[str, str]], TranslatedRequest
    ]

_log = logging.getLogger("glm")

_NO_KEY = ApiKey("", "none")
_MOST_GATES = 256


class Turns:
    """Begins and ends turns; `under_way` holds those between, by the id of their flow."""

    def __init__(self, simulation: Simulation) -> None:
        self.under_way: dict[str, Turn] = {}
        self.served = 0
        self.side_calls: dict[str, dict[str, int]] = {}
        """Side calls by kind: how many there were, and how many of them failed."""
        self.rounds = False
        """Whether a turn may have several rounds; see `proxy.inside_mitmproxy.rounds.install`."""
        self._gates: dict[tuple[Upstream, int], Gate] = {}
        self._repeats = Repeats()
        self._prefixes = Prefixes()
        self._simulation = simulation
        self.images = Images()
        self.plans = PlanLimits()
        self.recorder = Recorder()
        self.unknowns = Unknowns()
        self.rows = Rows()

    @property
    def key_values(self) -> set[str]:
        """The keys that turns were sent with, those of clients too."""
        return {place.key.value for place, _ in self._gates}

    async def begin(
        self,
        flow: HTTPFlow,
        admitted: Admitted,
        settings: Settings,
        translate: Translate,
    ) -> None:
        """Translate a client's request and send it to GLM, or answer what is wrong with it."""
        flow.response = replies.unsupported_media(admitted.headers)
        if flow.response:
            return
        places = await self.upstreams(admitted.key, settings)
        gates = {
            place: self._gate(place, settings.concurrency)
            for place in places or [Upstream("", _NO_KEY)]
        }
        place, *_ = gates.items()
        calls: list[SideCall] = []
        wanted = settings.translation(place[0].key, rounds=self.rounds)
        try:
            body = read_body(flow.request, settings.max_body)
            if places:
                note = self.noting(calls)
                wanted = await self.images.look(flow, admitted.headers, body, wanted, place, note)
            translated = translate(body, wanted, admitted.headers)
        except errors.RequestError as refused:
            flow.response = replies.error_reply(refused.failure)
            self.recorder.refused(flow)
            return
        if not flow.client_conn.connected and not flow.is_replay:
            flow.kill()  # the client left while its images were described
            return
        thread = admitted.headers.get("thread-id", "")
        turn = new_turn(translated, flow, thread, gates, settings, wanted, self._repeats)
        turn.side_calls = calls
        turn.windows = self.plans.windows(turn.upstream)
        record.record_request(flow, turn, self._prefixes.compare(turn, translated.chat_body))
        if not places:
            flow.response = turn.fail(errors.failure("no_key"))
            self.end(flow, turn)
            return
        self.plans.look(turn.upstream)
        turn.reply.stream.rounds = self.rounds
        self.under_way[flow.id] = turn
        flow.request = turn.chat_request()
        if not self.rounds:
            self.begin_round(flow, turn)

    def begin_round(self, flow: HTTPFlow, turn: Turn) -> None:
        """Note that a round is sent now, if it is to be sent at all, and show it."""
        if turn.client_gone or turn.reply.stream.ended:
            return
        turn.exchange.begun = time.monotonic()
        try:
            record.record_round(flow, turn)
            self.rows.begin(flow, turn)
        except Exception:  # noqa: BLE001  # what is shown must not stop what is served
            _log.exception("a round could not be shown")

    def end(self, flow: HTTPFlow, turn: Turn) -> None:
        """Make room for others and record what came of the turn."""
        turn.finish()
        self.rows.end(flow)
        if flow.response:  # a kept flow must not keep its turn, through `turn.relay`
            flow.response.stream = bool(flow.response.stream)
        self.served += 1
        self._account(turn)
        self.images.learn(turn)
        record.record_end(flow, turn)
        self.unknowns.turn(flow, turn)
        self.recorder.turn(flow, turn)
        # Later, as the client, who waits for its reply's end, need not wait for the line. What
        # sends that end is scheduled after this: `call_soon` would come before it.
        asyncio.get_running_loop().call_later(0, record.log_end, flow, turn)

    def noting(self, calls: list[SideCall]) -> Callable[[SideCall], None]:
        """Give what adds a side call to `calls` and counts it, whatever comes of its turn."""

        def note(call: SideCall) -> None:
            calls.append(call)
            counts = self.side_calls.setdefault(call.kind, {"asked": 0, "failed": 0})
            counts["asked"] += 1
            counts["failed"] += call.outcome != "ok"

        return note

    def _account(self, turn: Turn) -> None:
        """Take what is known of the plan by now, and ask again; at once where it is used up."""
        failure = turn.reply.stream.failure
        turn.windows = self.plans.windows(turn.upstream)
        self.plans.look(turn.upstream, anew=bool(failure and failure.rule == "plan_limit"))

    def release(self) -> None:
        """Let all turns that wait go on: their ends will be told to the addon's next load."""
        for gate in self._gates.values():
            gate.release()

    def client_left(self, client_id: str) -> None:
        """Let a waiting turn see at once that its client is gone, and give its place to another."""
        for turn in self.under_way.values():
            if turn.client_id == client_id:
                turn.client_gone = True
                turn.gate.left(turn.ticket)

    async def upstreams(self, client_key: ApiKey | None, settings: Settings) -> list[Upstream]:
        """Give the places that turns go to, in order; none where there is no key."""
        if settings.simulated and (client_key is None or settings.simulator == "on"):
            return [Upstream(await self._simulation.start(), self._simulation.key)]
        key = settings.key or client_key
        first = [Upstream(settings.base, key)] if key else []
        return [*first, *settings.failover]

    def _gate(self, place: Upstream, fixed: int) -> Gate:
        if len(self._gates) > _MOST_GATES:  # clients' own keys; what is learned may be lost
            self._gates.clear()
        gate = Gate(time.monotonic, self._wake_waiting, fixed)
        return self._gates.setdefault((place, fixed), gate)

    def _wake_waiting(self) -> None:
        for turn in self.under_way.values():
            turn.wake.set()
