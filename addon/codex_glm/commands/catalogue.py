"""The model catalogue as the proxy's own command writes it, which reads all of its settings."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from codex_glm.commands import places
from codex_glm.commands.settings_file import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Not from the working folder (-P), which may hold anything.
_COMMAND = (sys.executable, "-P", "-m", "codex_glm", "catalog")
_CLONED = {"PYTHONPATH": str(places.PACKAGE.parent)} if places.CHECKOUT else {}


def make_catalogue(
    environ: Mapping[str, str],
    version: str,
    config: str = "",
    sets: Sequence[str] = (),
    *,
    strict: bool = False,
) -> str:
    """Give the catalogue for a Codex of `version`.

    `config` names another settings file, `sets` are options as for mitmproxy. Raises SettingsError
    with what is wrong with the proxy's settings; with `strict`, with any of them.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "models.json"
        options = [part for each in sets for part in ("--set", each)]
        options += ["--strict"] if strict else []
        ran = subprocess.run(  # noqa: S603  # a command of this package
            [*_COMMAND, "--out", str(path), "--codex", version, "--config", config, *options],
            env={**environ, **_CLONED},
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise SettingsError(ran.stderr.strip())
        return path.read_text("utf-8")
