"""Codex's model list on the disk, which is to be the user's own again after a command.

It holds for five minutes, whoever gave it (codex-cli 0.169.0). Several commands may run at a time,
each through a proxy of its own, and any of them may be killed. So a list is judged by what is in
it: GLM's is never kept for the user's own, and a list of the user's is never replaced.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_GLM = re.compile(rb'"slug"\s*:\s*"glm-')


@contextmanager
def kept(environ: Mapping[str, str]) -> Iterator[None]:
    """Take the list away, so that Codex asks for GLM's, and put it back after the block."""
    home = Path(environ.get("CODEX_HOME") or Path.home() / ".codex")
    file = home / "models_cache.json"
    before = _own(file)
    file.unlink(missing_ok=True)
    try:
        yield
    finally:
        if not _own(file):
            file.unlink(missing_ok=True)
            if before:
                file.write_bytes(before)


def _own(file: Path) -> bytes:
    """Read the list; empty where there is none, or GLM's."""
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        return b""
    return b"" if _GLM.search(text) else text
