"""`mitmproxy -s addon/glm.py`: the console, in a terminal of its own."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from .codex import clean_environment, glm_codex
from .conftest import GLM_KEY, glm_environment
from .proxy_process import tool
from .terminal import SECONDS, terminal

if TYPE_CHECKING:
    from pathlib import Path

    from codex_glm.simulator.thread import SimulatorThread


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_console(tmp_path: Path, simulator: SimulatorThread) -> None:
    port, config = free_port(), tmp_path / "config.yaml"
    config.write_text("web_open_browser: false\n")
    command = [*tool("mitmproxy"), "--mode", f"reverse:http://glm.invalid@127.0.0.1:{port}"]
    for option in (f"confdir={tmp_path / 'conf'}", f"glm_config={config}"):
        command += ["--set", option]
    given = {**glm_environment(simulator), "TERM": "xterm-256color"}
    with terminal(command, clean_environment(tmp_path, given)) as console:
        console.wait_for(f":{port}")
        result = glm_codex(tmp_path / "codex", f"http://127.0.0.1:{port}/v1").exec("say hello")
        assert result.code == 0, result.said
        assert len(simulator.received) == 1
        console.wait_for("/v1/responses")
        console.press("q")
        console.wait_for("Quit (")
        console.press("y")
        assert console.process.wait(SECONDS) == 0
    for wrong in (GLM_KEY, "Traceback", "codex-glm 0.", "codex exec"):
        assert wrong not in console.text, "the screen is the console's own"
