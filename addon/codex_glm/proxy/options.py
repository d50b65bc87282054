"""The addon's options, and the settings that they amount to."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mitmproxy.exceptions import OptionsError

from codex_glm.proxy.api_key import HIDDEN, ApiKey
from codex_glm.translation.models import base_kind
from codex_glm.translation.request import TranslationSettings

if TYPE_CHECKING:
    from mitmproxy.addonmanager import Loader
    from mitmproxy.options import Options

DEFAULT_BASE = "https://open.bigmodel.cn/api/coding/paas/v4"
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max", "ultra")
SIMULATOR_CHOICES = ("off", "auto", "on")
_RULE = re.compile(r"\s*(\S+)\s*=\s*(\S+)\s*")

_OPTIONS: tuple[tuple[str, type | object, object, str], ...] = (
    ("glm_api_key", str, "", "The GLM API key; better given as GLM_API_KEY in the environment."),
    ("glm_api_base", str, "", f"Base URL of GLM. Default: GLM_API_BASE, else {DEFAULT_BASE}"),
    ("glm_model_map", Sequence[str], [], "Own model names, asked=model; `*` matches anything."),
    ("glm_effort", str, "", "Reasoning effort for every turn, instead of what Codex asks."),
    ("glm_tool_stream", bool, True, "Ask GLM for tool arguments in fragments."),
    ("glm_simulator", str, "off", "Answer from the embedded simulator: off, on, auto (no key)."),
    ("glm_config", str, "", "The settings file. Default: mitm-config.yaml beside addon/."),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user decided, checked and in one piece."""

    base: str
    base_source: str
    key: ApiKey | None
    model_map: tuple[tuple[str, str], ...]
    effort: str
    tool_stream: bool
    simulator: str

    @property
    def simulated(self) -> bool:
        """Whether turns go to the embedded simulator."""
        return self.simulator == "on" or (self.simulator == "auto" and self.key is None)

    @property
    def base_kind(self) -> str:
        """The product that the base belongs to; see `translation.models.base_kind`."""
        return base_kind(self.base)

    def translation(self, key: ApiKey) -> TranslationSettings:
        """Give the part that translation needs, for a turn under `key`."""
        return TranslationSettings(
            base=self.base_kind,
            model_map=self.model_map,
            tool_stream=self.tool_stream,
            effort=self.effort,
            seal_key=key.seal_key,
        )


def declare(loader: Loader) -> None:
    """Declare all options to mitmproxy.

    Those with a shape of their own are text and read here: mitmproxy leaves an addon out without
    a word when `--set` gives one of its typed options a bad value (observed on 12.3.1).
    """
    for name, kind, default, words in _OPTIONS:
        loader.add_option(name, kind, default, words)  # type: ignore[arg-type]  # as declared


UNSET = Settings(DEFAULT_BASE, "default", None, (), "", tool_stream=True, simulator="off")
"""What holds until the options have been read for the first time."""


def read_settings(
    options: Options, environ: Mapping[str, str], given_key: ApiKey | None
) -> Settings:
    """Read and check the options; `given_key` is what `glm_api_key` held.

    Raises OptionsError with the name of the option that is wrong.
    """
    base, source = _read_base(options.glm_api_base, environ)
    return Settings(
        base=base,
        base_source=source,
        key=given_key or read_key(environ.get("GLM_API_KEY", ""), "GLM_API_KEY in the environment"),
        model_map=tuple(_read_rule(rule) for rule in options.glm_model_map),
        effort=_read_choice("glm_effort", options.glm_effort, ("", *EFFORTS)),
        tool_stream=options.glm_tool_stream,
        simulator=_read_choice("glm_simulator", options.glm_simulator, SIMULATOR_CHOICES),
    )


def read_key(value: str, source: str) -> ApiKey | None:
    """Take a key as it was given in `source`; None where that holds none, or only its mask.

    Raises OptionsError for a value that no HTTP header can carry.
    """
    key = value.strip()
    if not key or key == HIDDEN:
        return None
    if not key.isascii() or not key.isprintable() or " " in key:
        raise OptionsError(f"{source}: a key is one word of printable ASCII characters")
    return ApiKey(key, source)


def _read_base(option: str, environ: Mapping[str, str]) -> tuple[str, str]:
    for value, source in (
        (option, "glm_api_base"),
        (environ.get("GLM_API_BASE", ""), "GLM_API_BASE in the environment"),
        (DEFAULT_BASE, "default"),
    ):
        if value.strip():
            return _check_base(value.strip(), source), source
    raise AssertionError("the default is never empty")


def _check_base(url: str, source: str) -> str:
    url = url.rstrip("/").removesuffix("/chat/completions")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise OptionsError(f"{source}: {url} is no URL ({error})") from error
    beyond = parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in ("http", "https") or not host or beyond:
        raise OptionsError(f"{source}: give a URL such as {DEFAULT_BASE}, not {url}")
    if parts.scheme == "http" and not _is_loopback(host):
        raise OptionsError(f"{source}: plain http would show the key; use https, not {url}")
    return parts._replace(netloc=parts.netloc.lower()).geturl()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read_rule(rule: str) -> tuple[str, str]:
    matched = _RULE.fullmatch(rule)
    if not matched:
        raise OptionsError(f"glm_model_map: write asked=model, not {rule!r}")
    return matched[1], matched[2]


def _read_choice(name: str, value: str, choices: Sequence[str]) -> str:
    value = value.strip().lower()
    if value not in choices:
        raise OptionsError(f"{name}: {value!r} is none of {', '.join(filter(None, choices))}")
    return value
