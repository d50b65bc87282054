"""What Codex has to be told to take this proxy for its provider."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from .models import FLAGSHIP

if TYPE_CHECKING:
    from collections.abc import Mapping

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


LOOPBACK = "localhost,127.0.0.1,::1"
"""What is never asked for through the proxy: servers of the user's own on this machine."""


def forward_environment(address: str, certificate: str) -> dict[str, str]:
    """Give what leads an unmodified Codex through the forward proxy on this machine.

    `address` is the proxy's host and port, `certificate` the path of its CA. CODEX_CA_CERTIFICATE
    is read by Codex alone, so that no other program comes to trust it (codex-cli 0.163.0 and
    0.169.0).
    """
    return {
        "HTTPS_PROXY": f"http://{address}",
        "NO_PROXY": LOOPBACK,
        "CODEX_CA_CERTIFICATE": certificate,
    }


_WAY_OUT = ("HTTPS_PROXY", "NO_PROXY")


def forward_options(before: Mapping[str, str]) -> list[str]:
    """Give the options of Codex that keep its way out for Codex alone.

    The commands that Codex runs inherit its environment; they get back what was set `before`, in
    the small spelling too, and an empty value, which means no proxy, for what was not, or is
    `withheld`. Only these keys of the user's own `shell_environment_policy.set` are covered.
    Options also keep the terminal interface from the background server that it shares with others,
    whose environment is another (codex-cli 0.169.0).
    """
    kept = {name: before.get(name, "") for name in _names(before)}
    kept |= dict.fromkeys(withheld(before), "")
    sets = [f"shell_environment_policy.set.{name}={toml_value(v)}" for name, v in kept.items()]
    return [part for one in sets for part in ("-c", one)]


def withheld(before: Mapping[str, str]) -> list[str]:
    """Name what the options do not give back: every user of a machine can read a command line.

    A proxy's URL may hold a password.
    """
    return [name for name in _names(before) if "@" in before.get(name, "")]


def _names(before: Mapping[str, str]) -> list[str]:
    return [*_WAY_OUT, *(name.lower() for name in _WAY_OUT if name.lower() in before)]


def forward_command(address: str, certificate: str) -> str:
    """Give one line for a shell that runs an unmodified Codex through the forward proxy."""
    variables = forward_environment(address, certificate).items()
    options = ["--skip-git-repo-check", "-s", "workspace-write", *forward_options({})]
    return " ".join(
        [
            *(f"{name}={shlex.quote(value)}" for name, value in variables),
            *("codex", "exec", *map(shlex.quote, options)),
            f'"{_TASK}"',
        ]
    )
