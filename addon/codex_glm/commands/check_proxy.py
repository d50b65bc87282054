"""The doctor at the proxy: does it run, is it this addon, and with these settings."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from codex_glm import __version__
from codex_glm.commands.base_url import shown
from codex_glm.commands.catalogue import make_catalogue
from codex_glm.commands.findings import note, ok, wrong
from codex_glm.commands.places import CHECKOUT, command
from codex_glm.commands.settings_file import SettingsError
from codex_glm.sidecalls.client import SideCallError, SideClient

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codex_glm.commands.findings import Finding
    from codex_glm.commands.settings_file import ProxySettings
    from codex_glm.translation.wire.wire_json import JsonObject

_RUN = command("run")
_RESTART = f"start the proxy anew: {'make stop start, or ' if CHECKOUT else ''}{_RUN}"
_SECONDS = 10.0


def check_settings(environ: Mapping[str, str], config: str, settings: ProxySettings) -> Finding:
    """Have the proxy read all of its settings."""
    try:
        make_catalogue(environ, "", config, strict=True)
    except SettingsError as error:
        words = str(error)
        mend = "correct it (variables are looked for in the environment of this command)"
        return wrong("settings", words.splitlines()[-1] if words else "unreadable", mend)
    return ok("settings", f"{settings.file} and the environment can be read")


async def check_proxy(settings: ProxySettings) -> list[Finding]:
    """Ask the proxy how it is."""
    try:
        state = await SideClient(settings.origin, "codex-glm", _SECONDS).get_json("/health")
    except SideCallError as error:
        return [_not_there(settings, error)]
    if "turns_served" not in state:
        return [_taken(settings, "a program that is not this proxy")]
    return [ok("proxy", f"{settings.origin} answers, with the addon"), *_compare(state, settings)]


def _not_there(settings: ProxySettings, error: SideCallError) -> Finding:
    if error.status in (500, 502):
        words = f"{settings.origin} answers {error.status}: perhaps mitmproxy without the addon"
        return wrong("proxy", words, f"end that program, then {_RUN}")
    if error.status:
        return _taken(settings, f"a program that is not this proxy (HTTP {error.status})")
    if _accepts(settings):
        return _taken(settings, f"a program that is not this proxy ({error.message})")
    if _can_bind(settings):
        return wrong("proxy", f"it does not run; {_place(settings)} is free", _RUN)
    words = f"it does not run, and cannot listen at {_place(settings)}"
    return wrong("proxy", words, f"choose another listen_host or listen_port in {settings.file}")


def _taken(settings: ProxySettings, by: str) -> Finding:
    file = f"another listen_port in {settings.file}, then {_RUN} and {command('codex')}"
    return wrong("proxy", f"{_place(settings)} is taken by {by}", f"end it, or choose {file}")


def _place(settings: ProxySettings) -> str:
    return f"{settings.host}:{settings.port}"


def _accepts(settings: ProxySettings) -> bool:
    try:
        socket.create_connection((settings.host, settings.port), _SECONDS).close()
    except (OSError, UnicodeError):  # the latter for what can be no name of a host
        return False
    return True


def _can_bind(settings: ProxySettings) -> bool:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except (OSError, TypeError):  # the latter likewise (Python 3.13)
            return False
    return True


def _compare(state: JsonObject, settings: ProxySettings) -> list[Finding]:
    findings = []
    if state.get("version") != __version__:
        words = f"it runs version {state.get('version')}, this is {__version__}"
        findings.append(wrong("proxy version", words, _RESTART))
    simulated = state.get("simulator") is True
    if simulated and settings.key and settings.simulator != "on":
        words = "it answers from the simulator: it was started without the key"
        findings.append(wrong("proxy key", words, _RESTART))
    elif simulated:
        findings.append(note("proxy key", "the simulator answers: every answer is scripted"))
    elif str(state.get("key", "")).startswith("missing"):
        words = "it was started without a key"
        findings.append(wrong("proxy key", words, f"export GLM_API_KEY=…, then {_RUN}"))
    elif state.get("upstream") != settings.glm_base:
        base = shown(settings.glm_base)
        words = f"it goes to {state.get('upstream')}, but the settings say {base}"
        findings.append(wrong("proxy base", words, _RESTART))
    return findings
