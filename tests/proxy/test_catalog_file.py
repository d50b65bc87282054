"""The catalogue as a file: what stands in it, and what its maker is told."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest
from codex_glm.__main__ import main
from codex_glm.commands import places
from codex_glm.proxy.launch.settings_alone import read_settings
from codex_glm.translation.catalog import catalog

if TYPE_CHECKING:
    from pathlib import Path

PAYG = "https://api.z.ai/api/paas/v4"


@pytest.fixture(autouse=True)
def _nothing_else_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GLM_API_BASE", raising=False)
    monkeypatch.setattr(places, "SHIPPED", tmp_path / "none.yaml")


def write(*arguments: str) -> None:
    main(["catalog", *arguments], standalone_mode=False)


def test_the_file_is_the_served_catalogue(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'a "quoted" folder' / "models.json"
    path.parent.mkdir()
    write("--out", str(path))
    assert json.loads(path.read_text("utf-8")) == catalog("bigmodel-plan", images=True)
    line = capsys.readouterr().out.splitlines()[-1]
    assert tomllib.loads(line) == {"model_catalog_json": str(path)}


def test_a_relative_path_is_printed_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write()
    assert str(tmp_path / "glm-models.json") in capsys.readouterr().out
    assert (tmp_path / "glm-models.json").exists()


def test_the_settings_of_the_proxy_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "models.json"
    config = tmp_path / "mine.yaml"
    # The place to fail over to has no key here, which is none of the catalogue's business.
    config.write_text(
        f"glm_api_base: {PAYG}\nglm_model_map: [mine=glm-4.7]\nglm_images: omit\n"
        "glm_failover: [https://api.z.ai/api/paas/v4=NOT_SET]\nglm_api_key: a.b\nweb_port: 1\n"
    )
    write("--out", str(path), "--config", str(config), "--codex", "0.98.0")
    written = json.loads(path.read_text("utf-8"))
    assert written == catalog("zai-payg", [("mine", "glm-4.7")], "0.98.0")
    monkeypatch.setenv("GLM_API_BASE", "https://api.z.ai/api/coding/paas/v4")
    assert read_settings([f"glm_config={config}"]).base_kind == "zai-plan"
    told = [f"glm_config={config}", "glm_api_base=https://open.bigmodel.cn/api/paas/v4"]
    assert read_settings(told).base_kind == "bigmodel-payg"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "glm_api_bas=x"], "glm_api_bas"),
        (["--set", "glm_api_base=http://example.com"], "glm_api_base: plain http"),
        (["--set", "glm_config=/nowhere/x.yaml"], "x.yaml"),
        (["--strict", "--set", "glm_retries=x"], "glm_retries: 'x' is no number"),
        (["--out", "/nowhere/models.json"], "/nowhere/models.json: No such file"),
    ],
)
def test_what_is_wrong_is_named(arguments: list[str], said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        write(*arguments)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("glm_api_key: two words", "glm_api_key: a key is one word"),
        ("glm_stop_seconds: soon", "glm_stop_seconds: 'soon' is no number"),
    ],
)
def test_only_a_strict_reader_minds_other_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.delenv("GLM_API_KEY", raising=False)
    config = tmp_path / "mine.yaml"
    config.write_text(text)
    arguments = ["--out", str(tmp_path / "models.json"), "--config", str(config)]
    write(*arguments)
    with pytest.raises(SystemExit, match=said):
        write("--strict", *arguments)
