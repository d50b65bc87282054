"""The addon: hooks that guard and delegate."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mitmproxy import ctx, http
from mitmproxy.exceptions import OptionsError
from mitmproxy.flow import Error

from codex_glm.commands.places import settings_file
from codex_glm.proxy import replies
from codex_glm.proxy.config import config_file, guards
from codex_glm.proxy.config import options as addon_options
from codex_glm.proxy.config.api_key import FROM_OPTION, HIDDEN
from codex_glm.proxy.config.settings import Settings
from codex_glm.proxy.entry.door import Door
from codex_glm.proxy.entry.log_mask import LogMask
from codex_glm.proxy.health import health
from codex_glm.proxy.inside_mitmproxy import rounds
from codex_glm.proxy.inside_mitmproxy.parsing import Parsing
from codex_glm.proxy.keeper import Keeper
from codex_glm.proxy.launch import banner
from codex_glm.proxy.launch.simulation import Simulation
from codex_glm.proxy.routing import Route, route
from codex_glm.proxy.shown import record, rows, views
from codex_glm.proxy.shown.commands import Commands
from codex_glm.proxy.shown.live import Live
from codex_glm.proxy.shown.memory import Memory
from codex_glm.proxy.stopping import Stopping
from codex_glm.proxy.turns import upstream, waiting
from codex_glm.proxy.turns.follow_up import follow_up
from codex_glm.proxy.turns.plan_limits import PlanWatch
from codex_glm.proxy.turns.under_way import Turns
from codex_glm.translation import errors
from codex_glm.translation.request.compact_endpoint import translate_compaction
from codex_glm.translation.request.translate import translate_request

if TYPE_CHECKING:
    from mitmproxy.addonmanager import Loader
    from mitmproxy.connection import Client
    from mitmproxy.proxy.server_hooks import ServerConnectionHookData

    from codex_glm.proxy.config.api_key import ApiKey
    from codex_glm.proxy.entry.door import Admitted
    from codex_glm.proxy.turns.turn import Turn
    from codex_glm.translation.wire.wire_json import JsonObject

_log = logging.getLogger("glm")


class CodexGlm:
    """Turns Codex's requests into GLM's and GLM's replies into Codex's."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.turns = Turns(simulation := Simulation())
        self._simulation = simulation
        self._memory = Memory()
        self._live = Live(self.turns)
        self._given_key: ApiKey | None = None
        self._keeper = Keeper()
        self._announcing: asyncio.Task[None] | None = None
        self._running = False
        self.stopping = Stopping(lambda: self.settings.stop_seconds)
        commands = Commands(lambda: self.settings.key_values, self.turns.unknowns)
        self._door = Door(lambda: self.settings)
        plan_watch = PlanWatch(self.turns, lambda: self.settings)
        self.addons = [self._door, self.stopping, commands, plan_watch, Parsing()]
        self._log_mask = LogMask(lambda: {*self.settings.key_values, *self.turns.key_values})

    def load(self, loader: Loader) -> None:
        """Declare the options, and set those of mitmproxy's that safety rests on."""
        self._log_mask.install()
        addon_options.declare(loader)
        try:
            ctx.options.process_deferred()
            self._keeper = Keeper.of(ctx.master.addons)  # mitmproxy then does the same again
            self._given_key = addon_options.read_key(self._keeper.key, FROM_OPTION)
        except (OptionsError, TypeError) as error:
            _log.error("%s", error)  # else mitmproxy leaves the addon out without a word
        guards.set_options(ctx.options)
        logging.getLogger("mitmproxy.proxy.server").setLevel(logging.WARNING)
        views.register()
        self.turns.rounds = rounds.install(self.turns)

    def configure(self, updated: set[str]) -> None:
        """Read the settings anew; a bad value stops the start, or is rolled back later."""
        try:
            self._read_options(updated)
        except OptionsError as error:
            if self._running:
                raise
            _log.error("%s", error)  # during the start, mitmproxy exits on a logged error

    def running(self) -> None:
        """Apply the settings file and say what is served where."""
        self._running = True
        view = ctx.master.addons.get("view")
        self._memory.watch(view)
        self._live.start(view)
        try:
            self._apply_config_file()
        except config_file.ConfigError as error:
            _log.error("%s", error)
            return
        self._announcing = asyncio.ensure_future(banner.announce(self.settings, self._simulation))

    def done(self) -> None:
        """Stop what the addon started."""
        self._keeper.ready = False
        rounds.uninstall()
        self.turns.release()
        self._live.stop()
        if self._announcing:
            self._announcing.cancel()
        self._simulation.stop()
        self._log_mask.uninstall()
        self.turns.images.describer.close()

    async def request(self, flow: http.HTTPFlow) -> None:
        """Answer here, or send the turn to GLM. Whatever fails, nothing goes on unmodified."""
        if flow.response or not flow.live:
            return
        if not self._keeper.ready:
            flow.response = replies.error_reply(errors.failure("settings"))
            return
        if not self._door.knows(flow):  # the code was changed between its head and its body
            flow.response = replies.come_back()
            return
        try:
            admitted = self._door.take(flow)
            flow.response = rows.refusal(flow)
            if not flow.response:
                await self._serve(flow, admitted)
        except Exception:  # noqa: BLE001  # mitmproxy would send the request on unmodified
            _log.exception("a defect of the addon stopped this request")
            flow.response = replies.error_reply(errors.failure("proxy"))

    async def glm_round(self, flow: http.HTTPFlow) -> None:
        """Hold a turn back until its next round may begin."""
        if turn := self.turns.under_way.get(flow.id):
            flow.request = turn.client_request
            await follow_up(turn, self.turns.noting(turn.side_calls))
            while not turn.client_gone and not waiting.may_go(turn):
                record.record_wait(flow, turn)
                await waiting.wait_for_round(turn, self.settings.keepalive)
            flow.request = turn.chat_request()
            self.turns.begin_round(flow, turn)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Put the client's request back, and stream GLM's reply through the translator."""
        turn = self.turns.under_way.get(flow.id)
        if not turn or not flow.response:
            return
        flow.request = turn.client_request
        self.turns.rows.answered(flow)
        turn.exchange.status = flow.response.status_code
        encoded = flow.response.headers.get("content-encoding", "identity") != "identity"
        if turn.exchange.status == 200:
            turn.accepted()
        if turn.exchange.status == 200 and turn.context.stream and not encoded:
            begun = flow.response.timestamp_start
            flow.response = turn.response()
            flow.response.timestamp_start = begun
            flow.response.stream = turn.relay

    def response(self, flow: http.HTTPFlow) -> None:
        """Record the turn; translate its reply first where no round has done so."""
        turn = self.turns.under_way.pop(flow.id, None)
        if turn and flow.response:
            self._end(flow, flow.response, turn)
        self._keep(flow)

    def _end(self, flow: http.HTTPFlow, response: http.Response, turn: Turn) -> None:
        if not turn.reply.stream.ended:
            turn.take_whole(turn.exchange.status, response.get_content(strict=False) or b"")
            flow.response = turn.response()
        record.record_body(flow, turn)
        self.turns.end(flow, turn)

    def error(self, flow: http.HTTPFlow) -> None:
        """Record a turn whose client left, or that mitmproxy ended."""
        if turn := self.turns.under_way.pop(flow.id, None):
            flow.request = turn.client_request
            cause = flow.error.msg if flow.error else ""
            if not turn.reply.stream.ended:
                turn.exchange.broken = cause
                turn.stopped = not flow.client_conn.connected
            elif cause != Error.KILLED_MESSAGE:
                flow.error = None  # Codex leaves with its last event; GLM may have more to send
            turn.abandon(cause)
            record.record_body(flow, turn)
            self.turns.end(flow, turn)
        self._keep(flow)

    def client_disconnected(self, client: Client) -> None:
        """Let a waiting turn see at once that its client is gone."""
        self.turns.client_left(client.id)

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """Let nothing be dialled but GLM, and in forward mode what the user names."""
        simulated = [self._simulation.base_url] if self.settings.simulated else []
        bases = [*self.settings.bases, *simulated]
        tunnels = self.settings.allowed_hosts
        upstream.guard_connection(data, {upstream.address(base) for base in bases}, tunnels)

    async def _serve(self, flow: http.HTTPFlow, admitted: Admitted) -> None:
        request = flow.request
        match route(request.method, request.path, admitted.headers):
            case Route.TURN:
                await self.turns.begin(flow, admitted, self.settings, translate_request)
            case Route.COMPACTION:
                await self.turns.begin(flow, admitted, self.settings, translate_compaction)
            case Route.MODELS:
                flow.response = replies.json_reply(self._catalog(request))
            case Route.MODEL:
                flow.response = replies.model_entry(self._catalog(request), request.path)
            case Route.HEALTH:
                flow.response = replies.json_reply(health(self.settings, self.turns))
            case refused:
                flow.response = replies.refusal(refused, request.method, request.path)

    def _keep(self, flow: http.HTTPFlow) -> None:
        """Count what this flow holds, and GLM's rows of it."""
        if flow.live:
            for one in (*self.turns.rows.take_ended(flow), flow):
                self._memory.take(one)

    def _catalog(self, request: http.Request) -> JsonObject:
        return self.settings.catalog(request.query.get("client_version", ""))

    def _read_options(self, updated: set[str]) -> None:
        if not any(name.startswith("glm_") for name in updated):
            if updated & guards.CHECKED:  # others change them too; what is wrong is said once
                guards.check_options(ctx.options, self.settings.bases)
            return
        key, option = self._given_key, ctx.options.glm_api_key
        if "glm_api_key" in updated and option != HIDDEN:
            key = addon_options.read_key(option, FROM_OPTION)
        settings = addon_options.read_settings(ctx.options, os.environ, key)
        guards.check_options(ctx.options, settings.bases)
        self.settings = settings
        rounds.RoundStream.pulse_seconds = self.settings.keepalive
        rounds.RoundStream.fast = self.settings.fast_lane
        self.turns.recorder.configure(self.settings)
        self._given_key = key
        self._keeper.keep(key)
        self._keeper.ready = True
        self.turns.rows.wanted = self.settings.rows
        self._memory.limit = self.settings.keep_bytes
        if option not in ("", HIDDEN):
            ctx.options.update(glm_api_key=HIDDEN if key else "")

    def _take_key(self, value: str, source: str) -> None:
        self._given_key = addon_options.read_key(value, source)
        ctx.options.update(glm_api_key=HIDDEN if self._given_key else "")

    def _apply_config_file(self) -> None:
        deferred = sorted(ctx.options.deferred)
        unknown = [n for n in deferred if not config_file.is_of_other_tool(n, ctx.options)]
        if unknown:
            raise config_file.ConfigError(f"unknown option {', '.join(unknown)}")
        chosen = ctx.options.glm_config
        path = Path(chosen).expanduser() if chosen else settings_file(os.environ)
        if not chosen and not path.exists():
            return
        given = config_file.options_given(sys.argv[1:], ctx.options)
        config_file.apply_file(ctx.options, path, given, os.environ, self._take_key)
