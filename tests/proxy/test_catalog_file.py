"""The catalogue as a file: what stands in it, and what its maker is told."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest
from codex_glm.proxy import catalog_file, config_file
from codex_glm.translation.catalog import catalog

if TYPE_CHECKING:
    from pathlib import Path

PAYG = "https://api.z.ai/api/paas/v4"


@pytest.fixture(autouse=True)
def _nothing_else_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GLM_API_BASE", raising=False)
    monkeypatch.setattr(config_file, "DEFAULT_PATH", tmp_path / "none.yaml")


def test_the_file_is_the_served_catalogue(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'a "quoted" folder' / "models.json"
    path.parent.mkdir()
    catalog_file.main(["--out", str(path)])
    assert json.loads(path.read_text("utf-8")) == catalog("bigmodel-plan", images=True)
    line = capsys.readouterr().out.splitlines()[-1]
    assert tomllib.loads(line) == {"model_catalog_json": str(path)}


def test_a_relative_path_is_printed_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    catalog_file.main([])
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
    catalog_file.main(["--out", str(path), "--set", f"glm_config={config}", "--codex", "0.98.0"])
    written = json.loads(path.read_text("utf-8"))
    assert written == catalog("zai-payg", [("mine", "glm-4.7")], "0.98.0")
    monkeypatch.setenv("GLM_API_BASE", "https://api.z.ai/api/coding/paas/v4")
    assert catalog_file.read_settings([f"glm_config={config}"]).base_kind == "zai-plan"
    told = [f"glm_config={config}", "glm_api_base=https://open.bigmodel.cn/api/paas/v4"]
    assert catalog_file.read_settings(told).base_kind == "bigmodel-payg"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "glm_api_bas=x"], "glm_api_bas"),
        (["--set", "glm_api_base=http://example.com"], "glm_api_base: plain http"),
        (["--set", "glm_config=/nowhere/x.yaml"], "x.yaml"),
        (["--out", "/nowhere/models.json"], "/nowhere/models.json: No such file"),
    ],
)
def test_what_is_wrong_is_named(arguments: list[str], said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        catalog_file.main(arguments)
