"""Codex homes as people have them, and a look at everything in a folder."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

TABLES = """\
[tui]
notifications = true   # ring

[mcp_servers.docs]
command = "docs"
args = [
  "--all",  # everything
]

[projects."/home/me/a b"]
trust_level = "trusted"
"""

CONFIGS: dict[str, bytes | None] = {
    "none": None,
    "empty": b"",
    "blank": b"\n\n  \n",
    "comments": b"# mine\n#model = 'x'\n",
    "crlf": b'# mine\r\nmodel = "gpt-5.5" # best\r\n\r\n[tui]\r\nnotifications = true\r\n',
    "no last line end": b'approval_policy = "never"\nmodel = "gpt-5.5"',
    "own provider": b"model = 'gpt-5.5' # literal\nmodel_provider=\"local\"\n"
    b'[model_providers.local]\nname = "Local"\nbase_url = "http://127.0.0.1:1/v1"\n',
    "profiles": b'model = "o3"\n[profiles.glm]\nmodel = "glm-5"\nmodel_provider = "glm"\n',
    "own glm": b'[model_providers.glm]\nname = "Mine"\nbase_url = "http://127.0.0.1:1/v1"\n'
    b'[model_providers.codex-glm]\nname = "Mine too"\n',
    "odd order": b'[model_providers.a]\nname = "A"\n[tui]\n[model_providers.b]\nname = "B"\n'
    b'[mcp_servers.x]\ncommand = "x"\n[model_providers.a.http_headers]\nx = "1"\n',
    "unicode": 'model = "glm-5"\n# 日本語 ✓\n["ключ \u2028"]\n"ö"=1\n'.encode(),
    "dotted": b'model_providers.a.name = "A"\ntui.notifications = true\n',
    "inline": b'model_providers = { a = { name = "A" } } # all of them\n',
    "own catalogue": b'model_catalog_json = """\n/x.json"""\n' + TABLES.encode(),
    "empty tables": b"[model_providers]\n\n[tui]\n",
    "marks in words": b'x = """\n# <<< codex-glm\n[model_providers.glm]\n"""\n',
    "byte order mark": b'\xef\xbb\xbfmodel = "gpt-5.5"\n[tui]\nnotifications = true\n',
    "tables": TABLES.encode(),
}


class Seen(NamedTuple):
    """One entry of a folder."""

    mode: int
    content: bytes
    link: str


def look(folder: Path) -> dict[str, Seen]:
    """Give everything in a folder, by its path: kind, mode, content, where a link leads."""
    return {str(path.relative_to(folder)): _see(path) for path in sorted(folder.rglob("*"))}


def _see(path: Path) -> Seen:
    mode = path.lstat().st_mode
    content = path.read_bytes() if stat.S_ISREG(mode) else b""
    return Seen(mode, content, str(path.readlink()) if stat.S_ISLNK(mode) else "")


def make_home(folder: Path, content: bytes | None) -> Path:
    """Make a Codex home with this config.toml; None: the home is not there yet."""
    home = folder / "user" / ".codex"
    if content is not None:
        home.mkdir(parents=True)
        (home / "auth.json").write_bytes(b"{}")
        (home / "config.toml").write_bytes(content)
        (home / "config.toml").chmod(0o640)
    return home
