"""Where the settings file is, what is typed for a command, and what /health shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from codex_glm.__main__ import main
from codex_glm.commands import places

from .fake_glm import FakeGlm

PROJECT = Path(__file__).parents[2]


def run(*arguments: str) -> None:
    main(list(arguments), standalone_mode=False)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the shipped settings file of an installed package."""
    shipped = tmp_path / "site-packages/codex_glm/mitm-config.yaml"
    shipped.parent.mkdir(parents=True)
    shipped.write_text("listen_port: 5\n")
    monkeypatch.setattr(places, "CHECKOUT", None)
    monkeypatch.setattr(places, "SHIPPED", shipped)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    return shipped


def test_a_clone() -> None:
    assert PROJECT == places.CHECKOUT
    assert PROJECT / "addon/glm.py" == places.SCRIPT
    assert places.settings_file({"HOME": "/"}) == PROJECT / "mitm-config.yaml"
    said = [places.command("run"), places.command("undo"), places.command("run", "--set a=b")]
    assert said == ["make run", "make codex-undo", 'make run ARGS="--set a=b"']


def test_an_installed_package(installed: Path) -> None:
    said = [places.command("run"), places.command("undo"), places.command("run", "--set a=b")]
    assert said == ["codex-glm run", "codex-glm undo", "codex-glm run --set a=b"]


def test_a_file_of_ones_own_goes_before_the_shipped_one(
    installed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("config")
    assert capsys.readouterr().out == f"{installed}\n"
    own = tmp_path / "home/.config/codex-glm/mitm-config.yaml"
    run("config", "--new")
    assert capsys.readouterr().out == f"{own}\n"
    assert own.read_text() == installed.read_text()
    with pytest.raises(SystemExit, match="is there already"):
        run("config", "--new")


def test_the_working_folder_is_no_place_for_it(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "mitm-config.yaml").write_text("glm_api_base: https://elsewhere.example\n")
    assert places.settings_file({"HOME": str(tmp_path)}) == installed


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({"XDG_CONFIG_HOME": "/c", "HOME": "/me"}, "/c"),
        ({"XDG_CONFIG_HOME": "c", "HOME": "/me"}, "/me/.config"),
        ({"XDG_CONFIG_HOME": "", "HOME": "/me"}, "/me/.config"),
    ],
)
def test_the_users_folder(environ: dict[str, str], place: str) -> None:
    assert places.own_settings(environ) == Path(place) / "codex-glm/mitm-config.yaml"


def test_no_place_for_a_copy(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(SystemExit, match="Not a directory"):
        run("config", "--new")


def test_the_command_starts_without_what_only_some_need() -> None:
    heavy = {"mitmproxy", "httpx", "tornado", "rich", "ruamel", "jsonschema", "tomlkit"}
    code = "import sys, codex_glm.__main__; print(*(n.partition('.')[0] for n in sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(PROJECT / "addon")},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(ran.stdout.split())
    assert "click" in loaded
    assert loaded & heavy == set()


def test_health(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "mine.yaml"
    with FakeGlm() as proxy:
        proxy.replies["GET /health"] = (200, {"status": "ok"})
        config.write_text(f"listen_port: {proxy.port}\n")
        run("health", "--config", str(config))
        assert json.loads(capsys.readouterr().out) == {"status": "ok"}
        run("health", "--config", str(config), "--quiet")
        assert capsys.readouterr().out == ""
    with pytest.raises(SystemExit, match=r"does not answer on http://127\.0\.0\.1:1/health: "):
        run("health", "--url", "http://127.0.0.1:1/health")
    with pytest.raises(SystemExit) as ended:
        run("health", "--url", "http://127.0.0.1:1/health", "--quiet")
    assert ended.value.code == 1
    config.write_text("- 1\n")
    with pytest.raises(SystemExit, match=r"mine\.yaml: write one"):
        run("health", "--config", str(config))
