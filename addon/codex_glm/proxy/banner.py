"""What the terminal says once the proxy is up: where it listens, and how to point Codex at it."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from mitmproxy import ctx

from codex_glm import __version__
from codex_glm.proxy.health import key_source
from codex_glm.translation.models import FLAGSHIP

if TYPE_CHECKING:
    from codex_glm.proxy.settings import Settings
    from codex_glm.proxy.simulation import Simulation

_SIMULATED = """
  ┌─────────────────────────────────────────────────────────────────────────┐
  │  SIMULATOR: no GLM is asked. Every answer is scripted.                  │
  │  Set GLM_API_KEY and start again to talk to GLM.                        │
  └─────────────────────────────────────────────────────────────────────────┘
"""
_TASK = "create hello.py that prints hello and run it"


_PAUSE = 0.1
"""Seconds after the start: until then a mode from the settings file is not listened at."""


async def announce(settings: Settings, simulation: Simulation) -> None:
    """Print the banner, unless the screen belongs to mitmproxy's console or is to be quiet."""
    await asyncio.sleep(_PAUSE)
    simulated_at = await simulation.start() if settings.simulated else ""
    if "console_layout" in ctx.options or ctx.options.termlog_verbosity == "error":
        return
    lines = [f"codex-glm {__version__}", f"  GLM     {simulated_at or settings.base}"]
    lines += [f"  key     {key_source(settings)}"]
    if url := getattr(ctx.master, "web_url", ""):
        lines += [f"  mitmweb {url}"]
    if settings.simulated:
        lines += [_SIMULATED]
    for base in reverse_bases():
        lines += ["", f"  Codex   {base}", "", codex_command(base), "", config_block(base)]
    print("\n".join(lines), file=sys.stdout, flush=True)  # noqa: T201  # a banner, not a log line


def reverse_bases() -> list[str]:
    """Give the base URLs at which reverse mode serves Codex."""
    server = ctx.master.addons.get("proxyserver")
    addresses = [
        instance.listen_addrs[0]
        for instance in server.servers
        if instance.mode.type_name == "reverse" and instance.listen_addrs
    ]
    return [
        f"http://{'127.0.0.1' if a[0] in ('', '0.0.0.0', '::') else a[0]}:{a[1]}/v1"
        for a in addresses
    ]


def provider_settings(base: str) -> dict[str, str]:
    """Give the provider's settings in TOML notation, without any change to Codex's own files.

    The bearer token is no secret: without one Codex does not fetch the catalogue (codex-cli
    0.163.0 and 0.169.0).
    """
    return {
        "name": '"GLM"',
        "base_url": f'"{base}"',
        "wire_api": '"responses"',
        "model_catalog_url": f'"{base}/models"',
        "experimental_bearer_token": '"codex-glm"',
        "supports_websockets": "false",
    }


def codex_command(base: str) -> str:
    """Give one line that runs Codex on this proxy, all settings in it."""
    table = ",".join(f"{key}={value}" for key, value in provider_settings(base).items())
    return (
        f"codex exec --skip-git-repo-check -s workspace-write -c 'model=\"{FLAGSHIP}\"' "
        f"-c 'model_provider=\"glm\"' -c 'model_providers.glm={{{table}}}' \"{_TASK}\""
    )


def config_block(base: str) -> str:
    """Give the same as a block for Codex's config.toml."""
    lines = [f'model = "{FLAGSHIP}"', 'model_provider = "glm"', "", "[model_providers.glm]"]
    lines += [f"{key} = {value}" for key, value in provider_settings(base).items()]
    return "\n".join(lines)
