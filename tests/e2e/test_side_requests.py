"""What Codex asks beside the conversation: told apart, and answered by the small model."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from .codex import NO_SANDBOX, glm_codex
from .proxy_process import REVERSE
from .terminal import terminal
from .waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from codex_glm.simulator.thread import SimulatorThread

    from .conftest import StartProxy
    from .proxy_process import ProxyProcess

SMALL = "glm-5.3-flash"
SMALL_OPTION = ("--set", f"glm_small_model={SMALL}")
"""To the proxy the simulator is a base of which nobody knows what it serves."""


def test_a_title_in_the_terminal_interface(
    start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread
) -> None:
    proxy = start_proxy([*REVERSE, *SMALL_OPTION])
    codex = glm_codex(tmp_path / "codex", proxy.base)
    trust = f'[projects."{codex.work}"]\ntrust_level = "trusted"\n'
    (codex.home / ".codex/config.toml").write_text(trust)
    options = ["--no-daemon", *NO_SANDBOX, *codex.overrides()]
    command = [str(codex.binary), *options, "run two commands"]
    environment = codex.environment({"TERM": "xterm-256color"})
    with terminal(command, environment, codex.work) as screen:
        screen.wait_for("Worked for")
        wait_until(lambda: SMALL in [one.body["model"] for one in simulator.received])
        wait_until(lambda: proxy.health()["turns_served"] == len(simulator.received))
    asked = {one.body["model"]: one.body for one in simulator.received}
    assert set(asked) == {"glm-5.3", SMALL}
    assert asked[SMALL]["reasoning_effort"] == "low"
    assert asked[SMALL]["response_format"] == {"type": "json_object"}
    assert asked["glm-5.3"]["reasoning_effort"] == "max"
    assert kinds(proxy) == {("title", SMALL), ("turn", "glm-5.3")}
    assert f"glm-5.3 → {SMALL}  title  " in proxy.output


@pytest.mark.parametrize(
    ("options", "model"), [((), SMALL), (("--set", "glm_side_model=review=asked"), "glm-5.3")]
)
def test_a_review(
    start_proxy: StartProxy,
    tmp_path: Path,
    simulator: SimulatorThread,
    options: tuple[str, ...],
    model: str,
) -> None:
    proxy = start_proxy([*REVERSE, *SMALL_OPTION, *options])
    codex = glm_codex(tmp_path / "codex", proxy.base)
    subprocess.run(["git", "init", "-q", codex.work], check=True)
    (codex.work / "new.py").write_text("print(1 / 0)\n")
    result = codex.exec("review", "--uncommitted")
    assert result.code == 0, result.said
    assert [one.body["model"] for one in simulator.received] == [model]
    assert kinds(proxy) == {("review", model)}


def kinds(proxy: ProxyProcess) -> set[tuple[str, str]]:
    """Give kind and model of the turns of a proxy, which is thereby ended."""
    proxy.end()
    kept = [flow.metadata["glm"] for flow in proxy.flows() if "glm" in flow.metadata]
    return {(one["kind"], one["model"]) for one in kept}
