"""A proxy with client tokens: the ways in which a real Codex can show one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .codex import TOKEN, TOKEN_VARIABLE, forward_codex, glm_codex
from .conftest import GLM_KEY
from .proxy_process import FORWARD, REVERSE
from .test_failures import failure

if TYPE_CHECKING:
    from pathlib import Path

    from codex_glm.simulator.thread import SimulatorThread

    from .conftest import StartProxy
    from .proxy_process import ProxyProcess

GUARDED = ("--set", "glm_client_tokens=me=TOKEN_OF_ME")
ENVIRONMENT = {"TOKEN_OF_ME": TOKEN}
SAY_HELLO = "say hello"


def clients(proxy: ProxyProcess) -> list[str]:
    """Name the client of each turn that the proxy saved."""
    proxy.end()
    return [flow.metadata["glm"]["client"] for flow in proxy.flows() if "glm" in flow.metadata]


def test_as_the_bearer(start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread) -> None:
    proxy = start_proxy((*REVERSE, *GUARDED), environment=ENVIRONMENT)
    codex = glm_codex(tmp_path / "codex", proxy.base)
    result = codex.exec(SAY_HELLO)
    assert result.code == 0, result.said
    said = failure(codex.exec(SAY_HELLO, environment={TOKEN_VARIABLE: "another-word"}))
    assert "A client token is needed" in said
    assert len(simulator.received) == 1
    assert clients(proxy) == ["me"]


def test_beside_a_key_of_the_clients_own(
    start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread
) -> None:
    environment = {**ENVIRONMENT, "GLM_API_KEY": ""}
    proxy = start_proxy((*REVERSE, *GUARDED), environment=environment)
    headers = '{"x-api-key"="TOKEN_OF_ME"}'
    codex = glm_codex(tmp_path / "codex", proxy.base, env_http_headers=headers)
    result = codex.exec(SAY_HELLO, environment={**ENVIRONMENT, TOKEN_VARIABLE: GLM_KEY})
    assert result.code == 0, result.said
    assert len(simulator.received) == 1  # with this key, as the fixture checks
    assert clients(proxy) == ["me"]


def test_as_the_password_of_a_forward_proxy(
    start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread
) -> None:
    proxy = start_proxy((*FORWARD, *GUARDED), environment=ENVIRONMENT)
    codex = forward_codex(tmp_path / "codex", proxy)
    way = {"HTTPS_PROXY": f"http://me:{TOKEN}@127.0.0.1:{proxy.port}"}
    result = codex.exec(SAY_HELLO, environment=way)
    assert result.code == 0, result.said
    assert len(simulator.received) == 1
    assert clients(proxy) == ["me"]
