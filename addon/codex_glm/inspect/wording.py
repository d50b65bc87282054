"""How numbers and long texts are said, everywhere the same."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def short_count(tokens: int) -> str:
    """Say a number of tokens in a few characters."""
    if tokens >= 999_950:  # which rounds up to a million
        return f"{tokens / 1_000_000:.2f}M"
    return f"{tokens / 1000:.1f}k" if tokens >= 1000 else str(tokens)


def share(part: float, whole: float) -> str:
    """Say a part in percent."""
    return f"{part / whole:.0%}" if whole else "0%"


def seconds(time: float | None) -> str:
    """Say a time; a dash where there is none yet."""
    if time is None:
        return "-"
    minutes, rest = divmod(round(time), 60)
    return f"{time:.1f}s" if time < 59.95 else f"{minutes}m{rest:02}s"


def shortened(text: str, most_lines: int = 30, most_characters: int = 3000) -> str:
    """Give the beginning of a long text, and how long it is."""
    head = "\n".join(text[:most_characters].split("\n")[:most_lines])
    if len(head) == len(text):
        return text
    lines = text.count("\n") + 1
    return f"{head}\n… ({len(text):,} characters, {lines:,} lines in all)"


def one_line(text: str, most: int = 100) -> str:
    """Give a text's beginning on one line."""
    flat = " ".join(text[: most * 4].split())
    return flat if len(flat) <= most and len(text) <= most * 4 else f"{flat[: most - 1]}…"


def indented(text: str, by: str = "  ") -> str:
    """Move each line to the right."""
    return "\n".join(by + line if line else line for line in text.split("\n"))


def printable(text: str) -> str:
    """Take out what would steer a terminal."""
    return _CONTROL.sub("�", text)
