"""From nothing to a program that runs: the ways to start, and what the terminal tells to do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from .codex import Codex, codex_on_path, glm_codex
from .proxy_process import ADDON, PROJECT, REVERSE, tool
from .test_turns import HELLO, check_hello
from .waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from codex_glm.simulator.thread import SimulatorThread

    from .conftest import StartProxy

START = [sys.executable, "-m", "codex_glm"]
NO_KEY = {"GLM_API_KEY": "", "GLM_API_BASE": "", "PYTHONPATH": str(ADDON.parent)}
WEB = ("--set", "web_port=0")
SKIP = "--skip-git-repo-check --dangerously-bypass-approvals-and-sandbox"
TEMPORARY_HOME = "warning: proceeding, even though we could not create path aliases"


@pytest.mark.parametrize(("kind", "options"), [("dump", ()), ("run", WEB)])
def test_printed_line_and_block(
    kind: str, options: tuple[str, ...], start_proxy: StartProxy, tmp_path: Path
) -> None:
    proxy = start_proxy([*REVERSE, *options], [*START, kind], environment=NO_KEY)
    assert "SIMULATOR: no GLM is asked." in proxy.output
    codex, path = Codex(tmp_path / "codex"), {"PATH": codex_on_path(tmp_path / "bin")}
    assert list(codex.work.iterdir()) == []
    line = proxy.codex_line
    assert HELLO in line
    if not codex.sandbox_works():
        line = line.replace("-s workspace-write", "-s danger-full-access")
    result = codex.run(["sh", "-c", line], path)
    assert result.code == 0, result.said
    check_hello(codex)
    assert result.stdout.startswith("[SIMULATOR] No GLM model was asked")
    assert "\nhello\n" in result.stdout
    wait_until(lambda: proxy.health()["turns_served"] == 4)
    state = proxy.health()
    assert state["simulator"]
    assert state["key"] == "none needed: the simulator answers"

    (codex.home / ".codex/config.toml").write_text(proxy.config_block)
    task = "create bye.py that prints bye and run it"
    second = codex.run(["sh", "-c", f"codex exec {SKIP} '{task}'"], path)
    assert second.code == 0, second.said
    assert (codex.work / "bye.py").read_text() == 'print("bye")\n'
    assert "warning" not in second.stderr.lower().replace(TEMPORARY_HOME, "")
    assert "violation" not in proxy.output


def test_mitmdump_by_its_relative_path(
    start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread
) -> None:
    command = [*tool("mitmdump")[:2], "addon/glm.py"]
    proxy = start_proxy(command=command, cwd=PROJECT)
    assert "  key     GLM_API_KEY in the environment" in proxy.output
    check_turn(tmp_path, proxy.base, simulator)


def test_mitmweb_opens_no_browser(
    start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread
) -> None:
    browsers, opened = tmp_path / "browsers", tmp_path / "opened"
    browsers.mkdir()
    for name in ("x-www-browser", "xdg-open", "gio", "firefox", "chromium", "www-browser"):
        (browsers / name).write_text(f"#!/bin/sh\ntouch '{opened}'\n")
        (browsers / name).chmod(0o755)
    environment = {"PATH": f"{browsers}:/usr/bin:/bin", "DISPLAY": ":0"}
    proxy = start_proxy([*REVERSE, *WEB], tool("mitmweb"), environment=environment)
    assert "  mitmweb http://127.0.0.1:" in proxy.output
    check_turn(tmp_path, proxy.base, simulator)
    assert not opened.exists()


def check_turn(folder: Path, base: str, simulator: SimulatorThread) -> None:
    result = glm_codex(folder / "codex", base).exec("run two commands in parallel")
    assert result.code == 0, result.said
    assert len(simulator.received) == 2
