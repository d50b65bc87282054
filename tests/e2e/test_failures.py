"""What Codex is told, and does, when a turn cannot be had: it never takes a failure for success."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .codex import TOKEN_VARIABLE, glm_codex
from .conftest import GLM_KEY

if TYPE_CHECKING:
    from pathlib import Path

    from codex_glm.simulator.thread import SimulatorThread

    from .codex import Codex, Result
    from .conftest import StartProxy


def failure(result: Result) -> str:
    """Give the sentence that ended a run, which must have failed."""
    assert result.code == 1, result.said
    assert result.items("agent_message") == []
    assert result.events[-1]["type"] == "turn.failed"
    return str(result.events[-1]["error"]["message"])


def test_refused_key(codex: Codex, simulator: SimulatorThread) -> None:
    said = failure(codex.exec("simulate error 1000"))
    assert said.startswith("GLM does not accept the API key. Check GLM_API_KEY")
    assert len(simulator.received) == 1, "a refused key must not be tried again"


def test_no_key(start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread) -> None:
    proxy = start_proxy(environment={"GLM_API_KEY": ""})
    said = failure(glm_codex(tmp_path / "codex", proxy.base).exec("say hello"))
    assert said.startswith("No GLM API key is set. Set GLM_API_KEY")
    assert simulator.received == []
    proxy.end()
    turns = [flow for flow in proxy.flows() if flow.request.method == "POST"]
    assert len(turns) == 1, "a missing key must not be tried again"


def test_key_of_the_client(
    start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread
) -> None:
    proxy = start_proxy(environment={"GLM_API_KEY": ""})
    codex = glm_codex(tmp_path / "codex", proxy.base)
    result = codex.exec("say hello", environment={TOKEN_VARIABLE: GLM_KEY})
    assert result.code == 0, result.said
    assert len(simulator.received) == 1  # with this key, as the fixture checks


def test_cut_once(codex: Codex, simulator: SimulatorThread) -> None:
    result = codex.exec("simulate cut once")
    assert result.code == 0, result.said
    assert result.message == "[SIMULATOR] Scripted answer: this one is whole."
    assert "Reconnecting... 1/1" in result.said
    first, second = simulator.received
    assert first.body == second.body


def test_cut_every_time(codex: Codex, simulator: SimulatorThread) -> None:
    said = failure(codex.exec("simulate cut"))
    assert said.startswith("stream disconnected before completion")
    assert len(simulator.received) == 2, "stream_max_retries is 1"


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("sensitive", "GLM's content filter stopped the reply"),
        ("window", "Codex ran out of room in the model's context window."),
        ("length", "Incomplete response returned, reason: max_output_tokens"),
        ("error 1113", "GLM finds no balance or package for this key at this base URL."),
        ("error 1308", "The limit of the GLM plan is reached."),
    ],
)
def test_failure_that_is_not_tried_again(
    kind: str, sentence: str, codex: Codex, simulator: SimulatorThread
) -> None:
    result = codex.exec(f"simulate {kind}")
    assert result.code == 1, result.said
    assert sentence in result.events[-1]["error"]["message"]
    assert len(simulator.received) == 1


@pytest.mark.parametrize("kind", ["empty", "error 1234"])
def test_failure_that_the_proxy_tries_again(
    kind: str, codex: Codex, simulator: SimulatorThread
) -> None:
    said = failure(codex.exec(f"simulate {kind}"))
    assert "Tried 3 times in " in said
    assert len(simulator.received) == 3, "Codex must not begin all over"
    assert len({str(received.body) for received in simulator.received}) == 1
    assert simulator.received[0].body["messages"][-1]["content"] == f"simulate {kind}"
