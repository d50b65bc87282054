"""The commands `make codex` and `make codex-undo`: what they read, and what they say."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest
from codex_glm.commands import codex, settings_file
from codex_glm.commands.codex_program import find_codex
from codex_glm.translation.catalog import catalog

from .homes import look, make_home

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return a folder with a home and a PATH of its own."""
    for name in ("GLM_API_BASE", "GLM_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(settings_file, "SETTINGS_FILE", tmp_path / "mitm-config.yaml")
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def program(folder: Path, script: str) -> None:
    path = folder / "bin" / "codex"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_set_up_and_undo_say_what_they_did(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = make_home(folder, b'model = "gpt-5.5"\n')
    monkeypatch.setenv("CODEX_HOME", str(home))
    (folder / "mitm-config.yaml").write_text("listen_port: 4711\n")
    program(folder, "echo codex-cli 0.135.0")
    before = look(home)
    codex.main(["set-up"])
    said = capsys.readouterr().out
    assert '  model = glm-5.3 (was "gpt-5.5")\n' in said
    assert "  [model_providers.glm] leads to http://127.0.0.1:4711/v1\n" in said
    assert "make codex-undo" in said
    assert "no codex on PATH" not in said
    written = tomllib.loads((home / "config.toml").read_text())
    assert written["model_providers"]["glm"]["base_url"] == "http://127.0.0.1:4711/v1"
    listed = json.loads((home / "codex-glm/models.json").read_text("utf-8"))
    assert listed == catalog("bigmodel-plan", codex="0.135.0", images=True)
    codex.main(["undo"])
    assert capsys.readouterr().out == f"{home} holds nothing of codex-glm any more.\n"
    assert look(home) == before
    codex.main(["undo"])
    assert capsys.readouterr().out.startswith("Nothing to undo: ")


def test_a_missing_codex_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CODEX_HOME", str(folder / "home"))
    codex.main(["set-up", "--base", "http://127.0.0.1:1/v1/", "--set", "glm_images=omit"])
    assert "There is no codex on PATH: npm install -g @openai/codex\n" in capsys.readouterr().out
    assert '"http://127.0.0.1:1/v1"' in (folder / "home/config.toml").read_text()
    models = (folder / "home/codex-glm/models.json").read_text("utf-8")
    assert json.loads(models) == catalog("bigmodel-plan")


@pytest.mark.parametrize(
    ("arguments", "config", "said"),
    [
        (["set-up", "--set", "glm_images=x"], "", "glm_images: 'x' is none of"),
        (["set-up"], "- 1\n", r"mitm-config\.yaml: write one"),
        (["set-up"], "a: [\n", r"mitm-config\.yaml: "),
    ],
)
def test_nothing_is_written_where_settings_are_wrong(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], config: str, said: str
) -> None:
    monkeypatch.setenv("CODEX_HOME", str(folder / "home"))
    (folder / "mitm-config.yaml").write_text(config)
    with pytest.raises(SystemExit, match=said):
        codex.main(arguments)
    assert not (folder / "home").exists()


def test_a_broken_config_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEX_HOME", str(make_home(folder, b"model = ")))
    with pytest.raises(SystemExit, match=r"config\.toml: it is no valid TOML"):
        codex.main(["set-up"])


@pytest.mark.parametrize(
    ("script", "version"), [("echo codex-cli 0.163.0", "0.163.0"), ("exit 1", ""), ("echo", "")]
)
def test_the_version_of_codex(folder: Path, script: str, version: str) -> None:
    assert find_codex() is None
    program(folder, script)
    assert find_codex() == (str(folder / "bin/codex"), version)


@pytest.mark.parametrize(
    ("file", "origin"),
    [
        ("", "http://127.0.0.1:18765"),
        ("listen_host: 0.0.0.0\n", "http://127.0.0.1:18765"),
        ("listen_host: 127.0.0.2\nlisten_port: 5\n", "http://127.0.0.2:5"),
        ("mode: ['reverse:http://glm.invalid@127.0.0.3:9']\n", "http://127.0.0.3:9"),
        ("mode: reverse:http://glm.invalid@9\nlisten_port: 5\n", "http://127.0.0.1:9"),
        ("listen_host: '::1'\n", "http://[::1]:18765"),
    ],
)
def test_where_the_proxy_listens(folder: Path, file: str, origin: str) -> None:
    (folder / "mitm-config.yaml").write_text(file)
    assert settings_file.read_settings({}).origin == origin


def test_the_environment_goes_before_the_file(folder: Path) -> None:
    config = folder / "mitm-config.yaml"
    config.write_text("glm_api_key: file.key\nglm_api_base: https://api.z.ai/api/paas/v4/\n")
    read = settings_file.read_settings({}, config)
    assert (read.key, read.key_source) == ("file.key", "mitm-config.yaml")
    assert (read.glm_base, read.base_source) == ("https://api.z.ai/api/paas/v4", read.key_source)
    assert "file.key" not in repr(read)
    given = settings_file.read_settings({"GLM_API_KEY": " env.key "}, config)
    assert (given.key, given.key_source) == ("env.key", "GLM_API_KEY in the environment")
