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

from codex_glm.proxy import banner, config_file, record, replies, rounds, rows, upstream, views
from codex_glm.proxy import options as addon_options
from codex_glm.proxy.api_key import HIDDEN, ApiKey, bearer_key
from codex_glm.proxy.commands import Commands
from codex_glm.proxy.follow_up import follow_up
from codex_glm.proxy.health import health
from codex_glm.proxy.live import Live
from codex_glm.proxy.memory import Memory
from codex_glm.proxy.routing import Route, route
from codex_glm.proxy.settings import Settings
from codex_glm.proxy.simulation import Simulation
from codex_glm.proxy.turns import Turns
from codex_glm.translation import errors
from codex_glm.translation.compact_endpoint import translate_compaction
from codex_glm.translation.request import translate_request

if TYPE_CHECKING:
    from mitmproxy.addonmanager import Loader
    from mitmproxy.connection import Client
    from mitmproxy.proxy.server_hooks import ServerConnectionHookData

    from codex_glm.proxy.turn import Turn
    from codex_glm.translation.wire_json import JsonObject

_log = logging.getLogger("glm")

_MASKED = ("authorization", "chatgpt-account-id", "cookie", "openai-organization", "openai-project")
"""Client headers that nobody needs to read, in the UI least of all."""


class CodexGlm:
    """Turns Codex's requests into GLM's and GLM's replies into Codex's."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.turns = Turns(simulation := Simulation())
        self._simulation = simulation
        self._memory = Memory()
        self._live = Live(self.turns)
        self._given_key: ApiKey | None = None
        self._client_keys: dict[str, ApiKey | None] = {}
        self._announcing: asyncio.Task[None] | None = None
        self._running = False
        self.addons = [Commands(lambda: self.settings.key_values, self.turns.unknowns)]

    def load(self, loader: Loader) -> None:
        """Declare the options, and set those of mitmproxy's that safety rests on."""
        addon_options.declare(loader)
        try:
            ctx.options.process_deferred()
        except (OptionsError, TypeError) as error:
            _log.error("%s", error)  # else mitmproxy leaves the addon out without a word
        # Lazy: no host is dialled before the addon has chosen one. Kept Host: the flow shows
        # where the client went, not the sink that a reverse proxy is pointed at.
        ctx.options.update(connection_strategy="lazy", keep_host_header=True)
        logging.getLogger("mitmproxy.proxy.server").setLevel(logging.WARNING)
        views.register()
        self.turns.rounds = rounds.install(self.turns.under_way)

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
        rounds.uninstall()
        self._live.stop()
        if self._announcing:
            self._announcing.cancel()
        self._simulation.stop()
        self.turns.images.describer.close()

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Take the client's key, and mask its credentials before anybody sees them."""
        if not flow.live:
            return
        self._client_keys[flow.id] = bearer_key(flow.request.headers.get("authorization", ""))
        for name in _MASKED:
            if name in flow.request.headers:
                flow.request.headers[name] = "(masked)"

    async def request(self, flow: http.HTTPFlow) -> None:
        """Answer here, or send the turn to GLM. Whatever fails, nothing goes on unmodified."""
        client_key = self._client_keys.pop(flow.id, None)
        if flow.response or not flow.live:
            return
        try:
            flow.response = rows.refusal(flow)
            if not flow.response:
                await self._serve(flow, client_key)
        except Exception:  # noqa: BLE001  # mitmproxy would send the request on unmodified
            _log.exception("a defect of the addon stopped this request")
            flow.response = replies.error_reply(errors.failure("proxy"))

    async def glm_round(self, flow: http.HTTPFlow) -> None:
        """Hold a turn back until its next round may begin."""
        if turn := self.turns.under_way.get(flow.id):
            flow.request = turn.client_request
            await follow_up(turn)
            while not turn.client_gone and not rounds.may_go(turn):
                record.record_wait(flow, turn)
                await rounds.wait_for_round(turn)
            flow.request = turn.begin_round()
            if not turn.client_gone and not turn.reply.stream.ended:
                self.turns.show_round(flow, turn)

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
            flow.response = replies.event_stream()
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
        self._client_keys.pop(flow.id, None)
        if turn := self.turns.under_way.pop(flow.id, None):
            flow.request = turn.client_request
            cause = flow.error.msg if flow.error else ""
            if not turn.reply.stream.ended:
                turn.exchange.broken = cause
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
        """Let nothing be dialled but GLM."""
        bases = [place.base for place in self.settings.failover]
        bases += [self._simulation.base_url] if self.settings.simulated else []
        if self.settings.simulator != "on":
            bases.append(self.settings.base)
        upstream.guard_connection(data, {upstream.address(base) for base in bases})

    async def _serve(self, flow: http.HTTPFlow, client_key: ApiKey | None) -> None:
        request = flow.request
        match route(request.method, request.path, request.headers):
            case Route.TURN:
                await self.turns.begin(flow, client_key, self.settings, translate_request)
            case Route.COMPACTION:
                await self.turns.begin(flow, client_key, self.settings, translate_compaction)
            case Route.MODELS:
                flow.response = replies.json_reply(self._catalog(request))
            case Route.MODEL:
                flow.response = replies.model_entry(self._catalog(request), request.path)
            case Route.HEALTH:
                turns = self.turns
                told = health(self.settings, turns.served, turns.side_calls, turns.unknowns.counts)
                flow.response = replies.json_reply(told)
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
        if ctx.options.stream_large_bodies:
            raise OptionsError("stream_large_bodies would send requests on untranslated")
        if not any(name.startswith("glm_") for name in updated):
            return
        key, option = self._given_key, ctx.options.glm_api_key
        if "glm_api_key" in updated and option != HIDDEN:
            key = addon_options.read_key(option, "option glm_api_key")
        self.settings = addon_options.read_settings(ctx.options, os.environ, key)
        rounds.RoundStream.pulse_seconds = self.settings.keepalive
        self.turns.recorder.configure(self.settings)
        self._given_key = key
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
        path = Path(chosen).expanduser() if chosen else config_file.DEFAULT_PATH
        if not chosen and not path.exists():
            return
        given = config_file.options_given(sys.argv[1:], ctx.options)
        config_file.apply_file(ctx.options, path, given, os.environ, self._take_key)
