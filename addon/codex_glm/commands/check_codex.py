"""The doctor at Codex: the program, its config.toml, and what stands between it and the proxy."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING

from codex_glm.commands.base_url import shown
from codex_glm.commands.codex_config import (
    ConfigError,
    chosen,
    profile_table,
    provider,
    read_config,
)
from codex_glm.commands.codex_program import find_codex
from codex_glm.commands.findings import note, ok, skipped, wrong
from codex_glm.commands.places import command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codex_glm.commands.codex_config import Table
    from codex_glm.commands.codex_program import Codex
    from codex_glm.commands.findings import Finding
    from codex_glm.commands.settings_file import ProxySettings

OLDEST, NEWEST = (0, 63), (0, 169)
"""The versions of Codex that were tried with this proxy reach from one to the other."""
_NO_PROFILE = (0, 134)
"""From here on Codex does not start with `profile =` in its config.toml; 0.133.0 takes it."""
_SET_UP = command("codex")
_OWN_LIST = note(
    "catalogue", "Codex's own provider asks for no list of models with an API key, and guesses"
)
_PROXY_VARIABLES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
_CERTIFICATES = ("CODEX_CA_CERTIFICATE", "SSL_CERT_FILE")
_MITMPROXY_CA = ".mitmproxy/mitmproxy-ca-cert.pem"


def check_codex(environ: Mapping[str, str], home: Path, settings: ProxySettings) -> list[Finding]:
    """Look at everything on Codex's side."""
    codex = find_codex(environ.get("PATH", ""))
    return [
        _program(codex),
        *_config(environ, home, settings, codex),
        *_way(environ, settings),
        _authority(environ),
    ]


def _program(codex: Codex | None) -> Finding:
    if codex is None:
        return wrong("Codex", "there is no codex on PATH", "npm install -g @openai/codex")
    if not codex.version:
        return wrong("Codex", f"{codex.path} does not say its version", "install Codex anew")
    if codex.number < OLDEST:
        words = f"{codex.path}, {codex.version}: older than any that was tried"
        return wrong("Codex", words, "npm install -g @openai/codex")
    if codex.number > NEWEST:
        return note("Codex", f"{codex.path}, {codex.version}: newer than any that was tried")
    return ok("Codex", f"{codex.path}, {codex.version}")


def _config(
    environ: Mapping[str, str], home: Path, settings: ProxySettings, codex: Codex | None
) -> list[Finding]:
    try:
        config = read_config(home)
    except FileNotFoundError:
        return [wrong("config", f"there is no {home / 'config.toml'}", _SET_UP)]
    except ConfigError as error:
        words, mend = error.args
        return [wrong("config", words, f"{mend}, then {_SET_UP}")]
    found = [_profile(config, codex)] if "profile" in config else []
    if [each for each in found if each.state == "wrong"]:
        return found
    return [*found, *_chosen(environ, home, settings, chosen(config))]


def _profile(config: Table, codex: Codex | None) -> Finding:
    name, mend = config["profile"], "take that line out"
    if codex and codex.number >= _NO_PROFILE:
        words = f"config.toml has `profile =`, which Codex {codex.version} refuses to start with"
        return wrong("config", words, mend)
    if not profile_table(config):
        return wrong("config", f"config.toml has no profile {name}: Codex will not start", mend)
    return note("profile", f"{name} is chosen; Codex from 0.134.0 on refuses to start with it")


def _chosen(
    environ: Mapping[str, str], home: Path, settings: ProxySettings, config: Table
) -> list[Finding]:
    """Look at the provider that the settings choose."""
    name, table = provider(config)
    if table is None:
        words = f"config.toml chooses the provider {name}, which is not this proxy"
        mend = "take the line `profile =` out" if "profile" in config else _SET_UP
        return [wrong("config", words, mend)]
    found = [_provider(table, settings), *_login(table, environ), *_names(table)]
    if found[0].state == "ok":
        own = name == "openai" and "model_catalog_json" not in config
        found += [_OWN_LIST if own else _catalogue(config, table, home)]
    return found


def _provider(table: Table, settings: ProxySettings) -> Finding:
    base, wanted = str(table.get("base_url", "")).rstrip("/"), f"{settings.origin}/v1"
    if table.get("wire_api", "responses") != "responses":
        return wrong("config", "wire_api is not `responses`, and Codex will not start", _SET_UP)
    same = {base.replace("//localhost:", "//127.0.0.1:"), base}
    if wanted in same:
        return ok("config", f"its provider is the proxy, {base}")
    if settings.origin in same:
        return wrong("config", f"base_url lacks the /v1 at its end: {base}", _SET_UP)
    if base.replace("https", "http", 1) == wanted:
        return wrong("config", f"base_url is https, the proxy speaks plain http: {base}", _SET_UP)
    words = f"base_url is {shown(base) if base else 'not set'}, but the proxy's is {wanted}"
    return wrong("config", words, _SET_UP)


def _login(table: Table, environ: Mapping[str, str]) -> list[Finding]:
    variable = table.get("env_key")
    if variable and not environ.get(str(variable)):
        words = f"env_key names {variable}, which is not set: Codex will not start"
        mend = f"export {variable}=codex-glm, or the token if the proxy asks for one"
        return [wrong("bearer", words, mend)]
    return []


def _names(table: Table) -> list[Finding]:
    if str(table.get("name", "")).lower() in ("openai", "azure"):
        words = "a provider of this name makes Codex compact on the server's side; GLM sums up then"
        return [note("name", words, 'name = "GLM"')]
    return []


def _catalogue(config: Table, table: Table, home: Path) -> Finding:
    if "model_catalog_json" in config:
        named = str(config["model_catalog_json"])
        # Codex takes no other `~` for a home: `~me/x` is a file in its own folder.
        path = Path(named).expanduser() if named.startswith("~/") else Path(named)
        return _catalogue_file(home / path)
    if "model_catalog_url" not in table:
        words = "Codex is given none: it offers no apply_patch and guesses the model's window"
        return wrong("catalogue", words, _SET_UP)
    if not table.get("experimental_bearer_token") and not table.get("env_key"):
        words = "Codex does not fetch it, as the provider has no experimental_bearer_token"
        return wrong("catalogue", words, _SET_UP)
    return ok("catalogue", f"fetched from {shown(str(table['model_catalog_url']))}")


def _catalogue_file(path: Path) -> Finding:
    try:
        models = json.loads(path.read_text("utf-8"))["models"]
    except OSError as error:
        return wrong("catalogue", f"{path}: {error.strerror}; Codex will not start", _SET_UP)
    except (ValueError, KeyError, TypeError):
        models = None
    if not isinstance(models, list):
        return wrong("catalogue", f"{path} is no catalogue of models", _SET_UP)
    return ok("catalogue", f"{path}, {len(models)} models")


def _way(environ: Mapping[str, str], settings: ProxySettings) -> list[Finding]:
    """Look for a proxy variable that catches requests to this machine (codex-cli 0.163.0)."""
    variable = next((name for name in _PROXY_VARIABLES if environ.get(name)), "")
    if not variable:
        return []
    passed = environ.get("NO_PROXY", "") or environ.get("no_proxy", "")
    if any(_covers(rule.strip(), settings.host) for rule in passed.split(",")):
        return [ok("way", f"{variable} is set, and NO_PROXY excepts {settings.host}")]
    words = f"{variable} is set: Codex sends what is for {settings.host} there too, and waits"
    return [wrong("way", words, f"export NO_PROXY={settings.host}")]


def _covers(rule: str, host: str) -> bool:
    """Tell whether a rule of NO_PROXY, which may be a network, excepts a host."""
    if rule in ("*", host):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return bool(rule) and host.endswith(f".{rule.removeprefix('.')}")
    try:
        return address in ip_network(rule.strip("[]"), strict=False)
    except ValueError:
        return False


def _authority(environ: Mapping[str, str]) -> Finding:
    for variable in _CERTIFICATES:
        if value := environ.get(variable):
            return _authority_file(variable, Path(value))
    home = environ.get("HOME", "")
    if home and (Path(home) / _MITMPROXY_CA).exists():
        return skipped("CA", "not set in CODEX_CA_CERTIFICATE; only the forward proxy needs it")
    return skipped("CA", "mitmproxy has made none yet; only the forward proxy needs it")


def _authority_file(variable: str, path: Path) -> Finding:
    mend = f"export {variable}=~/{_MITMPROXY_CA}"
    try:
        text = path.read_text("ascii", "replace")
    except OSError as error:
        return wrong("CA", f"{variable}: {path}: {error.strerror}", mend)
    if "BEGIN CERTIFICATE" not in text:
        return wrong("CA", f"{variable}: {path} holds no certificate", mend)
    return ok("CA", f"{variable}: {path} can be read")
