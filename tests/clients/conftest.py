"""Fixtures: one simulated GLM and one mitmdump in front of it, for all clients.

A test says which client it drives and which feature it shows: `python -m tests.clients.run` makes
the table of both.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import openai
import pytest
from codex_glm.simulator.scenarios import load_scenarios
from codex_glm.simulator.thread import SimulatorThread

from tests.e2e.checks import check_received, check_secrets
from tests.e2e.conftest import GLM_KEY, glm_environment
from tests.e2e.proxy_process import ProxyProcess

from .support import API_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

SCENARIOS = Path(__file__).with_name("scenarios.yaml")
HAS_AGENTS = sys.version_info >= (3, 13)
"""Under Python 3.12 openai-agents cannot be installed beside mitmproxy; see pyproject.toml."""

collect_ignore = [] if HAS_AGENTS else ["test_agents.py"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "client(name): the client that a test drives")
    config.addinivalue_line("markers", "feature(name): what a test shows of it")


def pytest_report_header() -> str | None:
    return None if HAS_AGENTS else "left out: tests/clients/test_agents.py needs Python 3.13"


@pytest.fixture(scope="session")
def glm() -> Iterator[SimulatorThread]:
    scenarios = [*load_scenarios(SCENARIOS), *load_scenarios()]
    with SimulatorThread(scenarios, pace=0.01) as running:  # at once, deltas would be joined
        yield running


@pytest.fixture(scope="session")
def proxy(glm: SimulatorThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    """Return a mitmdump in reverse mode; neither key nor bearer may be left anywhere."""
    folder = tmp_path_factory.mktemp("clients") / "proxy"
    with ProxyProcess(folder, environment=glm_environment(glm)) as running:
        yield running
    check_secrets(running, GLM_KEY)


@pytest.fixture(autouse=True)
def simulator(glm: SimulatorThread) -> Iterator[SimulatorThread]:
    """Return a GLM; every request that it gets must be one that GLM would accept."""
    yield glm
    received = list(glm.received)
    glm.received.clear()
    check_received(received, GLM_KEY)


@pytest.fixture
def client(proxy: ProxyProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=proxy.base, api_key=API_KEY, max_retries=0) as made:
        yield made
