"""What people at the proxy see of a turn: both sides whole, and no secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .codex import TOKEN, Codex

if TYPE_CHECKING:
    from codex_glm.simulator.thread import SimulatorThread

    from .proxy_process import ProxyProcess


def test_saved_flows(codex: Codex, proxy: ProxyProcess, simulator: SimulatorThread) -> None:
    result = codex.exec("run two commands in parallel")
    assert result.code == 0, result.said
    proxy.end()
    models, *turns = proxy.flows()
    assert models.request.headers["authorization"] == "(masked)", f"Codex did not send {TOKEN}"
    assert len(turns) == 2
    for flow, one in zip(turns, simulator.received, strict=True):
        assert flow.request.headers["authorization"] == "(masked)"
        assert flow.request.path == "/v1/responses"
        asked = json.loads(flow.request.content or b"")
        assert asked["model"] == "glm-5.3"
        assert asked["input"]
        assert flow.response
        assert b"response.completed" in (flow.response.content or b"")
        glm = flow.metadata["glm"]
        assert json.loads(glm["rounds"][-1]["request"]) == one.body
        assert '"finish_reason"' in glm["rounds"][-1]["reply"]
        assert (glm["rounds"][-1]["status"], glm["outcome"]) == (200, "completed")
