"""A tool of an MCP server: a namespace at Codex, one plain function at GLM."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .checks import called, messages, outputs, tool_names
from .mcp_server import PIXEL

if TYPE_CHECKING:
    from codex_glm.simulator.thread import SimulatorThread

    from .codex import Codex

SERVER = Path(__file__).with_name("mcp_server.py")
TINY = {"mcp_servers.tiny": f'{{command="{sys.executable}",args=["{SERVER}"]}}'}


def test_mcp_call(codex: Codex, simulator: SimulatorThread) -> None:
    result = codex.exec("add 2 and 3 with the tool", settings=TINY)
    assert result.code == 0, result.said
    (call,) = result.items("mcp_tool_call")
    assert (call["server"], call["tool"]) == ("tiny", "add")
    assert call["arguments"] == {"a": 2, "b": 3}
    assert call["status"] == "completed"
    first, second = simulator.received
    assert {"mcp__tiny__add", "mcp__tiny__picture"} <= set(tool_names(first))
    (message,) = messages(second, "assistant")
    assert called(message) == ["mcp__tiny__add"]
    assert message["tool_calls"][0]["function"]["arguments"] == '{"a":2,"b":3}'
    (output,) = outputs(second).values()
    assert output.endswith("the sum is 5")
    assert "the sum is 5" in result.message


def test_picture_of_a_tool(codex: Codex, simulator: SimulatorThread) -> None:
    settings = {**TINY, "model": '"glm-5v-turbo"'}
    result = codex.exec("show me the picture", settings=settings)
    assert result.code == 0, result.said
    assert result.message == "[SIMULATOR] Scripted answer: I was shown a picture."
    *_, output, shown = simulator.received[-1].body["messages"]
    assert output["role"] == "tool"
    assert output["content"].endswith("one pixel")
    assert shown["role"] == "user"
    assert shown["content"][-1]["image_url"] == {"url": f"data:image/png;base64,{PIXEL}"}


def test_picture_for_a_model_that_sees_none(codex: Codex, simulator: SimulatorThread) -> None:
    result = codex.exec("show me the picture", settings=TINY)
    assert result.code == 0, result.said
    (output,) = outputs(simulator.received[-1]).values()
    assert "one pixel" in output
    assert "[Image, described by glm-5.3-flash: [SIMULATOR] Scripted description: " in output
    assert PIXEL.encode() not in simulator.received[-1].raw
