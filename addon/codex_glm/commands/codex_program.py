"""The Codex of this machine: where it is, and which version."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import NamedTuple

_SECONDS = 20


class Codex(NamedTuple):
    """A program called codex."""

    path: str
    version: str
    """Such as `0.163.0`; empty if it would not say."""

    @property
    def number(self) -> tuple[int, ...]:
        """Major and minor version; empty, and so the least of all, if it would not say."""
        return tuple(int(part) for part in self.version.split(".")[:2] if part)


def find_codex(search: str | None = None) -> Codex | None:
    """Give the first `codex` on PATH, or in the folders of `search`."""
    path = shutil.which("codex", path=search)
    if path is None:
        return None
    try:
        ran = subprocess.run(  # noqa: S603  # the user's own Codex
            [path, "--version"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return Codex(path, "")
    said = re.search(r"\d+\.\d+\.\d+", ran.stdout)
    return Codex(path, said[0] if said else "")
