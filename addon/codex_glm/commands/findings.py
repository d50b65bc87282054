"""What the doctor found: one line for each thing that it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

type State = Literal["ok", "note", "wrong", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line.

    Attributes:
        name: What was looked at.
        state: `note` is worth knowing and breaks nothing; `wrong` has to be mended.
        words: What was found, without any secret.
        mend: The command, or the change, that mends it.

    """

    name: str
    state: State
    words: str
    mend: str = ""


def ok(name: str, words: str) -> Finding:
    """Give a line for what is well."""
    return Finding(name, "ok", words)


def wrong(name: str, words: str, mend: str) -> Finding:
    """Give a line for what has to be mended."""
    return Finding(name, "wrong", words, mend)


def note(name: str, words: str, mend: str = "") -> Finding:
    """Give a line for what is worth knowing."""
    return Finding(name, "note", words, mend)


def skipped(name: str, words: str) -> Finding:
    """Give a line for what was not looked at."""
    return Finding(name, "skipped", words)
