"""Codex's own settings, for this proxy, and back again."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from codex_glm.commands import places
from codex_glm.commands.catalogue import make_catalogue
from codex_glm.commands.codex_home import FOLDER, HomeError, home_folder, set_up, undo
from codex_glm.commands.codex_program import find_codex
from codex_glm.commands.settings_file import SettingsError, read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from codex_glm.commands.codex_home import Record
    from codex_glm.commands.config_text import Ours


def set_up_codex(base: str, config: str, sets: Sequence[str]) -> None:
    """Set Codex up and say what was done; ends with a sentence if it cannot.

    `base` is the proxy's URL if not the settings' own, `config` another settings file, `sets` are
    options as for mitmproxy.
    """
    home = home_folder(os.environ)
    try:
        _say(_set_up(home, base, config, sets))
    except (HomeError, SettingsError) as error:
        sys.exit(str(error))


def undo_codex() -> None:
    """Undo a set-up and say what was done; ends with a sentence if it cannot."""
    try:
        _say(_undo(home_folder(os.environ)))
    except HomeError as error:
        sys.exit(str(error))


def _say(lines: Sequence[str]) -> None:
    print("\n".join(lines))  # noqa: T201  # the command's answer


def _set_up(home: Path, base: str, config: str, sets: Sequence[str]) -> list[str]:
    settings = read_settings(os.environ, config, sets)
    base = _with_path(base.rstrip("/") or settings.origin)
    codex = find_codex()
    catalogue = make_catalogue(os.environ, codex.version if codex else "", config, sets)
    record = set_up(home, base, catalogue)
    run, back = places.command("run"), places.command("undo")
    start = f"Start the proxy ({run}), then Codex as ever: codex, or codex exec 'say hello'"
    missing = [] if codex else ["There is no codex on PATH: npm install -g @openai/codex"]
    token = _token(record.ours) if settings.tokens else []
    return [*_changes(home, record), "", start, *missing, *token, f"Undo it with: {back}"]


def _with_path(base: str) -> str:
    """Give the URL that Codex needs, also where only the proxy's own is named."""
    try:
        parts = urlsplit(base)
        named = parts.scheme in ("http", "https") and parts.hostname
    except ValueError:
        named = None
    if not named:
        words = "give the proxy's URL, such as http://127.0.0.1:18765/v1, not"
        raise SettingsError(f"--base: {words} {base}")
    return base if parts.path else f"{base}/v1"


def _token(ours: Ours) -> list[str]:
    if {"env_key", "env_http_headers", "experimental_bearer_token"} & set(ours.kept):
        return []
    return [
        "The proxy asks its clients for a token (glm_client_tokens): name the variable that holds",
        f'yours in [model_providers.{ours.provider}], as in env_key = "MY_TOKEN", in place of',
        "experimental_bearer_token. That stays when this is run again.",
    ]


def _changes(home: Path, record: Record) -> list[str]:
    ours = record.ours
    was = {key: f" (was {value})" for key, value in ours.replaced.items()}
    copied = ", a copy of config.toml as it was" if record.existed else ""
    return [
        f"{home / 'config.toml'}",
        *(f"  {key} = {value}{was.get(key, '')}" for key, value in ours.keys.items()),
        f"  [model_providers.{ours.provider}] leads to {ours.table['base_url']}",
        *([f"  kept as you had changed it: {', '.join(ours.kept)}"] if ours.kept else []),
        f"{home / FOLDER}",
        f"  the model catalogue{copied}, a record for the undoing",
        "Nothing else was touched.",
    ]


def _undo(home: Path) -> list[str]:
    remarks = undo(home)
    if remarks is None:
        return [f"Nothing to undo: {home} was not set up by {places.command('codex')}."]
    return [*remarks, f"{home} holds nothing of codex-glm any more."]
