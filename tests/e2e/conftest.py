"""Fixtures: a GLM simulator, proxies that lead to it, and what must hold after every test."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from codex_glm.simulator.scenarios import load_scenarios
from codex_glm.simulator.thread import SimulatorThread

from .checks import check_plan_asked, check_received, check_secrets
from .codex import NOTHING, Codex, glm_codex
from .proxy_process import REVERSE, ProxyProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SCENARIOS = Path(__file__).with_name("scenarios.yaml")
GLM_KEY = "0123456789abcdef0123456789abcdef.SecretOfTheTests"


class StartProxy(Protocol):
    """Starts a proxy that leads to the simulator and ends with the test."""

    def __call__(
        self,
        arguments: Sequence[str] = REVERSE,
        command: Sequence[str] = (),
        cwd: Path | None = None,
        environment: Mapping[str, str] = NOTHING,
    ) -> ProxyProcess: ...


@pytest.fixture(scope="module")
def glm() -> Iterator[SimulatorThread]:
    """Return the GLM of a file's tests; they take it as `simulator`."""
    with SimulatorThread([*load_scenarios(SCENARIOS), *load_scenarios()]) as running:
        yield running


@pytest.fixture(autouse=True)
def simulator(glm: SimulatorThread) -> Iterator[SimulatorThread]:
    """Return a GLM; every request that it gets must be one that GLM would accept."""
    yield glm
    received, plan_asked = list(glm.received), list(glm.plan_asked)
    glm.received.clear()
    glm.plan_asked.clear()
    check_received(received, GLM_KEY)
    check_plan_asked(plan_asked, GLM_KEY)


@pytest.fixture
def start_proxy(glm: SimulatorThread, tmp_path: Path) -> Iterator[StartProxy]:
    """Return a starter of proxies; none of them may show a secret anywhere."""
    proxies: list[ProxyProcess] = []
    with ExitStack() as stack:

        def start(
            arguments: Sequence[str] = REVERSE,
            command: Sequence[str] = (),
            cwd: Path | None = None,
            environment: Mapping[str, str] = NOTHING,
        ) -> ProxyProcess:
            folder = tmp_path / f"proxy{len(proxies)}"
            given = {**glm_environment(glm), **environment}
            proxy = ProxyProcess(folder, arguments, command, cwd, given)
            proxies.append(stack.enter_context(proxy))
            return proxy

        yield start
    for proxy in proxies:
        check_secrets(proxy, GLM_KEY)


@pytest.fixture(scope="module")
def proxy(glm: SimulatorThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    """Return a mitmdump in reverse mode, with a key: one for all tests of a file, to save time."""
    folder = tmp_path_factory.mktemp("shared") / "proxy"
    with ProxyProcess(folder, environment=glm_environment(glm)) as running:
        yield running
    check_secrets(running, GLM_KEY)


@pytest.fixture
def codex(proxy: ProxyProcess, tmp_path: Path) -> Codex:
    """Return a Codex whose provider is the proxy, with its catalogue."""
    return glm_codex(tmp_path / "codex", proxy.base)


def glm_environment(glm: SimulatorThread) -> dict[str, str]:
    """Give the environment that leads a proxy to the simulator."""
    return {"GLM_API_BASE": glm.base_url, "GLM_API_KEY": GLM_KEY}
