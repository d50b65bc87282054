"""What GLM gets wrong about calls, and what a real Codex makes of what it then gets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from codex_glm.simulator.scenarios import Scenario, parse_scenario
from codex_glm.simulator.thread import SimulatorThread

from .checks import outputs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .codex import Codex

PATCH = "*** Begin Patch\n*** Add File: made.txt\n+made\n*** End Patch"
WRAPPED = {
    "bare": PATCH,
    "fence": f"```patch\n{PATCH}\n```",
    "heredoc": f"apply_patch <<'EOF'\n{PATCH}\nEOF",
    "json": json.dumps({"input": PATCH}),
    "command": json.dumps({"command": ["apply_patch", PATCH]}),
    "prose": f"Here is the patch:\n{PATCH}\n",
    "escaped": PATCH.replace("\n", "\\n"),
    "endless": f"```\n{PATCH.removesuffix('*** End Patch')}```",
}
"""Patches that must be applied, by the name of what is wrong with them."""

REFUSED = {
    "elsewhere": f"cd sub && apply_patch <<'EOF'\n{PATCH}\nEOF",
    "cut": PATCH.removesuffix("\n*** End Patch"),
}
"""Patches that Codex must refuse."""


def scenario(name: str, *steps: object) -> Scenario:
    ending = {"text": "[SIMULATOR] Scripted answer: the end."}
    return parse_scenario(
        {"name": name, "when": {"prompt": f"case {name}$"}, "steps": [*steps, ending]}
    )


def patching(name: str, text: str) -> Scenario:
    return scenario(name, {"calls": [{"apply_patch": {"input": text}}]})


@pytest.fixture(scope="module")
def glm() -> Iterator[SimulatorThread]:
    """Return a GLM that gets calls wrong."""
    cases = {**WRAPPED, **REFUSED}
    with SimulatorThread([patching(name, text) for name, text in cases.items()]) as running:
        yield running


def told(simulator: SimulatorThread) -> str:
    """Give what GLM is told of its only call."""
    (output,) = outputs(simulator.received[-1]).values()
    return output


@pytest.mark.parametrize("name", WRAPPED)
def test_a_patch_is_applied(name: str, codex: Codex, simulator: SimulatorThread) -> None:
    result = codex.exec(f"case {name}")
    assert result.code == 0, result.said
    assert (codex.work / "made.txt").read_text() == "made\n"
    assert "Success. Updated the following files:\nA made.txt" in told(simulator)


@pytest.mark.parametrize("name", REFUSED)
def test_a_patch_is_refused(name: str, codex: Codex, simulator: SimulatorThread) -> None:
    result = codex.exec(f"case {name}")
    assert result.code == 0, result.said
    assert list(codex.work.iterdir()) == []
    assert "invalid patch" in told(simulator)
