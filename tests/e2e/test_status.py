"""A task in the terminal interface that asks for leave, and what `/status` shows after it."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.compat.app_server import AppServer

from .checks import check_growing
from .codex import Codex, codex_on_path, forward_codex
from .logins import SECRETS, sign_in
from .proxy_process import ADDON, FORWARD
from .screen import screen
from .waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from codex_glm.simulator.thread import SimulatorThread

    from .conftest import StartProxy
    from .proxy_process import ProxyProcess

TASK = "write the note if I let you"
ANSWER = "Scripted answer: the note is written."
SET_UP = [sys.executable, "-m", "codex_glm", "codex", "--base"]
LAST_WITH_LIMITS = (0, 153)
"""Later versions show limits in `/status` to a ChatGPT login alone."""


def test_a_codex_set_up_for_the_proxy(
    proxy: ProxyProcess, tmp_path: Path, simulator: SimulatorThread
) -> None:
    codex = Codex(tmp_path / "codex")
    given = {"PATH": codex_on_path(tmp_path / "bin"), "PYTHONPATH": str(ADDON.parent)}
    result = codex.run([*SET_UP, proxy.base], given)
    assert result.code == 0, result.said
    wait_until_known(proxy)
    shown = status_after_task(codex)
    assert re.search(r"Model: +glm-5\.3 \(reasoning \w+, summaries auto\)", shown, re.IGNORECASE)
    assert "not found" not in shown, "the catalogue has the model"
    check_meter(shown)
    if version(codex) <= LAST_WITH_LIMITS:
        check_windows(shown)
    else:
        assert "Limits: data not available yet" in shown, "/status shows them again: say so"
    check_growing([one for one in simulator.received if "response_format" not in one.body])

    with AppServer(codex, {}) as server:  # what every other face of Codex gets
        thread = server.call("thread/start", cwd=str(codex.work))["thread"]["id"]
        words = [{"type": "text", "text": "say hello"}]
        server.call("turn/start", threadId=thread, input=words)
        limits = server.wait_for("account/rateLimits/updated", 0)["rateLimits"]
    for side, percent, minutes in (("primary", 42, 300), ("secondary", 17, 10080)):
        assert limits[side]["usedPercent"] == percent
        assert limits[side]["windowDurationMins"] == minutes
        assert 0 < limits[side]["resetsAt"] - time.time() <= minutes * 60


def test_a_chatgpt_login_in_forward_mode(
    start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread
) -> None:
    proxy = start_proxy(FORWARD)
    codex = forward_codex(tmp_path / "codex", proxy)
    del codex.variables["CODEX_API_KEY"]
    sign_in(codex, "ChatGPT")
    (codex.home / ".codex/config.toml").write_text('model = "gpt-5.5"\n')
    wait_until_known(proxy)
    shown = status_after_task(codex)
    assert re.search(r"Model: +gpt-5\.5 \(reasoning \w+, summaries auto\)", shown)
    check_meter(shown)
    check_windows(shown)
    assert simulator.plan_asked
    said = proxy.end()
    assert re.search(r"apply_patch .* plan 42% of 5h, 17% of week\n", said)
    saved = proxy.dump.read_bytes().decode(errors="ignore") + said
    assert [secret for secret in SECRETS if secret in saved] == []


def status_after_task(codex: Codex) -> str:
    """Do the task, let the patch pass, and give what `/status` draws."""
    with (codex.home / ".codex/config.toml").open("a") as config:
        config.write(f'\n[projects."{codex.work}"]\ntrust_level = "trusted"\n')
    known = codex.run([str(codex.binary), "--help"]).stdout
    alone = ["--no-daemon"] if "--no-daemon" in known else []  # else a server outlives the test
    careful = ["-s", "read-only", "-a", "on-request"]
    command = [str(codex.binary), *alone, *careful, *codex.overrides(), TASK]
    given = codex.environment({"TZ": "UTC"})
    with screen(codex.folder, command, given, codex.work) as codex_screen:
        codex_screen.wait_for("Would you like to make the following edits?")
        assert not (codex.work / "note.txt").exists()
        time.sleep(1)  # keys that come with the question are not taken for its answer
        codex_screen.press("y")
        codex_screen.wait_for(ANSWER)
        assert (codex.work / "note.txt").read_text() == "with leave\n"
        codex_screen.enter("/status")
        shown = codex_screen.wait_for("Context window:")
    return re.sub(r"[ │]+", " ", shown)


def wait_until_known(proxy: ProxyProcess) -> None:
    """Wait until the proxy has been told of the plan."""
    wait_until(lambda: any(plan["windows"] for plan in proxy.health()["plans"]))


def check_meter(shown: str) -> None:
    """Check that the context meter stands at a sane place of GLM's window."""
    found = re.search(r"Context window: (\d+)% left \(([\d.]+)K used / (\d+)K\)", shown)
    assert found, shown
    left, used, window = (float(each) for each in found.groups())
    assert window == 996, "95 % of 1,048,576"
    assert 1 < used < 100
    assert left >= 100 - 100 * used / window - 1


def check_windows(shown: str) -> None:
    """Check both windows: what is left of them, and when they begin anew."""
    for name, left, seconds in (("5h", 58, 9000), ("Weekly", 83, 345600)):
        found = re.search(
            rf"{name} limit: \[[█░]{{20}}\] {left}% left \(resets (\d\d:\d\d)(?: on (\d+ \w+))?\)",
            shown,
        )
        assert found, shown
        resets = datetime.now(UTC) + timedelta(seconds=seconds)  # as Codex says it
        near = [resets - timedelta(minutes=minutes) for minutes in range(30)]
        assert found[1] in [f"{each:%H:%M}" for each in near]
        if found[2]:
            assert found[2] in [f"{each.day} {each:%b}" for each in near]


def version(codex: Codex) -> tuple[int, int]:
    """Give the version of a Codex, without its last part."""
    said = subprocess.run([codex.binary, "--version"], capture_output=True, text=True, check=True)
    major, minor, *_ = said.stdout.split()[-1].split(".")
    return int(major), int(minor)
