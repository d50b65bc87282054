"""`python -m codex_glm.commands.codex set-up|undo`: Codex's own settings, for this proxy."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from codex_glm.commands.catalogue import make_catalogue
from codex_glm.commands.codex_home import FOLDER, HomeError, home_folder, set_up, undo
from codex_glm.commands.codex_program import find_codex
from codex_glm.commands.settings_file import SettingsError, read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from codex_glm.commands.codex_home import Record


def main(arguments: Sequence[str] | None = None) -> None:
    """Set Codex up or undo it, and say what was done; ends with a sentence if it cannot."""
    asked = _parser().parse_args(arguments)
    home = home_folder(os.environ)
    try:
        lines = _undo(home) if asked.action == "undo" else _set_up(home, asked)
    except (HomeError, SettingsError) as error:
        sys.exit(str(error))
    print("\n".join(lines))  # noqa: T201  # the command's answer


def _set_up(home: Path, asked: argparse.Namespace) -> list[str]:
    base = asked.base or f"{read_settings(os.environ).origin}/v1"
    codex = find_codex()
    catalogue = make_catalogue(os.environ, codex.version if codex else "", asked.set)
    record = set_up(home, base.rstrip("/"), catalogue)
    start = "Start the proxy (make run), then Codex as ever: codex, or codex exec 'say hello'"
    missing = [] if codex else ["There is no codex on PATH: npm install -g @openai/codex"]
    return [*_changes(home, record), "", start, *missing, "Undo it with: make codex-undo"]


def _changes(home: Path, record: Record) -> list[str]:
    ours = record.ours
    was = {key: f" (was {value})" for key, value in ours.replaced.items()}
    copied = ", a copy of config.toml as it was" if record.existed else ""
    return [
        f"{home / 'config.toml'}",
        *(f"  {key} = {value}{was.get(key, '')}" for key, value in ours.keys.items()),
        f"  [model_providers.{ours.provider}] leads to {ours.table['base_url']}",
        f"{home / FOLDER}",
        f"  the model catalogue{copied}, a record for the undoing",
        "Nothing else was touched.",
    ]


def _undo(home: Path) -> list[str]:
    remarks = undo(home)
    if remarks is None:
        return [f"Nothing to undo: {home} was not set up by make codex."]
    return [*remarks, f"{home} holds nothing of codex-glm any more."]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Set Codex up for this proxy, or undo that.")
    parser.add_argument("action", choices=("set-up", "undo"))
    parser.add_argument("--base", default="", help="the proxy's URL, if not the settings' own")
    parser.add_argument("--set", action="append", default=[], help="an option of the proxy")
    return parser


if __name__ == "__main__":
    main()
