"""A Codex signed in at OpenAI, through `codex-glm forward`, on a machine without a way out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from mitmproxy import http
from mitmproxy.io import FlowReader

from .codex import NO_SANDBOX, Codex, Result
from .isolation import attempts, isolated
from .logins import KINDS, SECRETS, sign_in
from .proxy_process import forward_command, surroundings
from .test_turns import HELLO, check_hello

if TYPE_CHECKING:
    from pathlib import Path

TURNS = ("/v1/responses", "/backend-api/codex/responses")

REACH_OUT = """
import socket
for kind, address in (("STREAM", "192.0.2.1"), ("DGRAM", "192.0.2.2")):
    with socket.socket(type=getattr(socket, f"SOCK_{kind}")) as one:
        one.settimeout(0.2)
        try:
            one.connect((address, 443)) if kind == "STREAM" else one.sendto(b"?", (address, 53))
        except OSError:
            pass
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
"""


def test_attempts_to_leave_are_seen(tmp_path: Path) -> None:
    codex, record = Codex(tmp_path / "codex"), tmp_path / "strace"
    result = codex.run(isolated([sys.executable, "-c", REACH_OUT], record))
    assert result.code == 0, result.said
    seen = attempts(record)
    assert [one.place for one in seen if one.leaves] == ["192.0.2.1:443", "192.0.2.2:53"]
    assert [one.place.partition(":")[0] for one in seen if not one.leaves] == ["127.0.0.1"]


def run_forward(codex: Codex, folder: Path, *task: str) -> Result:
    """Run `codex-glm forward codex exec …` there; flows go to `dump`, calls to `strace`."""
    line = [str(codex.binary), "exec", "--json", "--skip-git-repo-check", *NO_SANDBOX, *task]
    command = forward_command(folder, *line)
    return codex.run(isolated(command, folder / "strace"), surroundings(folder))


@pytest.mark.parametrize("kind", [KINDS[0], KINDS[2]])
def test_nothing_leaves_the_machine(kind: str, tmp_path: Path) -> None:
    codex = Codex(tmp_path / "codex")
    sign_in(codex, kind)
    home = codex.home / ".codex"
    (home / "models_cache.json").write_text('{"models": [], "etag": "of OpenAI\'s"}')
    before = {file.name: file.read_bytes() for file in home.iterdir()}
    result = run_forward(codex, tmp_path, HELLO)
    assert result.code == 0, result.said
    check_hello(codex)
    assert "I created `hello.py`" in result.message
    assert result.items("error") == []

    assert [one for one in attempts(tmp_path / "strace") if one.leaves] == []
    assert len({one.pid for one in attempts(tmp_path / "strace")}) > 2

    assert {name: (home / name).read_bytes() for name in before} == before
    assert not (home / "config.toml").exists()
    (history,) = (home / "sessions").rglob("*.jsonl")
    assert '"model_provider":"openai"' in history.read_text()

    check_flows(tmp_path / "dump", signed_in="ChatGPT" in kind)
    (log,) = tmp_path.glob("codex-glm-forward-*.log")
    said = (
        log.read_text() + result.stderr + (tmp_path / "dump").read_bytes().decode(errors="ignore")
    )
    assert [secret for secret in SECRETS if secret in said] == []
    assert "violation" not in log.read_text()


def check_flows(dump: Path, *, signed_in: bool) -> None:
    with dump.open("rb") as file:
        flows = [flow for flow in FlowReader(file).stream() if isinstance(flow, http.HTTPFlow)]
    asked = [flow for flow in flows if flow.request.path == TURNS[signed_in]]
    answers = [flow.response.status_code for flow in asked if flow.response]
    assert answers == [426, 200, 200, 200, 200], "one WebSocket, refused in silence"
    encodings = {flow.request.headers.get("content-encoding") for flow in asked[1:]}
    assert encodings == ({"zstd"} if signed_in else {None})
    for flow in flows:
        assert flow.response, flow.request.url
        local = flow.request.host == "127.0.0.1"
        assert local or flow.request.host.endswith(("openai.com", "chatgpt.com")), flow.request.url
        assert flow.response.status_code in (200, 202, 404, 426, 503), flow.request.url
