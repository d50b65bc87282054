"""What the commands need to know of the proxy's settings: its address, GLM's base and the key.

They are read without mitmproxy, so the other settings are neither read nor checked here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from codex_glm.commands import places

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DEFAULT_BASE = "https://open.bigmodel.cn/api/coding/paas/v4"
_PORT = 18765
_ADDRESS = re.compile(r"reverse:.*@(?:(.*):)?(\d+)$")
_GIVEN = ("listen_host", "listen_port", "glm_config", "glm_client_tokens")
_ANYWHERE = ("", "0.0.0.0", "::", "*")


class SettingsError(Exception):
    """The settings cannot be read, or say what cannot be; the words name what is wrong."""


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """Where the proxy listens, and where it goes."""

    host: str = "127.0.0.1"
    port: int = _PORT
    glm_base: str = DEFAULT_BASE
    base_source: str = "the default"
    key: str = field(default="", repr=False)
    key_source: str = ""
    simulator: str = "auto"
    """`off`, `on` or `auto`; the command starts with `auto`."""
    file: str = places.FILE_NAME
    """The settings file, by the name that people know it by."""
    tokens: bool = False
    """Whether clients need a token."""

    @property
    def origin(self) -> str:
        """The URL of the proxy, without a path."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def read_settings(
    environ: Mapping[str, str], config: str = "", sets: Sequence[str] = ()
) -> ProxySettings:
    """Read the environment and the settings file; the environment goes first.

    `config` names another file than the usual one; `sets` are options as for mitmproxy, of which
    those count that say where the proxy listens, and which file it reads. Raises SettingsError for
    a file that is no mapping, or that was named and is not there, and for a port that is none.
    """
    given = _given(sets)
    config = _text(given, "glm_config") or config
    path = places.named_path(config) if config else places.settings_file(environ)
    values = {**(_read_file(path) if config or path.exists() else {}), **given}
    host, port = _address(values)
    base, base_source = _first(environ, values, "glm_api_base", path.name)
    key, key_source = _first(environ, values, "glm_api_key", path.name)
    return ProxySettings(
        host="127.0.0.1" if host in _ANYWHERE else host,
        port=port,
        glm_base=(base or DEFAULT_BASE).rstrip("/").removesuffix("/chat/completions"),
        base_source=base_source or "the default",
        key=key,
        key_source=key_source,
        simulator=_text(values, "glm_simulator") or "auto",
        file=_told(path),
        tokens=bool(values.get("glm_client_tokens")),
    )


def _given(sets: Sequence[str]) -> dict[str, object]:
    parts = [one.partition("=") for one in sets]
    given: dict[str, object] = {name: value for name, _, value in parts if name in _GIVEN}
    modes = [value for name, _, value in parts if name == "mode"]
    return given | ({"mode": modes} if modes else {})


def _told(path: Path) -> str:
    return path.name if places.CHECKOUT and path == places.SHIPPED else str(path)


def _address(values: Mapping[str, object]) -> tuple[str, int]:
    host, port = _text(values, "listen_host"), _text(values, "listen_port")
    modes = values.get("mode")
    for mode in modes if isinstance(modes, list) else [modes]:
        if found := _ADDRESS.match(str(mode)):
            host, port = found[1] or host, found[2]
    return host, _read_port(port) if port else _PORT


def _read_port(named: str) -> int:
    try:
        port = int(named)
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        raise SettingsError(f"listen_port: {named!r} is no port from 1 to 65535")
    return port


def _first(
    environ: Mapping[str, str], values: Mapping[str, object], option: str, file: str
) -> tuple[str, str]:
    variable = option.upper()
    if given := environ.get(variable, "").strip():
        return given, f"{variable} in the environment"
    given = _text(values, option)
    return given, file if given else ""


def _read_file(path: Path) -> dict[str, object]:
    try:
        values: object = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise SettingsError(f"{path.name}: {error}") from error
    if not isinstance(values, dict):
        if values is None:
            return {}
        raise SettingsError(f"{path.name}: write one `name: value` a line")
    return {str(name): value for name, value in values.items()}


def _text(values: Mapping[str, object], name: str) -> str:
    value = values.get(name)
    if isinstance(value, bool):
        return "on" if value else "off"
    return "" if value is None else str(value).strip()
