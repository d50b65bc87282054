"""The proxy in the background, with a small server in the place of the proxy."""

from __future__ import annotations

import json
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from .conftest import SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Sandbox

SERVER = """
import http.server, os, signal, sys, threading, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}')

if sys.argv[1] == "health":
    from urllib.request import urlopen

    try:
        answer = urlopen(sys.argv[sys.argv.index("--url") + 1]).read().decode()
    except OSError:
        sys.exit(1)
    sys.exit(print("" if "--quiet" in sys.argv else answer))
print("arguments:", sys.argv[1:], flush=True)
if "fail" in sys.argv:
    sys.exit("cannot listen")
if "busy" in sys.argv:  # a turn under way, which ends when the test says so
    def end():
        while not os.path.exists(os.environ["HOME"] + "/ended"):
            time.sleep(0.05)
        os._exit(0)

    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=end).start())
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
"""In the place of `codex-glm`: its `health`, and else a proxy."""


@pytest.fixture
def ready(sandbox: Sandbox) -> Iterator[Sandbox]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sandbox.script(sandbox.project / ".venv/bin/python", f'exec "{sys.executable}" "$@"')
    server = sandbox.home / "codex-glm.py"
    server.write_text(SERVER)
    command = f'exec "{sys.executable}" "{server}" "$@"'
    sandbox.script(sandbox.project / ".venv/bin/codex-glm", command)
    sandbox.environment |= {"PORT": str(port), "HEALTH": f"http://127.0.0.1:{port}/health"}
    yield sandbox
    sandbox.run("background", "stop")


def test_start_and_stop(ready: Sandbox) -> None:
    started = ready.run("background", "start", "run", "--option")
    assert started.returncode == 0, started.stderr
    pid = (ready.project / ".codex-glm.pid").read_text().strip()
    assert f"Running as process {pid}" in started.stdout
    assert json.loads(started.stdout[started.stdout.index("{") :]) == {"status": "ok"}

    again = ready.run("background", "start", "run")
    assert again.returncode == 1
    assert f"running already, as process {pid}" in again.stderr

    assert "arguments: ['run', '--option']" in ready.run("background", "logs").stdout
    assert ready.run("background", "stop").stdout == "Stopped.\n"
    assert not (ready.project / ".codex-glm.pid").exists()
    assert ready.run("background", "stop").stdout == "It is not running.\n"


@pytest.mark.parametrize("option", [["--config", "mine.yaml"], ["--config=mine.yaml"]])
def test_the_health_is_that_of_the_chosen_settings_file(ready: Sandbox, option: list[str]) -> None:
    command = ready.project / ".venv/bin/codex-glm"
    told = 'case "$*" in health*) echo "$*" >>"$HOME/asked" ;; esac\n'
    command.write_text(command.read_text().replace("exec", f"{told}exec", 1))
    started = ready.run("background", "start", "run", *option)
    assert started.returncode == 0, started.stderr
    asked = (ready.home / "asked").read_text().splitlines()
    assert all(
        line.endswith(("--config mine.yaml", "--config mine.yaml --quiet")) for line in asked
    )


def test_a_moved_proxy_has_to_say_where_it_listens(ready: Sandbox) -> None:
    del ready.environment["HEALTH"]
    ready.script("sleep", ":")  # it looks a hundred times, which takes long enough
    started = ready.run("background", "start", "run", "--set", "listen_port=1")
    assert started.returncode == 1
    assert "It did not start" in started.stderr


@pytest.mark.parametrize("option", ["-q", "--quiet", "--set=termlog_verbosity=error"])
def test_a_moved_proxy_is_not_to_be_quiet(ready: Sandbox, option: str) -> None:
    started = ready.run("background", "start", "dump", option, "-p", "1")
    assert started.returncode == 1
    assert f"leave {option} out" in started.stderr
    assert not (ready.project / ".codex-glm.log").exists()
    assert ready.run("background", "start", "dump", option).returncode == 0


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (["dump", "-p", "1"], ["dump", "--set", "termlog_verbosity=info", "-p", "1"]),
        (
            ["run", "--set", "listen_host=::1"],
            ["run", "--set", "termlog_verbosity=info", "--set", "listen_host=::1"],
        ),
        (["forward"], ["forward", "--set", "termlog_verbosity=info"]),
        (["forward", "--set=termlog_verbosity=warn"], ["forward", "--set=termlog_verbosity=warn"]),
    ],
)
def test_a_moved_proxy_is_heard_whatever_the_settings_file_says(
    ready: Sandbox, start: list[str], told: list[str]
) -> None:
    assert ready.run("background", "start", *start).returncode == 0
    assert f"arguments: {told}" in ready.run("background", "logs").stdout


@pytest.mark.parametrize(
    ("banner", "start"),
    [
        ("  Codex   {}/v1", ["run", "--set", "listen_port=1"]),
        ("  forward {}", ["dump", "--mode", "regular"]),
        ("  forward {}", ["forward"]),
    ],
)
def test_the_health_is_that_of_the_port_that_the_proxy_names(
    ready: Sandbox, banner: str, start: list[str]
) -> None:
    health = ready.environment.pop("HEALTH")
    command = ready.project / ".venv/bin/codex-glm"
    named = f"echo '{banner.format(health.removesuffix('/health'))}'\n"
    command.write_text(command.read_text().replace("exec", f"{named}exec", 1))
    asked = 'case "$*" in *--url*) ;; health*) exit 1 ;; esac\n'
    command.write_text(command.read_text().replace("echo", f"{asked}echo", 1))
    started = ready.run("background", "start", *start)
    assert started.returncode == 0, started.stderr
    assert ready.run("background", "health").returncode == 0


def test_a_stop_waits_for_turns_under_way(ready: Sandbox) -> None:
    assert ready.run("background", "start", "busy").returncode == 0
    stopping = ready.start("background", "stop")
    assert stopping.stdout
    assert "Turns under way may finish" in stopping.stdout.readline()
    (ready.home / "ended").touch()
    stopped, _ = stopping.communicate(timeout=SECONDS)
    assert stopped == "Stopped.\n"


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
