"""GLM for the doctor: the simulator, with replies of the test's own put in front of it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

from codex_glm.simulator.engine import Engine, Request
from codex_glm.simulator.plan import load_plan
from codex_glm.simulator.scenarios import load_scenarios

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class FakeGlm:
    """Serves both GLM and whatever else answers on a port, for a `with` block."""

    def __init__(self) -> None:
        self.engine = Engine(load_scenarios(), load_plan(), 100)
        self.replies: dict[str, tuple[int, object]] = {}
        """Status and body (JSON, or bytes as they are) by the end of `METHOD path`."""
        self.answers: dict[str, Callable[[Mapping[str, str]], tuple[int, object]]] = {}
        """The same, for replies that depend on the request's headers."""
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = int(self._server.server_address[1])

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/coding/paas/v4"

    def answer(self, request: Request) -> tuple[int, Mapping[str, str], bytes]:
        line = f"{request.method} {request.path}"
        self.asked.append(line)
        given = {end: reply(request.headers) for end, reply in self.answers.items()}
        for end, (status, body) in {**self.replies, **given}.items():
            if line.endswith(end):
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                return status, {"content-type": "application/json"}, raw
        wire, _ = self.engine.answer(request)
        return wire.status, wire.headers, b"".join(wire.pieces)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        glm = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                raw = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = dict(self.headers.items())
                request = Request(self.command, self.path, headers, raw, 1)
                status, given, body = glm.answer(request)
                self.send_response(status)
                for name, value in given.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        return Handler
