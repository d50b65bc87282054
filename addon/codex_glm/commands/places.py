"""Where things are, and how a command is typed: in a clone, or from an installed package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import codex_glm

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = Path(codex_glm.__file__).resolve().parent
_CLONED = PACKAGE.parent.name == "addon" and (PACKAGE.parent / "glm.py").exists()
CHECKOUT = PACKAGE.parents[1] if _CLONED else None
"""The folder of the clone; None where the package was installed."""
SCRIPT = (CHECKOUT / "addon" if CHECKOUT else PACKAGE / "script") / "glm.py"
"""What mitmproxy loads. Installed, it has a folder of its own: mitmproxy puts that folder in front
of the places for imports (12.2.3), and the package's own holds names of the standard library."""
FILE_NAME = "mitm-config.yaml"
SHIPPED = (CHECKOUT or PACKAGE) / FILE_NAME
"""The settings file of the clone, or the one that came with the package."""

_TARGETS = {"undo": "codex-undo"}


def own_settings(environ: Mapping[str, str]) -> Path:
    """Give the place for the settings file of a user of the installed package."""
    folder = Path(environ.get("XDG_CONFIG_HOME", ""))
    if not folder.is_absolute():  # as the XDG specification asks
        folder = Path(environ.get("HOME") or Path.home()) / ".config"
    return folder / "codex-glm" / FILE_NAME


def settings_file(environ: Mapping[str, str]) -> Path:
    """Give the settings file where none is named; in a clone it may not be there.

    The working folder is not looked at: a repository could send the key elsewhere with a file of
    this name, or have mitmproxy run a script.
    """
    own = own_settings(environ)
    return own if not CHECKOUT and own.exists() else SHIPPED


def named_path(named: str) -> Path:
    """Give a path that somebody typed; a `~` of nobody's stays as it is, as in a shell."""
    try:
        return Path(named).expanduser()
    except RuntimeError:
        return Path(named)


def command(name: str, options: str = "") -> str:
    """Say what to type for one of our commands, as in `make run` or `codex-glm run`."""
    if not CHECKOUT:
        return f"codex-glm {name} {options}".strip()
    target = _TARGETS.get(name, name)
    return f'make {target} ARGS="{options}"' if options else f"make {target}"
