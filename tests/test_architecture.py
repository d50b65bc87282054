"""The house plan, held: which room may import what, and how long a file may be."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ADDON = Path(__file__).parents[1] / "addon"
PACKAGE = "codex_glm"
LONGEST = 280

FORBIDDEN_IN_CORE = {
    "asyncio", "http", "io", "logging", "os", "pathlib", "random", "secrets",
    "select", "socket", "ssl", "subprocess", "threading", "time", "urllib.request", "uuid",
}  # fmt: skip
"""Clocks, chance and the outside world: values in, values out."""

CORE_LIBRARIES = {"msgspec"}
"""What pays for itself in the core: see `wire_json`."""

CLOCKS = {"now", "utcnow", "today"}
"""What reads a clock in `datetime`, whose values and zones the core may use."""

ROOMS = {
    # room: the rooms of ours that it may import, besides itself
    "translation": set[str](),
    "simulator": set[str](),
    "sidecalls": {"translation"},
    "inspect": {"translation"},
    "commands": {"translation", "sidecalls"},
    "__main__": {"commands", "proxy", "simulator"},
}
"""`proxy` may import every room, and is imported by `glm.py` alone."""

PRIVATE = {"mitmproxy.proxy.layers.http", "mitmproxy.proxy.mode_servers", "mitmproxy.proxy.tunnel"}
"""Modules of mitmproxy that its documentation does not name, beside those with an underscore."""

CORE_FOLDERS = ["wire", "", "tools", "request", "reply"]
"""The core's folders ("" is the core's top): each knows those before it, the top knows `wire`."""

FILES = sorted(ADDON.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Give the full names of all that a file imports, for type checks too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{_source(node, path)}.{alias.name}" for alias in node.names}
    return found


def _source(node: ast.ImportFrom, path: Path) -> str:
    if not node.level:
        return node.module or ""
    package = path.relative_to(ADDON).parts[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def room_of(name: str) -> str:
    """Give the room of a module of ours: the part behind the package's name."""
    parts = name.split(".")
    return parts[1] if parts[0] == PACKAGE and len(parts) > 1 else ""


def core_folder_of(name: str) -> str:
    """Give the folder of a module of the core: the part behind `translation`, if it is one."""
    folder = name.split(".")[2]
    return folder if folder in CORE_FOLDERS else ""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ADDON).with_suffix("").parts)


def is_in(name: str, modules: set[str]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:count]) in modules for count in range(1, len(parts) + 1))


def files_of(room: str) -> list[Path]:
    return [path for path in FILES if room_of(name_of(path)) == room]


each_file = pytest.mark.parametrize("path", FILES, ids=name_of)


@each_file
def test_no_file_is_too_long(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", files_of("translation"), ids=name_of)
def test_the_core_imports_the_standard_library_and_a_json_library(path: Path) -> None:
    foreign = {name for name in imports(path) if room_of(name) != "translation"}
    allowed = sys.stdlib_module_names | CORE_LIBRARIES
    assert {name for name in foreign if name.split(".")[0] not in allowed} == set()
    assert {name for name in foreign if is_in(name, FORBIDDEN_IN_CORE)} == set()


@pytest.mark.parametrize("path", files_of("translation"), ids=name_of)
def test_the_core_reads_no_clock(path: Path) -> None:
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    assert {node.attr for node in nodes if isinstance(node, ast.Attribute)} & CLOCKS == set()


@pytest.mark.parametrize("path", files_of("translation"), ids=name_of)
def test_the_folders_of_the_core_know_those_before_them(path: Path) -> None:
    below = CORE_FOLDERS[: CORE_FOLDERS.index(core_folder_of(name_of(path))) + 1]
    assert {core_folder_of(name) for name in imports(path) if room_of(name)} <= set(below)


@each_file
def test_imports_run_one_way(path: Path) -> None:
    room = room_of(name_of(path))
    used = {room_of(name) for name in imports(path)} - {"", room, "__version__"}
    if room == "proxy":
        return
    allowed = ROOMS.get(room, {"proxy"} if name_of(path) == "glm" else set())
    assert used <= allowed


@each_file
def test_only_the_edge_imports_mitmproxy(path: Path) -> None:
    if room_of(name_of(path)) == "proxy" or name_of(path) == "glm":
        return
    assert {name for name in imports(path) if is_in(name, {"mitmproxy"})} == set()


@each_file
def test_only_one_folder_knows_what_is_private_to_mitmproxy(path: Path) -> None:
    if path.is_relative_to(ADDON / PACKAGE / "proxy" / "inside_mitmproxy"):
        return
    foreign = {name for name in imports(path) if is_in(name, {"mitmproxy", "h11", "asyncio"})}
    assert {name for name in foreign if "._" in name or is_in(name, PRIVATE)} == set()


@each_file
def test_only_side_calls_import_httpx(path: Path) -> None:
    if room_of(name_of(path)) != "sidecalls":
        assert {name for name in imports(path) if is_in(name, {"httpx"})} == set()


def test_the_rooms_are_there() -> None:
    assert len(files_of("translation")) > 20
    assert len(files_of("simulator")) > 5
    assert len(files_of("sidecalls")) > 1


def test_imports_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ADDON", tmp_path)
    path = tmp_path / PACKAGE / "room" / "x.py"
    path.parent.mkdir(parents=True)
    path.write_text(
        "import os.path\nfrom . import a\nfrom .b import c\nfrom ..other.d import e\n"
        "def f():\n    from mitmproxy import http\n"
    )
    room = f"{PACKAGE}.room"
    other = f"{PACKAGE}.other.d.e"
    assert imports(path) == {"os.path", f"{room}.a", f"{room}.b.c", other, "mitmproxy.http"}
