"""The clients of Node.js, each as a run of `run.mjs`; `make test-node` drives them.

The name of this file keeps it out of `make test`, which must do without Node.js.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from tests.clients.support import (
    API_KEY,
    PICTURE,
    asked,
    check_search_kept,
    check_thinking_kept,
    pictures,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from codex_glm.simulator.thread import SimulatorThread

    from tests.e2e.proxy_process import ProxyProcess

HERE = Path(__file__).parent
SECONDS = 60
CLIENTS = {"openai": "openai, Node", "ai-sdk": "AI SDK"}


class Program:
    """One client, which shows a feature at a time."""

    def __init__(self, client: str, base: str = "") -> None:
        self._process = subprocess.Popen(
            ["node", "run.mjs", client, base],
            cwd=HERE,
            env={"PATH": os.environ["PATH"], "CLIENT_API_KEY": API_KEY, "PICTURE": PICTURE},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.features: list[str] = self._read()

    def show(self, feature: str) -> Any:
        """Let it show a feature; gives what it told, raises AssertionError where it fails."""
        assert self._process.stdin
        self._process.stdin.write(f"{feature}\n")
        self._process.stdin.flush()
        shown = self._read()
        assert "failed" not in shown, shown["failed"]
        return shown["told"]

    def _read(self) -> Any:
        """Read one line; a program that hangs is killed, which ends its output."""
        assert self._process.stdout
        watch = threading.Timer(SECONDS, self._process.kill)
        watch.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watch.cancel()
        assert line, "the program ended or hung; what it said stands above"
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()


def features_of(client: str) -> list[str]:
    """Name what a client can show."""
    with Program(client) as program:
        return program.features


def check_image(simulator: SimulatorThread, _told: object) -> None:
    assert [pictures(body) for body in asked(simulator)] == [[PICTURE]]


def check_thinking(simulator: SimulatorThread, told: object) -> None:
    assert asked(simulator)[-1]["messages"][1]["reasoning_content"] == told


def check_choice(simulator: SimulatorThread, _told: object) -> None:
    named = {"type": "function", "function": {"name": "get_weather"}}
    assert asked(simulator)[0]["tool_choice"] == named


def check_refusal(simulator: SimulatorThread, _told: object) -> None:
    assert simulator.received == []


SEEN_BY_GLM: dict[str, Callable[[SimulatorThread, Any], None]] = {
    "tool loop": lambda simulator, _told: check_thinking_kept(simulator),
    "tool loop, streamed": lambda simulator, _told: check_thinking_kept(simulator),
    "web search": lambda simulator, _told: check_search_kept(simulator),
    "image": check_image,
    "thinking, shown and passed back": check_thinking,
    "choice of tools": check_choice,
    "state is refused": check_refusal,
}
"""What GLM must have got, besides what the program checks by itself."""


def _cases() -> list[Any]:
    return [
        pytest.param(
            client,
            feature,
            marks=[pytest.mark.client(name), pytest.mark.feature(feature)],
            id=f"{client}-{feature}",
        )
        for client, name in CLIENTS.items()
        for feature in features_of(client)
    ]


@pytest.fixture(scope="module")
def programs(proxy: ProxyProcess) -> Iterator[dict[str, Program]]:
    with ExitStack() as stack:
        yield {each: stack.enter_context(Program(each, proxy.base)) for each in CLIENTS}


@pytest.mark.parametrize(("client", "feature"), _cases())
def test_program(
    programs: dict[str, Program], simulator: SimulatorThread, client: str, feature: str
) -> None:
    told = programs[client].show(feature)
    if check := SEEN_BY_GLM.get(feature):
        check(simulator, told)
