"""Forward mode: Codex with its own provider, which takes the proxy for the way to OpenAI."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .codex import forward_codex
from .proxy_process import FORWARD
from .test_turns import HELLO, check_hello

if TYPE_CHECKING:
    from pathlib import Path

    from codex_glm.simulator.thread import SimulatorThread

    from .conftest import StartProxy


def test_unmodified_provider(
    start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread
) -> None:
    proxy = start_proxy(FORWARD)
    codex = forward_codex(tmp_path / "codex", proxy)
    result = codex.exec(HELLO)
    assert result.code == 0, result.said
    check_hello(codex)
    assert "I created `hello.py`" in result.message
    assert [one.body["model"] for one in simulator.received] == ["glm-5.3"] * 4
    assert "gpt-5.5 → glm-5.3" in proxy.end()

    flows = proxy.flows()
    turns = [flow for flow in flows if flow.request.path == "/v1/responses"]
    assert {flow.request.host for flow in turns} == {"api.openai.com"}
    answers = [flow.response.status_code for flow in turns if flow.response]
    assert answers == [426, 200, 200, 200, 200]
    assert turns[0].request.headers["upgrade"] == "websocket"
    dialled = {flow.server_conn.peername for flow in flows} - {None}
    assert dialled == {("127.0.0.1", urlsplit(simulator.base_url).port)}
    for flow in flows:
        if flow not in turns:  # answered here, the catalogue with 200
            known = flow.request.path.partition("?")[0].endswith("/models")
            assert flow.response, flow.error
            assert flow.response.status_code == (200 if known else 404)
