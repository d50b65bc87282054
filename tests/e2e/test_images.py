"""Pictures for a model that reads text only: each is described once, whoever brought it."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from .checks import check_growing, messages, outputs
from .codex import glm_codex
from .mcp_server import PIXEL
from .proxy_process import REVERSE

if TYPE_CHECKING:
    from pathlib import Path

    from codex_glm.simulator.engine import Received
    from codex_glm.simulator.thread import SimulatorThread

    from .codex import Codex
    from .conftest import StartProxy

BLIND, SEEING = "glm-5.3", "glm-5.3-flash"
DESCRIBED = f"[Image, described by {SEEING}: [SIMULATOR] Scripted description: "


@pytest.fixture
def codex(start_proxy: StartProxy, tmp_path: Path) -> Codex:
    """Return a Codex whose proxy knows no image yet, with a picture in its folder."""
    made = glm_codex(tmp_path / "codex", start_proxy().base)
    draw(made)
    return made


def draw(codex: Codex) -> None:
    (codex.work / "pic.png").write_bytes(base64.b64decode(PIXEL))


def asked_by(received: list[Received], model: str) -> list[Received]:
    return [one for one in received if one.body["model"] == model]


def test_a_picture_of_the_command_line(codex: Codex, simulator: SimulatorThread) -> None:
    first = codex.exec("say hello", "-i", "pic.png")
    assert first.code == 0, first.said
    second = codex.exec("resume", "--last", "say hello again")
    assert second.code == 0, second.said
    (side_call,) = asked_by(simulator.received, SEEING)
    picture, _ = side_call.body["messages"][0]["content"]
    assert picture["image_url"]["url"].startswith("data:image/png;base64,")
    turns = asked_by(simulator.received, BLIND)
    assert len(turns) == 2
    for turn in turns:
        texts = [str(message["content"]) for message in messages(turn, "user")]
        (shown,) = [text for text in texts if "[Image" in text]
        assert DESCRIBED in shown
        assert "It is a png of 1 x 1 pixels" in shown
        assert b"base64" not in turn.raw
    check_growing(turns)


def test_view_image(codex: Codex, simulator: SimulatorThread) -> None:
    result = codex.exec("look at the picture in pic.png")
    assert result.code == 0, result.said
    assert len(asked_by(simulator.received, SEEING)) == 1
    turns = asked_by(simulator.received, BLIND)
    (output,) = outputs(turns[-1]).values()
    assert output.startswith(DESCRIBED)
    assert output.removeprefix("[Image, described by glm-5.3-flash: ")[:-1] in result.message
    check_growing(turns)


def test_routing(start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread) -> None:
    proxy = start_proxy((*REVERSE, "--set", "glm_images=route"))
    codex = glm_codex(tmp_path / "codex", proxy.base)
    draw(codex)
    assert codex.exec("say hello", "-i", "pic.png").code == 0
    assert codex.exec("resume", "--last", "say hello again").code == 0
    assert [one.body["model"] for one in simulator.received] == [SEEING, BLIND]
    assert b"data:image/png" in simulator.received[0].raw
    assert b"image omitted: glm-5.3 reads text only" in simulator.received[1].raw
    proxy.end()
    turns = [flow.metadata["glm"] for flow in proxy.flows() if "glm" in flow.metadata]
    assert [turn["model"] for turn in turns] == [SEEING, BLIND]
    assert "image-route" in json.dumps(turns[0]["receipt"])
