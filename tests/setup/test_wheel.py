"""The wheel in an environment of its own: each command, and Codex at work through it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from codex_glm import __version__
from codex_glm.__main__ import main

from tests.e2e.codex import Codex, codex_on_path
from tests.e2e.proxy_process import REVERSE, ProxyProcess
from tests.e2e.test_turns import HELLO, check_hello

from .conftest import PROJECT

if TYPE_CHECKING:
    from collections.abc import Sequence

SKIP = "--skip-git-repo-check --dangerously-bypass-approvals-and-sandbox"
NOTHING_LISTENS = "http://127.0.0.1:1/health"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, timeout=60)
    (built,) = folder.iterdir()
    return built


class Installed:
    """The package in an environment that sees, of ours, only the dependencies."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder, self.work = folder, folder / "empty"
        self.work.mkdir()
        venv.create(folder / "venv", symlinks=True)
        python = folder / "venv/bin/python"
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
        subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], check=True, timeout=60)
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        self.site = folder / "venv/lib" / version / "site-packages"
        # A folder that a .pth file names has its own .pth files left unread: no clone is in reach.
        (self.site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
        self.command = str(folder / "venv/bin/codex-glm")
        path = f"{folder / 'venv/bin'}:{codex_on_path(folder / 'bin')}"
        self.environment = {"PATH": path, "HOME": str(folder / "home"), "LANG": "C.UTF-8"}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the command in an empty folder."""
        return subprocess.Popen(
            [self.command, *arguments],
            cwd=self.work,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run the command to its end; gives what it printed."""
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == code, said
        return said


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("with blank "), wheel)


def files_below(folder: Path) -> set[str]:
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {path for path in found if "__pycache__" not in path}


def test_what_the_wheel_holds(wheel: Path) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    with zipfile.ZipFile(wheel) as file:
        names = {name for name in file.namelist() if ".dist-info/" not in name}
        (entry,) = [name for name in file.namelist() if name.endswith("METADATA")]
        metadata = file.read(entry).decode()
    package = {f"codex_glm/{name}" for name in files_below(PROJECT / "addon/codex_glm")}
    assert names == package | {"codex_glm/script/glm.py", "codex_glm/mitm-config.yaml"}
    assert len(re.findall("^Requires-Dist: ", metadata, re.MULTILINE)) == len(
        project["dependencies"]
    )


def test_version_and_help(installed: Installed) -> None:
    assert installed.run("--version") == f"codex-glm {__version__}\n"
    said = installed.run("--help")
    shown = [name for name, command in main.commands.items() if not command.hidden]
    assert {"run", "dump", "codex", "undo", "doctor", "catalog", "health"} <= set(shown)
    for name in shown:
        assert f"\n  {name} " in said
        assert "Usage: codex-glm" in installed.run(name, "--help")
    assert "No such command 'rnu'" in installed.run("rnu", code=2)


def test_the_settings_file(installed: Installed) -> None:
    (installed.work / "mitm-config.yaml").write_text("glm_api_base: https://elsewhere.example\n")
    shipped = Path(installed.run("config").strip())
    (installed.work / "mitm-config.yaml").unlink()
    assert shipped == installed.site / "codex_glm/mitm-config.yaml"
    assert shipped.read_bytes() == (PROJECT / "mitm-config.yaml").read_bytes()


def test_set_up_doctor_and_undo(installed: Installed) -> None:
    said = installed.run("codex")
    assert "leads to http://127.0.0.1:18765/v1" in said
    assert "Undo it with: codex-glm undo" in said
    said = installed.run("doctor", "--free", code=1)
    assert "→ codex-glm run" in said
    assert "make" not in said.split()
    assert re.search(r"✓ config +its provider is the proxy", said), said
    assert "holds nothing of codex-glm any more" in installed.run("undo")
    assert not (installed.folder / "home/.codex").exists()


def test_catalog_and_health(installed: Installed) -> None:
    assert "model_catalog_json" in installed.run("catalog", "--out", "models.json")
    assert json.loads((installed.work / "models.json").read_text())["models"]
    (installed.work / "models.json").unlink()
    assert "does not answer" in installed.run("health", "--url", NOTHING_LISTENS, code=1)


def test_the_simulator(installed: Installed) -> None:
    process = installed.start("simulator", "--port", "0")
    assert process.stdout
    try:
        assert process.stdout.readline().startswith("base URL: http://127.0.0.1:")
    finally:
        process.kill()
        process.communicate()


def test_codex_works_through_it(installed: Installed, tmp_path: Path) -> None:
    script = "import os, sys; os.chdir(sys.argv[1]); os.execv(sys.argv[2], sys.argv[2:])"
    start: Sequence[str] = [sys.executable, "-c", script, str(installed.work), installed.command]
    with ProxyProcess(tmp_path / "proxy", REVERSE, [*start, "dump"]) as proxy:
        assert "SIMULATOR: no GLM is asked." in proxy.output
        health = json.loads(installed.run("health", "--url", f"{proxy.base[:-3]}/health"))
        assert health["version"] == __version__
        codex = Codex(tmp_path / "codex")
        given = {"PATH": installed.environment["PATH"]}
        set_up = codex.run([installed.command, "codex", "--base", proxy.base], given)
        assert set_up.code == 0, set_up.said
        result = codex.run(["sh", "-c", f"codex exec {SKIP} '{HELLO}'"], given)
        assert result.code == 0, result.said
        check_hello(codex)
        undone = codex.run([installed.command, "undo"], given)
        assert undone.code == 0, undone.said
    assert "violation" not in proxy.output
    assert "Traceback" not in proxy.output
    assert os.listdir(installed.work) == []  # noqa: PTH208  # names alone
