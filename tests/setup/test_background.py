"""The proxy in the background, with a small server in the place of the proxy."""

from __future__ import annotations

import json
import socket
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Sandbox

SERVER = """
import http.server, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}')

print("arguments:", sys.argv[1:], flush=True)
if "fail" in sys.argv:
    sys.exit("cannot listen")
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


@pytest.fixture
def ready(sandbox: Sandbox) -> Iterator[Sandbox]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    package = sandbox.home / "package"
    (package / "codex_glm/proxy").mkdir(parents=True)
    for name in ("__init__.py", "proxy/__init__.py"):
        (package / "codex_glm" / name).touch()
    (package / "codex_glm/proxy/start.py").write_text(SERVER)
    python = f'PYTHONPATH="{package}" exec "{sys.executable}" "$@"'
    sandbox.script(sandbox.project / ".venv/bin/python", python)
    sandbox.environment |= {"PORT": str(port), "HEALTH": f"http://127.0.0.1:{port}/health"}
    yield sandbox
    sandbox.run("background", "stop")


def test_start_and_stop(ready: Sandbox) -> None:
    started = ready.run("background", "start", "web", "--option")
    assert started.returncode == 0, started.stderr
    pid = (ready.project / ".codex-glm.pid").read_text().strip()
    assert f"Running as process {pid}" in started.stdout
    assert json.loads(started.stdout[started.stdout.index("{") :]) == {"status": "ok"}

    again = ready.run("background", "start", "web")
    assert again.returncode == 1
    assert f"running already, as process {pid}" in again.stderr

    assert "arguments: ['web', '--option']" in ready.run("background", "logs").stdout
    assert ready.run("background", "stop").stdout == "Stopped.\n"
    assert not (ready.project / ".codex-glm.pid").exists()
    assert ready.run("background", "stop").stdout == "It is not running.\n"


def test_a_start_that_fails_shows_the_log(ready: Sandbox) -> None:
    result = ready.run("background", "start", "fail")
    assert result.returncode == 1
    assert "cannot listen" in result.stderr
    assert not (ready.project / ".codex-glm.pid").exists()


def test_the_pid_of_another_program_is_left_alone(ready: Sandbox) -> None:
    (ready.project / ".codex-glm.pid").write_text("1\n")
    assert ready.run("background", "stop").stdout == "It is not running.\n"
    assert not (ready.project / ".codex-glm.pid").exists()


def test_no_log_yet(ready: Sandbox) -> None:
    result = ready.run("background", "logs")
    assert result.returncode == 1
    assert "make start" in result.stderr
