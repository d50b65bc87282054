"""What the terminal says once the proxy is up: where it listens, and how to point Codex at it."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from mitmproxy import ctx

from codex_glm import __version__
from codex_glm.proxy.health import key_source
from codex_glm.translation.provider import codex_command, config_block

if TYPE_CHECKING:
    from codex_glm.proxy.settings import Settings
    from codex_glm.proxy.simulation import Simulation

_SIMULATED = """
  ┌─────────────────────────────────────────────────────────────────────────┐
  │  SIMULATOR: no GLM is asked. Every answer is scripted.                  │
  │  Set GLM_API_KEY and start again to talk to GLM.                        │
  └─────────────────────────────────────────────────────────────────────────┘
"""

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
