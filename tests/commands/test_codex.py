"""The commands `codex` and `undo`: what they read, and what they say."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest
from codex_glm.__main__ import main
from codex_glm.commands import settings_file
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
    (tmp_path / "mitm-config.yaml").touch()
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def run(*arguments: str) -> None:
    main(list(arguments), standalone_mode=False)


def set_up(folder: Path, *options: str) -> None:
    run("codex", "--config", str(folder / "mitm-config.yaml"), *options)


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
    set_up(folder)
    said = capsys.readouterr().out
    assert '  model = glm-5.3 (was "gpt-5.5")\n' in said
    assert "  [model_providers.glm] leads to http://127.0.0.1:4711/v1\n" in said
    assert "make codex-undo" in said
    assert "no codex on PATH" not in said
    written = tomllib.loads((home / "config.toml").read_text())
    assert written["model_providers"]["glm"]["base_url"] == "http://127.0.0.1:4711/v1"
    listed = json.loads((home / "codex-glm/models.json").read_text("utf-8"))
    assert listed == catalog("bigmodel-plan", codex="0.135.0", images=True)
    run("undo")
    assert capsys.readouterr().out == f"{home} holds nothing of codex-glm any more.\n"
    assert look(home) == before
    run("undo")
    assert capsys.readouterr().out.startswith("Nothing to undo: ")


def test_a_missing_codex_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CODEX_HOME", str(folder / "home"))
    set_up(folder, "--base", "http://127.0.0.1:1/v1/", "--set", "glm_images=omit")
    assert "There is no codex on PATH: npm install -g @openai/codex\n" in capsys.readouterr().out
    assert '"http://127.0.0.1:1/v1"' in (folder / "home/config.toml").read_text()
    models = (folder / "home/codex-glm/models.json").read_text("utf-8")
    assert json.loads(models) == catalog("bigmodel-plan")


@pytest.mark.parametrize(
    ("options", "base"),
    [
        (["--set", "listen_port=9000"], "http://127.0.0.1:9000/v1"),
        (["--set", "listen_host=::1", "--set", "listen_port=9"], "http://[::1]:9/v1"),
        (["--set", "mode=reverse:http://glm.invalid@127.0.0.3:9"], "http://127.0.0.3:9/v1"),
        (["--set", "glm_config={folder}/other.yaml"], "http://127.0.0.1:5/v1"),
        (["--base", "http://127.0.0.1:9000"], "http://127.0.0.1:9000/v1"),
        (["--base", "http://127.0.0.1:9000/"], "http://127.0.0.1:9000/v1"),
        (["--base", "https://proxy.lan/glm/v1/"], "https://proxy.lan/glm/v1"),
    ],
)
def test_the_address_that_options_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], base: str
) -> None:
    monkeypatch.setenv("CODEX_HOME", str(folder / "home"))
    (folder / "other.yaml").write_text("listen_port: 5\n")
    run("codex", *(option.format(folder=folder) for option in options))
    written = tomllib.loads((folder / "home/config.toml").read_text())
    assert written["model_providers"]["glm"]["base_url"] == base


def test_a_token_is_asked_for_until_there_is_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CODEX_HOME", str(folder / "home"))
    monkeypatch.setenv("TOKEN_OF_ME", "a-token-of-the-tests")
    (folder / "mitm-config.yaml").write_text("glm_client_tokens: [me=TOKEN_OF_ME]\n")
    set_up(folder)
    said = capsys.readouterr().out
    assert 'env_key = "MY_TOKEN", in place of\nexperimental_bearer_token' in said
    assert "kept" not in said
    config = folder / "home/config.toml"
    text = config.read_text()
    config.write_text(text.replace('experimental_bearer_token = "codex-glm"', 'env_key = "MINE"'))
    set_up(folder)
    said = capsys.readouterr().out
    assert "  kept as you had changed it: env_key, experimental_bearer_token\n" in said
    assert "glm_client_tokens" not in said
    assert 'env_key = "MINE"' in config.read_text()


@pytest.mark.parametrize(
    ("arguments", "config", "said"),
    [
        (["--set", "glm_images=x"], "", "glm_images: 'x' is none of"),
        (["--base", "127.0.0.1:9000"], "", "--base: give the proxy's URL"),
        (["--base", "http://[::1"], "", "--base: give the proxy's URL"),
        ([], "- 1\n", r"mitm-config\.yaml: write one"),
        ([], "a: [\n", r"mitm-config\.yaml: "),
        ([], "listen_port: 99999\n", "listen_port: '99999' is no port from 1 to 65535"),
        ([], "listen_port: -5\n", "listen_port: '-5' is no port"),
        ([], "listen_port: 0\n", "listen_port: '0' is no port"),
        ([], "listen_port: on\n", "listen_port: 'on' is no port"),
        ([], "mode: reverse:http://glm.invalid@65536\n", "listen_port: '65536' is no port"),
        (["--set", "listen_port=x"], "", "listen_port: 'x' is no port"),
    ],
)
def test_nothing_is_written_where_settings_are_wrong(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], config: str, said: str
) -> None:
    monkeypatch.setenv("CODEX_HOME", str(folder / "home"))
    (folder / "mitm-config.yaml").write_text(config)
    with pytest.raises(SystemExit, match=said):
        set_up(folder, *arguments)
    assert not (folder / "home").exists()


def test_a_broken_config_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEX_HOME", str(make_home(folder, b"model = ")))
    with pytest.raises(SystemExit, match=r"config\.toml: it is written in a way that this"):
        set_up(folder)


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
        ("listen_port:\n", "http://127.0.0.1:18765"),
        ("listen_port: 65535\n", "http://127.0.0.1:65535"),
    ],
)
def test_where_the_proxy_listens(folder: Path, file: str, origin: str) -> None:
    (folder / "mitm-config.yaml").write_text(file)
    assert settings_file.read_settings({}, str(folder / "mitm-config.yaml")).origin == origin


def test_the_environment_goes_before_the_file(folder: Path) -> None:
    config = folder / "mitm-config.yaml"
    config.write_text("glm_api_key: file.key\nglm_api_base: https://api.z.ai/api/paas/v4/\n")
    read = settings_file.read_settings({}, str(config))
    assert (read.key, read.key_source) == ("file.key", "mitm-config.yaml")
    assert (read.glm_base, read.base_source) == ("https://api.z.ai/api/paas/v4", read.key_source)
    assert "file.key" not in repr(read)
    given = settings_file.read_settings({"GLM_API_KEY": " env.key "}, str(config))
    assert (given.key, given.key_source) == ("env.key", "GLM_API_KEY in the environment")
