"""Other programs that serve Responses requests from a chat-completions upstream, and their set-up.

Only what installs from PyPI or npm. They go into a folder outside of the checkout, each with an
environment of its own, and stay there for the next run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal, NamedTuple

SECONDS = 900
"""For one set-up; LiteLLM brings many packages."""


class Rival(NamedTuple):
    """A program, and where it comes from; the newest version that installed on 2026-11-22."""

    name: str
    package: str
    version: str
    registry: Literal["PyPI", "npm"]


RIVALS = (
    Rival("LiteLLM", "litellm[proxy]", "1.106.2", "PyPI"),
    Rival("codex-relay", "codex-relay", "0.5.8", "PyPI"),
    Rival("opencodex", "@bitkyc08/opencodex", "2.63.0", "npm"),
)


def cache_folder() -> Path:
    """Give the folder of what is kept from run to run."""
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "codex-glm/bench"


def folder_of(rival: Rival, cache: Path) -> Path:
    return cache / f"{rival.name}-{rival.version}"


def installed(rival: Rival, cache: Path) -> Path | None:
    """Give the folder of a rival that is set up, else None."""
    folder = folder_of(rival, cache)
    return folder if (folder / "complete").exists() else None


def install(rival: Rival, cache: Path) -> str:
    """Set a rival up unless it is; gives the reason if that fails, else nothing."""
    if installed(rival, cache):
        return ""
    folder = folder_of(rival, cache)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        for command in _commands(rival, folder):
            subprocess.run(command, check=True, timeout=SECONDS, capture_output=True, text=True)
    except FileNotFoundError as error:
        return f"{error.filename} is not there"
    except subprocess.TimeoutExpired:
        return f"its set-up took more than {SECONDS} s"
    except subprocess.CalledProcessError as error:
        lines = str(error.stderr).strip().splitlines()
        return f"its set-up failed: {lines[-1] if lines else error}"
    (folder / "complete").touch()
    return ""


def _commands(rival: Rival, folder: Path) -> list[list[str]]:
    if rival.registry == "npm":
        quiet = ["--no-audit", "--no-fund", "--silent"]
        wanted = f"{rival.package}@{rival.version}"
        return [["npm", "install", "--prefix", str(folder), *quiet, wanted]]
    wanted = f"{rival.package}=={rival.version}"
    python = str(folder / "bin/python")
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if uv:
        return [
            [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", python, wanted],
        ]
    return [
        [sys.executable, "-m", "venv", str(folder)],
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wanted],
    ]
