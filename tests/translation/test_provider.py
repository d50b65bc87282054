from __future__ import annotations

import shlex
import tomllib
from typing import Any

import pytest
from codex_glm.translation.provider import (
    codex_command,
    config_block,
    provider_table,
    table_lines,
    toml_value,
)

BASE = "http://127.0.0.1:18765/v1"


def test_the_line_says_what_the_block_says() -> None:
    block = tomllib.loads(config_block(BASE))
    provider = block["model_providers"]["glm"]
    assert (block["model_provider"], provider["base_url"]) == ("glm", BASE)
    assert (provider["wire_api"], provider["supports_websockets"]) == ("responses", False)
    words = shlex.split(codex_command(BASE))
    overrides = [words[i + 1] for i, word in enumerate(words) if word == "-c"]
    told: dict[str, Any] = tomllib.loads("\n".join(overrides))
    assert words[:2] == ["codex", "exec"]
    assert told == block


def test_the_name_switches_nothing_on() -> None:
    assert not {"openai", "azure"} & {str(provider_table(BASE)["name"]).lower()}


@pytest.mark.parametrize("fetched", [True, False])
def test_the_catalogue_is_fetched_or_not(fetched: bool) -> None:
    table = provider_table(BASE, fetched=fetched)
    assert table.get("model_catalog_url") == (f"{BASE}/models" if fetched else None)
    assert tomllib.loads("\n".join(table_lines(table))) == table


@pytest.mark.parametrize("value", ['C:\\a "b"', "ü\n\t\x00\x7f", "", True, False])
def test_values_are_toml(value: str | bool) -> None:
    assert tomllib.loads(f"x = {toml_value(value)}") == {"x": value}
