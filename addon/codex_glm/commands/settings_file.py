"""What the commands need to know of the proxy's settings: its address, GLM's base and the key.

They are read without mitmproxy, so the other settings are neither read nor checked here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTINGS_FILE = Path(__file__).resolve().parents[3] / "mitm-config.yaml"
DEFAULT_BASE = "https://open.bigmodel.cn/api/coding/paas/v4"
_PORT = 18765
_ADDRESS = re.compile(r"reverse:.*@(?:(.*):)?(\d+)$")
_ANYWHERE = ("", "0.0.0.0", "::", "*")


class SettingsError(Exception):
    """The settings file cannot be read; the words name it."""


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
    """`off`, `on` or `auto`; make run starts with `auto`."""

    @property
    def origin(self) -> str:
        """The URL of the proxy, without a path."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def read_settings(environ: Mapping[str, str], path: Path | None = None) -> ProxySettings:
    """Read the environment and the settings file; the environment goes first.

    Raises SettingsError for a file that is no mapping.
    """
    values = _read_file(path or SETTINGS_FILE)
    host, port = _address(values)
    base, base_source = _first(environ, values, "GLM_API_BASE", "glm_api_base")
    key, key_source = _first(environ, values, "GLM_API_KEY", "glm_api_key")
    return ProxySettings(
        host="127.0.0.1" if host in _ANYWHERE else host,
        port=port,
        glm_base=(base or DEFAULT_BASE).rstrip("/").removesuffix("/chat/completions"),
        base_source=base_source or "the default",
        key=key,
        key_source=key_source,
        simulator=_text(values, "glm_simulator") or "auto",
    )


def _address(values: Mapping[str, object]) -> tuple[str, int]:
    host, port = _text(values, "listen_host"), _text(values, "listen_port")
    modes = values.get("mode")
    for mode in modes if isinstance(modes, list) else [modes]:
        if found := _ADDRESS.match(str(mode)):
            host, port = found[1] or host, found[2]
    return host, int(port) if port.isdecimal() else _PORT


def _first(
    environ: Mapping[str, str], values: Mapping[str, object], variable: str, option: str
) -> tuple[str, str]:
    if given := environ.get(variable, "").strip():
        return given, f"{variable} in the environment"
    given = _text(values, option)
    return given, "mitm-config.yaml" if given else ""


def _read_file(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
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
