"""The turns under way: how each begins, what they share, and how each ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from codex_glm.proxy import record, replies
from codex_glm.proxy.api_key import ApiKey
from codex_glm.proxy.gate import Gate
from codex_glm.proxy.images import Images
from codex_glm.proxy.prefixes import Prefixes
from codex_glm.proxy.recorder import Recorder
from codex_glm.proxy.repeats import Repeats
from codex_glm.proxy.rows import Rows
from codex_glm.proxy.turn import Turn, new_turn
from codex_glm.proxy.unknowns import Unknowns
from codex_glm.proxy.upstream import Upstream
from codex_glm.translation import errors
from codex_glm.translation.wire_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mitmproxy.http import HTTPFlow

    from codex_glm.proxy.settings import Settings
    from codex_glm.proxy.simulation import Simulation
    from codex_glm.sidecalls.calls import SideCall
    from codex_glm.translation.request import TranslatedRequest, TranslationSettings
    from codex_glm.translation.wire_json import JsonObject

    type Translate = Callable[
        [JsonObject, TranslationSettings, Mapping[str, str]], TranslatedRequest
    ]

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
        """Whether a turn may have several rounds; see `proxy.rounds.install`."""
        self._gates: dict[tuple[Upstream, int], Gate] = {}
        self._repeats = Repeats()
        self._prefixes = Prefixes()
        self._simulation = simulation
        self.images = Images()
        self.recorder = Recorder()
        self.unknowns = Unknowns()
        self.rows = Rows()

    async def begin(
        self,
        flow: HTTPFlow,
        client_key: ApiKey | None,
        settings: Settings,
        translate: Translate,
    ) -> None:
        """Translate a client's request and send it to GLM, or answer what is wrong with it."""
        flow.response = replies.unsupported_media(flow.request.headers)
        if flow.response:
            return
        places = await self._upstreams(client_key, settings)
        gates = {
            place: self._gate(place, settings.concurrency)
            for place in places or [Upstream("", _NO_KEY)]
        }
        place, *_ = gates.items()
        calls: list[SideCall] = []
        wanted = settings.translation(place[0].key, rounds=self.rounds)
        try:
            body = _read_body(flow)
            if places:
                wanted = await self.images.look(flow, body, wanted, place, calls)
            translated = translate(body, wanted, flow.request.headers)
        except errors.RequestError as refused:
            flow.response = replies.error_reply(refused.failure)
            self.recorder.refused(flow)
            return
        if not flow.client_conn.connected and not flow.is_replay:
            flow.kill()  # the client left while its images were described
            return
        turn = new_turn(translated, flow, gates, settings, wanted, self._repeats)
        turn.side_calls = calls
        record.record_request(flow, turn, self._prefixes.compare(turn, translated.chat_body))
        if not places:
            flow.response = turn.fail(errors.failure("no_key"))
            self.end(flow, turn)
            return
        turn.reply.stream.rounds = self.rounds
        self.under_way[flow.id] = turn
        flow.request = turn.chat_request() if self.rounds else turn.begin_round()
        if not self.rounds:
            self.show_round(flow, turn)

    def show_round(self, flow: HTTPFlow, turn: Turn) -> None:
        """Show a round that begins."""
        record.record_round(flow, turn)
        self.rows.begin(flow, turn)

    def end(self, flow: HTTPFlow, turn: Turn) -> None:
        """Make room for others and record what came of the turn."""
        turn.finish()
        self.rows.end(flow)
        if flow.response:  # a kept flow must not keep its turn, through `turn.relay`
            flow.response.stream = bool(flow.response.stream)
        self.served += 1
        self.images.learn(turn)
        for call in turn.side_calls:
            counts = self.side_calls.setdefault(call.kind, {"asked": 0, "failed": 0})
            counts["asked"] += 1
            counts["failed"] += call.outcome != "ok"
        record.record_end(flow, turn)
        self.unknowns.turn(flow, turn)
        self.recorder.turn(flow, turn)

    def client_left(self, client_id: str) -> None:
        """Let a waiting turn see at once that its client is gone, and give its place to another."""
        for turn in self.under_way.values():
            if turn.client_id == client_id:
                turn.client_gone = True
                turn.gate.left(turn.ticket)

    async def _upstreams(self, client_key: ApiKey | None, settings: Settings) -> list[Upstream]:
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


def _read_body(flow: HTTPFlow) -> JsonObject:
    try:
        return parse_object(flow.request.get_content() or b"")
    except ValueError as error:
        words = f"The body is not JSON: {error}"
        raise errors.RequestError(words, code="invalid_json") from error
