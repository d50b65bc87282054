"""What the proxy would read of its settings, read without a proxy."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from mitmproxy.addonmanager import Loader
from mitmproxy.addons import default_addons
from mitmproxy.exceptions import OptionsError
from mitmproxy.options import Options

from codex_glm.commands import places
from codex_glm.proxy.config import config_file, guards
from codex_glm.proxy.config import options as addon_options
from codex_glm.proxy.entry.addresses import exposed
from codex_glm.proxy.launch import start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mitmproxy.master import Master

    from codex_glm.proxy.config.settings import Settings

_OF_THE_CATALOGUE = {"glm_api_base", "glm_model_map", "glm_images", "glm_vision_model"}
"""The options that the catalogue depends on."""


def read_settings(sets: Sequence[str], *, strict: bool = False) -> Settings:
    """Read what the proxy would read: options given here, the environment, the settings file.

    Of the file only what the catalogue depends on has to be right, and with `strict` everything.
    Raises OptionsError or ConfigError for an unknown option or a bad value.
    """
    options = _declared()
    if strict:
        options.update(**start.DEFAULTS)
    options.set(*sets)
    chosen = options.glm_config
    path = Path(chosen).expanduser() if chosen else places.settings_file(os.environ)
    if chosen or path.exists():
        given = {each.partition("=")[0] for each in sets}
        given |= set() if strict else set(options.keys()) - _OF_THE_CATALOGUE
        config_file.apply_file(options, path, frozenset(given), os.environ, addon_options.read_key)
    settings = addon_options.read_settings(options, os.environ, None)
    if strict:
        guards.check_options(options, settings.bases)
        _check_places(options, settings)
    return settings


def _declared() -> Options:
    """Declare the options of mitmproxy, of its own addons and of this one; no addon is run."""
    options = Options()
    commands = SimpleNamespace(add=lambda *_: None)
    loader = Loader(cast("Master", SimpleNamespace(options=options, commands=commands)))
    for addon in default_addons():
        if hasattr(addon, "load"):
            addon.load(loader)
    addon_options.declare(options)
    guards.set_options(options)
    return options


def _check_places(options: Options, settings: Settings) -> None:
    try:
        places_open = exposed(options.mode, options.listen_host)
    except ValueError as error:
        raise OptionsError(f"mode: {error}") from error
    if places_open and not settings.tokens:
        words = "would let others than this machine in: set listen_host: 127.0.0.1, or give clients"
        raise OptionsError(f"{', '.join(places_open)} {words} tokens (glm_client_tokens)")
