"""The model catalogue as the proxy's own command writes it, which reads all of its settings."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import codex_glm
from codex_glm.commands import settings_file
from codex_glm.commands.settings_file import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PACKAGES = str(Path(codex_glm.__file__).parents[1])


def make_catalogue(environ: Mapping[str, str], version: str, sets: Sequence[str] = ()) -> str:
    """Give the catalogue for a Codex of `version`; `sets` are options as for mitmproxy.

    Raises SettingsError with what is wrong with the proxy's settings.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "models.json"
        command = [sys.executable, "-m", "codex_glm.proxy.catalog_file", "--out", str(path)]
        own = settings_file.SETTINGS_FILE
        chosen = [f"glm_config={own}"] if own.exists() else []
        options = [part for each in (*chosen, *sets) for part in ("--set", each)]
        ran = subprocess.run(  # noqa: S603  # a command of this package
            [*command, "--codex", version, *options],
            env={**environ, "PYTHONPATH": _PACKAGES},
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise SettingsError(ran.stderr.strip())
        return path.read_text("utf-8")
