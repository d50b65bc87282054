"""The model catalogue in a real Codex: as a file, its windows, and the words of its prompt."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from codex_glm.proxy.launch import catalog_file
from codex_glm.translation.catalog import catalog

from .checks import messages
from .codex import Codex, codex_path, glm_codex
from .test_turns import NO_METADATA

if TYPE_CHECKING:
    from pathlib import Path

    from codex_glm.simulator.thread import SimulatorThread

    from .proxy_process import ProxyProcess

CHARACTERS_PER_TOKEN = 4
"""As the simulator counts."""
AIR_FULL_AT = 98_304
COMPACTION = "CONTEXT CHECKPOINT COMPACTION"


def test_the_file_does_what_the_served_one_does(
    proxy: ProxyProcess, tmp_path: Path, simulator: SimulatorThread
) -> None:
    path = tmp_path / "models.json"
    base = f"glm_api_base={simulator.base_url}"
    version = codex_version()
    catalog_file.write(str(path), version, "", [base])
    codex = glm_codex(tmp_path / "codex", proxy.base)
    unfetched = {**codex.settings, "model_catalog_json": json.dumps(str(path))}
    unfetched["model_providers.glm"] = glm_codex(
        tmp_path / "codex", proxy.base, model_catalog_url=""
    ).settings["model_providers.glm"]
    for model in ("glm-5.3", "glm-4.5-air", "gpt-5.5"):
        asked = []
        for settings in (codex.settings, unfetched):
            result = codex.exec("say hi", settings={**settings, "model": f'"{model}"'})
            assert result.code == 0, result.said
            assert NO_METADATA not in result.said
            assert result.items("error") == []
            asked.append(json.dumps(simulator.received[-1].body))
        assert asked[0] == asked[1]
        assert '"apply_patch"' in asked[0]
        assert "You are a coding agent." in asked[0]


def test_every_window_is_the_catalogues(codex: Codex) -> None:
    for entry in models():
        if entry["visibility"] == "list":
            result = codex.exec("say hi", settings={"model": f'"{entry["slug"]}"'})
            assert result.code == 0, result.said
            shown = entry["context_window"] * entry["effective_context_window_percent"] // 100
            assert window_of_last_run(codex) == shown


@pytest.mark.parametrize("over", [False, True])
def test_compaction_comes_when_the_window_is_full(
    codex: Codex, simulator: SimulatorThread, tmp_path: Path, over: bool
) -> None:
    settings = {"model": '"glm-4.5-air"'}
    assert codex.exec("say hi", settings=settings).code == 0
    usual = count(simulator.received[-1].body)
    size = AIR_FULL_AT - usual + (2_000 if over else -8_000)
    words = tmp_path / "words.md"
    words.write_text("word " * (size * CHARACTERS_PER_TOKEN // 5))
    settings["model_instructions_file"] = json.dumps(str(words))
    result = codex.exec("run two commands in parallel", settings=settings)
    assert result.code == 0, result.said
    asked = [messages(one, "user")[-1]["content"] for one in simulator.received[1:]]
    assert [COMPACTION in text for text in asked] == ([False, True, False] if over else [False] * 2)


def test_codex_applies_the_patch_that_the_prompt_shows(tmp_path: Path) -> None:
    prompt = models()[0]["base_instructions"]
    (patch,) = re.findall(r"^\*\*\* Begin Patch\n(?s:.*?)^\*\*\* End Patch$", prompt, re.MULTILINE)
    source = tmp_path / "src"
    source.mkdir()
    greet, old = source / "greet.py", source / "old.txt"
    greet.write_text(
        'def greet(name):\n    if not name:\n        return "hi"\n    return f"hello {name}"\n'
    )
    old.write_text("old\n")
    command = [str(codex_path()), "--codex-run-as-apply-patch", patch]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert '        return "hello"\n' in greet.read_text()
    assert (source / "new.txt").read_text() == "first line\nsecond line\n"
    assert not old.exists()


def models() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(json.dumps(catalog("other")["models"]))
    return listed


def count(body: dict[str, Any]) -> int:
    return len(json.dumps(body)) // CHARACTERS_PER_TOKEN


def codex_version() -> str:
    command = [str(codex_path()), "--version"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return ran.stdout.split()[-1]


def window_of_last_run(codex: Codex) -> int:
    """Read what Codex took for the model's window, from the record of its newest session."""
    records = (codex.home / ".codex/sessions").rglob("*.jsonl")
    newest = max(records, key=lambda path: path.stat().st_mtime_ns)
    return int(re.findall(r'"model_context_window":(\d+)', newest.read_text("utf-8"))[-1])
