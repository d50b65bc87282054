"""What Codex has to be told to take this proxy for its provider."""

from __future__ import annotations

import json

from .models import FLAGSHIP

PROVIDER = "glm"
"""The provider's id in Codex's settings. Its name is `GLM`: a provider called `OpenAI` or `Azure`
makes Codex compact on the server's side (codex-cli 0.169.0)."""

_TASK = "create hello.py that prints hello and run it"


def provider_table(base: str, *, fetched: bool = True) -> dict[str, str | bool]:
    """Give the provider's settings; `base` is the proxy's URL for Codex, `http://…/v1`.

    With `fetched`, Codex is to ask the proxy for the model catalogue. The bearer token is no
    secret: without one Codex does not fetch it (codex-cli 0.163.0 and 0.169.0).
    """
    return {
        "name": "GLM",
        "base_url": base,
        "wire_api": "responses",
        **({"model_catalog_url": f"{base}/models"} if fetched else {}),
        "experimental_bearer_token": "codex-glm",
        "supports_websockets": False,
    }


def toml_value(value: str | bool) -> str:
    """Write a value in TOML's notation; a JSON string is a TOML string as well."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def table_lines(table: dict[str, str | bool]) -> list[str]:
    """Give a table's lines, without its header."""
    return [f"{key} = {toml_value(value)}" for key, value in table.items()]


def codex_command(base: str) -> str:
    """Give one line for a shell that runs Codex on this proxy, all settings in it."""
    table = ",".join(f"{key}={toml_value(v)}" for key, v in provider_table(base).items())
    return (
        f"codex exec --skip-git-repo-check -s workspace-write -c 'model=\"{FLAGSHIP}\"' "
        f"-c 'model_provider=\"{PROVIDER}\"' -c 'model_providers.{PROVIDER}={{{table}}}' "
        f'"{_TASK}"'
    )


def config_block(base: str) -> str:
    """Give the same as a block for Codex's config.toml."""
    lines = [f'model = "{FLAGSHIP}"', f'model_provider = "{PROVIDER}"', ""]
    return "\n".join([*lines, f"[model_providers.{PROVIDER}]", *table_lines(provider_table(base))])
