from __future__ import annotations

import shlex
import tomllib
from typing import Any

import pytest
from codex_glm.translation.provider import (
    codex_command,
    config_block,
    forward_command,
    forward_environment,
    forward_options,
    provider_table,
    table_lines,
    toml_value,
    withheld,
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


@pytest.mark.parametrize("address", ["127.0.0.1:18767", "127.0.0.2:9", "[::1]:18767"])
def test_forward_line(address: str) -> None:
    words = shlex.split(forward_command(address, "/home/a b/ca.pem"))
    variables = dict(word.split("=", 1) for word in words[: words.index("codex")])
    assert variables == forward_environment(address, "/home/a b/ca.pem")
    assert variables["HTTPS_PROXY"] == f"http://{address}"
    assert variables["CODEX_CA_CERTIFICATE"] == "/home/a b/ca.pem"
    assert "127.0.0.1" in variables["NO_PROXY"].split(",")
    overrides = [words[i + 1] for i, word in enumerate(words) if word == "-c"]
    told = tomllib.loads("\n".join(overrides))
    assert told == {"shell_environment_policy": {"set": {"HTTPS_PROXY": "", "NO_PROXY": ""}}}


@pytest.mark.parametrize(
    ("before", "given", "kept"),
    [
        ({"OTHER": "x"}, {"HTTPS_PROXY": "", "NO_PROXY": ""}, []),
        ({"HTTPS_PROXY": "http://p:1"}, {"HTTPS_PROXY": "http://p:1", "NO_PROXY": ""}, []),
        (
            {"https_proxy": "http://p:1", "no_proxy": "a.b", "NO_PROXY": "c.d"},
            {
                "HTTPS_PROXY": "",
                "https_proxy": "http://p:1",
                "NO_PROXY": "c.d",
                "no_proxy": "a.b",
            },
            [],
        ),
        (
            {"HTTPS_PROXY": "http://me:s3cret@p:1", "https_proxy": "http://s3cret@p:1"},
            {"HTTPS_PROXY": "", "https_proxy": "", "NO_PROXY": ""},
            ["HTTPS_PROXY", "https_proxy"],
        ),
    ],
)
def test_commands_get_back_what_was_set_before(
    before: dict[str, str], given: dict[str, str], kept: list[str]
) -> None:
    told = tomllib.loads("\n".join(forward_options(before)[1::2]))
    assert told == {"shell_environment_policy": {"set": given}}
    assert withheld(before) == kept
