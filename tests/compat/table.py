"""The tables, as Markdown between two marks of a page."""

from __future__ import annotations

import datetime
import platform
from dataclasses import dataclass, replace
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .feature import Version

BEGIN, END = "<!-- compat: begin -->", "<!-- compat: end -->"
HERE = Path(__file__).parent
PAGE, FRONT = HERE / "README.md", HERE.parents[1] / "README.md"

type Cells = Mapping[tuple[str, str], "Cell"]


@dataclass(frozen=True)
class Cell:
    """What came of a run, and how long it took."""

    state: Literal["ok", "not offered", "fails"]
    words: str = ""
    seconds: float = 0.0

    def after(self, seconds: float) -> Cell:
        """Give the same with its time."""
        return replace(self, seconds=seconds)

    def line(self) -> str:
        """Give it for the terminal."""
        return f"{self.seconds:5.1f} s  {self.text()}"

    def text(self) -> str:
        """Give it for the page."""
        words = f"{self.state}: {self.words}" if self.words else self.state
        return words.replace("|", "\\|").replace("\n", " ")


def write_pages(versions: Sequence[Version], rows: Sequence[dict[str, Any]], cells: Cells) -> None:
    """Write the tables anew, dated today."""
    put(PAGE, f"{_taken(versions)}\n\n{_long(versions, rows, cells)}")
    put(FRONT, f"{_short(versions, rows, cells)}\n\n{_date()}")


def _long(versions: Sequence[Version], rows: Sequence[dict[str, Any]], cells: Cells) -> str:
    head = ["feature", *(v.version for v in versions), "shown by"]
    body = [
        [row["about"], *(cells[row["name"], v.version].text() for v in versions), row["proof"]]
        for row in rows
    ]
    return _table(head, body)


def _short(versions: Sequence[Version], rows: Sequence[dict[str, Any]], cells: Cells) -> str:
    """Group the features by what came of them in each version."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        states = tuple(cells[row["name"], version.version].state for version in versions)
        groups.setdefault(states, []).append(row["about"])
    head = ["Codex", *(v.version for v in versions)]
    return _table(head, [["; ".join(names), *states] for states, names in groups.items()])


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _date() -> str:
    return f"Taken on {datetime.datetime.now(datetime.UTC).date()}."


def _taken(versions: Sequence[Version]) -> str:
    names = "; ".join(f"{v.version} ({v.source}: {v.about})" for v in versions)
    python, system = platform.python_version(), f"{platform.system()} {platform.machine()}"
    tools = f"mitmproxy {installed('mitmproxy')}, Python {python}, {system}"
    return f"{_date()} Codex {names}. {tools}."


def put(page: Path, text: str) -> None:
    """Put a text between the marks of a page; raises ValueError if it has none."""
    head, begin, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page} has no place for the table")
    page.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}", "utf-8")
