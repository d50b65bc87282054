"""Fixtures: a mitmweb with the addon before a slow simulator, and a browser on its page."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from codex_glm.simulator.scenarios import load_scenarios
from codex_glm.simulator.thread import SimulatorThread

from tests.e2e.checks import check_received
from tests.e2e.conftest import GLM_KEY, glm_environment
from tests.e2e.proxy_process import REVERSE, SECONDS, ProxyProcess, tool

from .browser import Browser, NoBrowserError

if TYPE_CHECKING:
    from collections.abc import Iterator

SCENARIOS = Path(__file__).with_name("scenarios.yaml")
SECONDS_A_CHUNK = 0.03
COLUMNS = ("icon", "path", "comment", "method", "status", "size", "time")


def free_port() -> int:
    """Give a port for the page: mitmweb does not tell which one it has taken by itself."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class WebProxy(ProxyProcess):
    """A mitmweb, with its page and its commands."""

    def __init__(self, folder: Path, glm: SimulatorThread) -> None:
        options = [f"web_port={free_port()}", *(f"web_columns={name}" for name in COLUMNS)]
        sets = [part for option in options for part in ("--set", option)]
        super().__init__(
            folder, [*REVERSE, *sets], tool("mitmweb"), environment=glm_environment(glm)
        )

    @property
    def page(self) -> str:
        """The address of the page, with its token."""
        found = re.search(r"http://127\.0\.0\.1:\d+/\?token=\w+", self.output)
        assert found, self.output
        return found[0]

    def command(self, name: str, *arguments: str) -> object:
        """Run a command of mitmproxy's, as the page's command bar does."""
        address, _, token = self.page.partition("?token=")
        headers = {"authorization": f"Bearer {token}", "x-xsrftoken": "x"}
        reply = httpx.post(
            f"{address}commands/{name}",
            json={"arguments": arguments},
            headers=headers | {"cookie": "_mitmproxy_xsrf=x"},
            trust_env=False,
            timeout=SECONDS,
        ).raise_for_status()
        assert "error" not in reply.json(), reply.text
        return reply.json()["value"]


@pytest.fixture(scope="module")
def glm() -> Iterator[SimulatorThread]:
    scenarios = [*load_scenarios(SCENARIOS), *load_scenarios()]
    with SimulatorThread(scenarios, pace=SECONDS_A_CHUNK) as running:
        yield running
    check_received(running.received, GLM_KEY)


@pytest.fixture(scope="module")
def web(glm: SimulatorThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProxy]:
    with WebProxy(tmp_path_factory.mktemp("web") / "proxy", glm) as running:
        yield running


@pytest.fixture(scope="module")
def browser(web: WebProxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("browser")
    try:
        running = Browser(folder)
    except NoBrowserError as missing:
        pytest.fail(str(missing), pytrace=False)
    with running:
        running.open(web.page)
        running.evaluate("location.hash = '#/flows'")
        yield running
