"""What the terminal says once the proxy is up: where it listens, and how to point Codex at it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mitmproxy import ctx

from codex_glm import __version__
from codex_glm.proxy.health import key_source
from codex_glm.translation.provider import codex_command, config_block, forward_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codex_glm.proxy.config.settings import Settings
    from codex_glm.proxy.launch.simulation import Simulation

_SIMULATED = """
  ┌─────────────────────────────────────────────────────────────────────────┐
  │  SIMULATOR: no GLM is asked. Every answer is scripted.                  │
  │  Set GLM_API_KEY and start again to talk to GLM.                        │
  └─────────────────────────────────────────────────────────────────────────┘
"""

_THIS_MACHINE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
"""What stands for all addresses, and the one of them at which a machine reaches itself."""

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
    lines += _for_codex(settings)
    print("\n".join(lines), file=sys.stdout, flush=True)  # noqa: T201  # a banner, not a log line


def _for_codex(settings: Settings) -> list[str]:
    """Say how to point Codex at each address; a token is left to its owner to write."""
    lines = []
    for address in _listening("reverse"):
        base = f"http://{address}/v1"
        lines += ["", f"  Codex   {base}", *_token(settings, 'in place of "codex-glm"')]
        lines += ["", codex_command(base), "", config_block(base)]
    for address in _listening("regular"):
        lines += ["", f"  forward http://{address}"]
        lines += _token(settings, f"as the password: HTTPS_PROXY=http://me:TOKEN@{address}")
        lines += ["", forward_command(address, _certificate())]
    return lines


def _token(settings: Settings, where: str) -> list[str]:
    return [f"  token   glm_client_tokens asks for one, {where}"] if settings.tokens else []


def _listening(mode: str) -> list[str]:
    """Give the addresses, as they stand in a URL, at which this machine reaches a mode."""
    server = ctx.master.addons.get("proxyserver")
    return [
        _address(instance.listen_addrs)
        for instance in server.servers
        if instance.mode.type_name == mode and instance.listen_addrs
    ]


def _address(listened: Sequence[tuple[str, int]]) -> str:
    """Choose one of the addresses of a server, IPv4 first; `::` alone is not reached by that."""
    host, port, *_ = next((each for each in listened if ":" not in each[0]), listened[0])
    host = _THIS_MACHINE.get(host, host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _certificate() -> str:
    """Give the path of the CA that a Codex has to trust in forward mode."""
    return str(Path(ctx.options.confdir).expanduser() / "mitmproxy-ca-cert.pem")
