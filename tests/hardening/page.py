"""The tables of README.md, each between two marks; the run that measured one writes it."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).with_name("README.md")


def measured_on() -> str:
    """Say when and on what something was measured."""
    day = datetime.now(UTC).date().isoformat()
    return f"Taken on {day}: {os.cpu_count()} cores, Python {platform.python_version()}."


def write_table(name: str, words: str, table: str, page: Path = PAGE) -> None:
    """Put a table in the place of the one that is there; raises ValueError where it has none."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = page.read_text("utf-8")
    head, found, rest = text.partition(begin)
    _, ended, tail = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"{page.name} has no place for {name}")
    page.write_text(f"{head}{begin}\n\n{words}\n\n{table}\n\n{end}{tail}", "utf-8")
