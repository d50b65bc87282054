"""A restart in the middle of a task: nothing is lost but what Codex asks again by itself."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest
from codex_glm.simulator.scenarios import load_scenarios
from codex_glm.simulator.thread import SimulatorThread

from tests.proxy.fake_upstream import WHOLE, FakeUpstream
from tests.proxy.support import turn_body

from .checks import called, messages
from .codex import Codex, glm_codex
from .conftest import SCENARIOS
from .test_turns import HELLO, check_hello
from .waiting import SECONDS, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proxy.fake_upstream import Seen

    from .codex import Result
    from .conftest import StartProxy
    from .proxy_process import ProxyProcess


@pytest.fixture(scope="module")
def glm() -> Iterator[SimulatorThread]:
    """Return a GLM that takes its time, so that a signal comes in the middle of an answer."""
    scenarios = [*load_scenarios(SCENARIOS), *load_scenarios()]
    with SimulatorThread(scenarios, pace=0.03) as running:
        yield running


def patient_codex(folder: Path, proxy: ProxyProcess) -> Codex:
    """Give a Codex with its own number of retries."""
    return glm_codex(folder, proxy.base, stream_max_retries="", request_max_retries="")


def reverse_at(port: int) -> tuple[str, str]:
    return "--mode", f"reverse:http://glm.invalid@127.0.0.1:{port}"


def restart(start_proxy: StartProxy, old: ProxyProcess) -> None:
    """End a proxy in the way of `make stop`, and start another one in its place."""
    old.signal(signal.SIGTERM)
    assert old.wait(SECONDS) == 0
    start_proxy(reverse_at(old.port))


def check_task(codex: Codex, result: Result, simulator: SimulatorThread) -> None:
    assert result.code == 0, result.said
    check_hello(codex)
    steps = [called(message) for message in messages(simulator.received[-1], "assistant")]
    assert steps == [["exec_command"], ["apply_patch"], ["exec_command"]]


def test_a_turn_under_way_ends_and_the_task_goes_on(
    start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread
) -> None:
    proxy = start_proxy()
    codex = patient_codex(tmp_path / "codex", proxy)
    with ThreadPoolExecutor() as pool:
        task = pool.submit(codex.exec, HELLO)
        wait_until(lambda: len(simulator.received) == 2)
        restart(start_proxy, proxy)
        check_task(codex, task.result(codex.seconds), simulator)
    assert "Stopping: 1 under way" in proxy.output
    assert "cut:" not in proxy.output
    assert len(simulator.received) == 4, "GLM was asked for the same turn twice"


def test_a_turn_that_is_cut_is_asked_again(
    start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread
) -> None:
    proxy = start_proxy((*reverse_at(0), "--set", "glm_stop_seconds=0"))
    codex = patient_codex(tmp_path / "codex", proxy)
    with ThreadPoolExecutor() as pool:
        task = pool.submit(codex.exec, HELLO)
        wait_until(lambda: len(simulator.received) == 2)
        restart(start_proxy, proxy)
        check_task(codex, task.result(codex.seconds), simulator)
    assert len(simulator.received) == 5, "one turn more than an undisturbed task has"


def test_codex_waits_out_a_stop(start_proxy: StartProxy, tmp_path: Path) -> None:
    """A Codex that comes while another's turn ends is sent away, and comes back."""
    answer = threading.Event()

    def hold(_: Seen) -> bytes:
        answer.wait(SECONDS)
        return WHOLE

    with FakeUpstream(hold) as slow, ThreadPoolExecutor() as pool:
        proxy = start_proxy(environment={"GLM_API_BASE": slow.base_url, "PYTHONUNBUFFERED": "1"})
        url, body = f"{proxy.base}/responses", turn_body()
        turn = pool.submit(httpx.post, url, json=body, trust_env=False, timeout=SECONDS)
        wait_until(lambda: slow.seen)
        proxy.signal(signal.SIGTERM)
        wait_until(lambda: "Stopping: 1 under way" in proxy.output)
        codex = patient_codex(tmp_path / "codex", proxy)
        late = pool.submit(codex.exec, "say hello")
        wait_until(lambda: "A new turn was sent away" in proxy.output)
        answer.set()
        assert proxy.wait(SECONDS) == 0
        assert b"response.completed" in turn.result(SECONDS).content
        start_proxy(reverse_at(proxy.port))
        result = late.result(codex.seconds)
        assert result.code == 0, result.said
