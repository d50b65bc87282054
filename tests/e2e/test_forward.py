"""Codex with its own provider and settings, which takes the proxy for OpenAI."""

from __future__ import annotations

import shlex
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from .checks import outputs
from .codex import OPENAI_KEY, Codex, codex_on_path, forward_codex
from .logins import KINDS, SECRETS, sign_in
from .proxy_process import FORWARD, forward_command, surroundings
from .terminal import terminal
from .test_turns import HELLO, check_hello

if TYPE_CHECKING:
    from pathlib import Path

    from codex_glm.simulator.thread import SimulatorThread

    from .conftest import StartProxy

TURNS = {"API key": "/v1/responses", "ChatGPT": "/backend-api/codex/responses"}
ASIDE = {
    "/otlp/v1/metrics": 200,
    "/backend-api/codex/models": 200,
    "/backend-api/ps/mcp": (200, 202),
}


@pytest.mark.parametrize("kind", KINDS[:2])
def test_unmodified_provider(
    kind: str, start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread
) -> None:
    proxy = start_proxy(FORWARD)
    codex = forward_codex(tmp_path / "codex", proxy)
    del codex.variables["CODEX_API_KEY"]
    sign_in(codex, kind)
    result = codex.exec(HELLO)
    assert result.code == 0, result.said
    check_hello(codex)
    assert "I created `hello.py`" in result.message
    assert result.items("error") == []
    assert [one.body["model"] for one in simulator.received] == ["glm-5.3"] * 4
    assert not [s for s in SECRETS for one in simulator.received if s.encode() in one.raw]
    assert "gpt-5.5 → glm-5.3" in proxy.end()

    flows = proxy.flows()
    turns = [flow for flow in flows if flow.request.path == TURNS[kind]]
    answers = [flow.response.status_code for flow in turns if flow.response]
    assert answers == [426, 200, 200, 200, 200]
    assert turns[0].request.headers["upgrade"] == "websocket"
    dialled = {flow.server_conn.peername for flow in flows} - {None}
    assert dialled == {("127.0.0.1", urlsplit(simulator.base_url).port)}
    for flow in flows:
        assert flow.request.host.endswith(("openai.com", "chatgpt.com")), flow.request.url
        assert flow.response, flow.error
        if flow not in turns and flow.response.status_code >= 300:
            assert flow.response.json()["error"]["code"] == "not_found", flow.request.url
    saved = proxy.dump.read_bytes().decode(errors="ignore") + proxy.output
    assert [secret for secret in SECRETS if secret in saved] == []


def test_commands_of_codex_keep_their_own_way_out(
    start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread
) -> None:
    """The line is run as it is printed, but for its task and sandbox, in an empty folder."""
    proxy = start_proxy(FORWARD)
    line = next(one for one in proxy.output.splitlines() if one.startswith("HTTPS_PROXY="))
    words = shlex.split(line)
    assert words[-1] == HELLO
    task = [*words[:-1], "--dangerously-bypass-approvals-and-sandbox", "show your way out"]
    task = [word for word in task if word not in ("-s", "workspace-write")]
    codex = Codex(tmp_path / "codex", variables={"CODEX_API_KEY": OPENAI_KEY})
    result = codex.run(["env", *task], {"PATH": codex_on_path(tmp_path / "bin")})
    assert result.code == 0, result.said
    (printed,) = outputs(simulator.received[-1]).values()
    assert printed.rstrip().endswith("way=[] direct=[]")


def test_terminal_interface(tmp_path: Path) -> None:
    """A server in the background would outlive the proxy, and serve others by its environment."""
    codex = Codex(tmp_path / "codex")
    sign_in(codex, "ChatGPT")
    home = codex.home / ".codex"
    (home / "config.toml").write_text(f'[projects."{codex.work}"]\ntrust_level = "trusted"\n')
    environment = codex.environment({"TERM": "xterm-256color", **surroundings(tmp_path)})
    options = ["-s", "danger-full-access", "-a", "never"]
    command = forward_command(tmp_path, str(codex.binary), *options, HELLO)
    with terminal(command, environment, codex.work) as screen:
        screen.wait_for("Worked for")
        check_hello(codex)
        for _ in range(20):  # the first leaves what stands in the terminal
            screen.press("\x03")
            with suppress(subprocess.TimeoutExpired):
                screen.process.wait(1)
                break
        assert screen.process.returncode == 0
    assert not list(home.glob("packages/app-server-daemon*"))
    assert not (home / "models_cache.json").exists()
    (log,) = tmp_path.glob("codex-glm-forward-*.log")
    assert "violation" not in log.read_text()


def test_openai_base_url(
    start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread
) -> None:
    proxy = start_proxy()
    codex = Codex(
        tmp_path / "codex",
        {"openai_base_url": f'"{proxy.base}"', "model": '"glm-5.3"'},
        variables={"CODEX_API_KEY": OPENAI_KEY},
    )
    result = codex.exec(HELLO)
    assert result.code == 0, result.said
    check_hello(codex)
    assert len(simulator.received) == 4
