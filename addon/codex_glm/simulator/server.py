"""The simulator as an HTTP server on loopback, in the running asyncio loop."""

import asyncio
import ipaddress
import itertools
import logging
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from codex_glm.simulator.engine import Engine, Received, Request
from codex_glm.simulator.plan import PATH as PLAN_PATH
from codex_glm.simulator.plan import Plan, load_plan
from codex_glm.simulator.scenarios import Scenario, load_scenarios
from codex_glm.simulator.wire import WireReply

__all__ = ["BASE_PATH", "Received", "Simulator"]

BASE_PATH = "/api/coding/paas/v4"
"""Path of GLM's coding plan endpoint; other prefixes are served too."""

_log = logging.getLogger(__name__)


class Simulator:
    """A small GLM on loopback.

    Args:
        scenarios: What it answers; by default the scenarios that ship with the package.
        pace: Seconds between two chunks of a stream.
        keep: How many received requests are remembered.
        plan: What the quota endpoint tells; by default the plan that ships with the package.

    """

    def __init__(
        self,
        scenarios: Sequence[Scenario] | None = None,
        *,
        pace: float = 0.0,
        keep: int = 200,
        plan: Plan | None = None,
    ) -> None:
        chosen = load_scenarios() if scenarios is None else scenarios
        self._engine = Engine(chosen, plan or load_plan(), keep)
        self._pace = pace
        self._server: HTTPServer | None = None

    @property
    def received(self) -> list[Received]:
        """The newest requests, oldest first."""
        return self._engine.received

    @property
    def plan_asked(self) -> list[Received]:
        """The newest requests for the account of the plan, oldest first."""
        return self._engine.plan_asked

    def set_plan(self, plan: Plan) -> None:
        """Tell another plan from now on."""
        self._engine.plan = plan

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen and return the base URL; port 0 takes a free one.

        Raises:
            ValueError: The host is no loopback address.
            OSError: The port is taken.

        """
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"the simulator listens on loopback only, not on {host}")
        sockets = bind_sockets(port, host)
        settings = {"engine": self._engine, "pace": self._pace, "connections": _Connections()}
        application = Application([(".*", _GlmHandler, settings)], log_function=_log_nothing)
        self._server = HTTPServer(application)
        self._server.add_sockets(sockets)
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{sockets[0].getsockname()[1]}{BASE_PATH}"

    async def stop(self) -> None:
        """Stop listening and close every connection; safe to call twice."""
        server, self._server = self._server, None
        if server:
            server.stop()
            await server.close_all_connections()


class _Connections:
    """Numbers TCP connections in the order of their first request."""

    def __init__(self) -> None:
        self._numbers: WeakKeyDictionary[object, int] = WeakKeyDictionary()
        self._next = itertools.count(1)

    def number(self, request: HTTPServerRequest) -> int:
        connection: object = request.server_connection
        if connection not in self._numbers:
            self._numbers[connection] = next(self._next)
        return self._numbers[connection]


class _GlmHandler(RequestHandler):
    """Hands every request to the engine and writes what it says."""

    def initialize(self, engine: Engine, pace: float, connections: _Connections) -> None:
        self._engine = engine
        self._pace = pace
        self._connections = connections

    def compute_etag(self) -> None:
        """Send no ETag: GLM sends none."""

    async def _answer(self) -> None:
        wire, line = self._engine.answer(_read_request(self.request, self._connections))
        _log.log(logging.WARNING if "violation:" in line else logging.INFO, line)
        self.set_status(wire.status)
        self.set_header("Server", "codex_glm simulator")
        for name, value in wire.headers.items():
            self.set_header(name, value)
        try:
            await self._write_pieces(wire)
        except StreamClosedError:
            _log.debug("the client left before the reply was complete")

    get = post = put = patch = delete = head = options = _answer

    async def _write_pieces(self, wire: WireReply) -> None:
        *flushed, last = wire.pieces[: wire.cut_after] or (b"",)
        for number, piece in enumerate(flushed):
            await self._wait(wire, number)
            self.write(piece)
            await self.flush()
        await self._wait(wire, len(flushed))
        if wire.cut_after is None:
            # Together with the end of the body, so that a client that stops at [DONE] can keep
            # the connection.
            await self.finish(last)
        else:
            self.write(last)
            await self.flush()
            self.detach().close()

    async def _wait(self, wire: WireReply, number: int) -> None:
        await asyncio.sleep(self._pace + (wire.stall if number == wire.stall_before else 0))


def _read_request(request: HTTPServerRequest, connections: _Connections) -> Request:
    beside = request.path == PLAN_PATH  # whenever it comes, the numbers of the turns stay
    return Request(
        method=request.method or "",
        path=request.path,
        headers=dict(request.headers.get_all()),
        raw=request.body,
        connection=0 if beside else connections.number(request),
    )


def _log_nothing(_handler: RequestHandler) -> None:
    """Take the place of Tornado's access log: the simulator writes its own line."""
