"""Codex's config.toml as Codex takes it: which provider, and what it is given to show."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from codex_glm.commands.config_text import UNREAD

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

type Table = dict[str, Any]


class ConfigError(Exception):
    """The file cannot be read; the words name it. The second argument is what mends it."""


def read_config(home: Path) -> Table:
    """Read the file; raises FileNotFoundError, or ConfigError."""
    path = home / "config.toml"
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        mend = "correct it (as TOML 1.0 has it, such as an inline table on one line)"
        raise ConfigError(f"{path}: {UNREAD}: {error}", mend) from error
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "make it readable") from error


def chosen(config: Table) -> Table:
    """Give the settings that hold: what a profile says goes before the top level (0.133.0)."""
    return {**config, **profile_table(config)} if "profile" in config else config


def profile_table(config: Table) -> Table:
    """Give the settings of the profile that is chosen; empty if it is not there."""
    return _table(_table(config.get("profiles")).get(str(config["profile"])))


def provider(config: Table) -> tuple[str, Table | None]:
    """Give the chosen provider's id and table, None where there is none; of `chosen` settings.

    Codex's own provider needs no table: `openai_base_url` alone leads it elsewhere (0.163.0).
    """
    name = str(config.get("model_provider", "openai"))
    table = _table(config.get("model_providers")).get(name)
    if name == "openai" and "openai_base_url" in config:
        return name, {"base_url": config["openai_base_url"]}
    return name, table if isinstance(table, dict) else None


def shown_tokens(table: Table, environ: Mapping[str, str]) -> list[str]:
    """Give what Codex shows the proxy: the bearer, `env_key` first (0.163.0), and `x-api-key`."""
    variable, headers = table.get("env_key"), _table(table.get("env_http_headers"))
    bearer = environ.get(str(variable)) if variable else table.get("experimental_bearer_token")
    named = {name.lower(): environ.get(str(value), "") for name, value in headers.items()}
    fixed = {name.lower(): str(value) for name, value in _table(table.get("http_headers")).items()}
    given = [bearer, named.get("x-api-key"), fixed.get("x-api-key")]
    return [str(token) for token in given if token]


def _table(value: object) -> Table:
    return value if isinstance(value, dict) else {}
