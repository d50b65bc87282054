"""Turns of Codex: what it does on disk, and what GLM is asked."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from .checks import called, check_growing, messages, outputs, tool_names
from .codex import Codex, glm_codex

if TYPE_CHECKING:
    from pathlib import Path

    from codex_glm.simulator.thread import SimulatorThread

    from .conftest import StartProxy
    from .proxy_process import ProxyProcess

HELLO = "create hello.py that prints hello and run it"
NO_METADATA = "Model metadata for"


def check_hello(codex: Codex) -> None:
    program = codex.work / "hello.py"
    ran = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
    assert ran.stdout == "hello\n"


def test_patch_with_the_catalogue(
    start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread
) -> None:
    proxy = start_proxy()
    codex = glm_codex(tmp_path / "codex", proxy.base)
    result = codex.exec(HELLO)
    assert result.code == 0, result.said
    check_hello(codex)
    assert [i["changes"][0]["kind"] for i in result.items("file_change")] == ["add"]
    ran = result.items("command_execution")[-1]
    assert (ran["exit_code"], ran["aggregated_output"]) == (0, "hello\n")
    assert "I created `hello.py`" in result.message
    assert "hello" in result.message.rpartition("Output:")[2]
    assert NO_METADATA not in result.said
    received = simulator.received
    assert [one.body["model"] for one in received] == ["glm-5.3"] * 4
    assert "apply_patch" in tool_names(received[0])
    steps = [called(message) for message in messages(received[-1], "assistant")]
    assert steps == [["exec_command"], ["apply_patch"], ["exec_command"]]
    assert (
        "Success. Updated the following files:\nA hello.py"
        in list(outputs(received[-1]).values())[1]
    )
    check_growing(received)
    assert result.usage["input_tokens"] > result.usage["cached_input_tokens"] > 0
    assert result.usage["output_tokens"] > 0
    proxy.end()
    asked = [flow.request.path.partition("?")[0] for flow in proxy.flows()]
    assert asked == ["/v1/models", *["/v1/responses"] * 4]


def test_shell_without_the_catalogue(
    proxy: ProxyProcess, tmp_path: Path, simulator: SimulatorThread
) -> None:
    codex = glm_codex(tmp_path / "codex", proxy.base, model_catalog_url="")
    result = codex.exec(HELLO)
    assert result.code == 0, result.said
    check_hello(codex)
    assert NO_METADATA in result.said
    assert result.items("file_change") == []
    assert "apply_patch" not in tool_names(simulator.received[0])
    steps = [called(message) for message in messages(simulator.received[-1], "assistant")]
    assert steps == [["exec_command"]] * 3
    check_growing(simulator.received)


def test_parallel_calls(codex: Codex, simulator: SimulatorThread) -> None:
    result = codex.exec("run two commands in parallel")
    assert result.code == 0, result.said
    assert len(simulator.received) == 2
    after = simulator.received[1]
    (message,) = messages(after, "assistant")
    assert called(message) == ["exec_command", "exec_command"]
    first, second = (call["id"] for call in message["tool_calls"])
    said = outputs(after)
    assert list(said) == [first, second]
    assert said[first].endswith("first\n")
    assert said[second].endswith("second\n")
    commands = [item["aggregated_output"] for item in result.items("command_execution")]
    assert sorted(commands) == ["first\n", "second\n"]


def test_a_reply_whose_tokens_nobody_counted(codex: Codex) -> None:
    result = codex.exec("say it uncounted")
    assert result.code == 0, result.said
    assert "nobody counted" in result.message
