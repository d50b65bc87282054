"""`codex-glm simulator` as a process."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import codex_glm
import httpx

from .samples import KEY, body

PACKAGES = Path(codex_glm.__file__).parents[1]
COMMAND = [sys.executable, "-m", "codex_glm", "simulator", "--port", "0", "--pace", "0"]


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        env={**os.environ, "PYTHONPATH": str(PACKAGES)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def test_serves_until_interrupted(tmp_path: Path) -> None:
    script = tmp_path / "mine.yaml"
    script.write_text("- name: mine\n  steps: [{text: from a file}]\n")
    with running("--scenario", str(script)) as process:
        base_url = line_of(process).removeprefix("base URL: ").strip()
        assert "THIS IS A SIMULATOR, NOT GLM" in line_of(process)
        url = f"{base_url}/chat/completions"
        good = httpx.post(url, headers=KEY, json=body(), trust_env=False)
        assert good.json()["choices"][0]["message"]["content"] == "from a file"
        httpx.post(url, headers=KEY, json=body(store=True), trust_env=False)
        assert line_of(process).endswith("glm-5.3, 1 messages, 0 tools: scenario mine 1/1\n")
        refused = line_of(process)
        assert "refused 400; violation: 1210 Unknown parameter: store" in refused
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert (process.returncode, rest) == (0, "")
    assert "secret" not in refused


def test_bad_scenario_file_stops_the_start(tmp_path: Path) -> None:
    script = tmp_path / "bad.yaml"
    script.write_text("- name: bad\n  step: []\n")
    with running("--scenario", str(script)) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said == "cannot start the simulator: scenario bad: scenario has no step\n"
