"""One line for each turn, as the terminal shows it; mitmproxy writes the time before it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from .plan import say_windows
from .wording import one_line, printable, seconds, share, short_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .turn_record import TurnRecord

_OUTCOMES = {
    # outcome: mark, colour (ECMA-48)
    "completed": ("✓", "32"),
    "incomplete": ("…", "33"),
    "failed": ("✗", "31"),
    "cut": ("✗", "31"),
}
_BOLD, _DIM, _YELLOW = "1", "2", "33"
_TIMES = "\N{MULTIPLICATION SIGN}"
_THREAD = 6
"""Characters of a thread's id, its last ones: the first are a clock (UUID version 7)."""


def turn_line(record: TurnRecord, calls: Sequence[str], *, colour: bool = False) -> str:
    """Give the line; `calls` are the names of the tools that GLM called."""
    parts = _parts(record, calls)
    return "  ".join(_painted(text, code, colour=colour) for text, code in parts if text).rstrip()


def _parts(record: TurnRecord, calls: Sequence[str]) -> Iterator[tuple[str, str]]:
    mark, paint = _OUTCOMES.get(record.outcome, ("?", _YELLOW))
    yield mark, paint
    yield f"{record.thread[-_THREAD:] or '-':<{_THREAD}}", _DIM
    yield record.client, _DIM
    same = record.asked_model in ("", record.model)
    yield record.model if same else f"{record.asked_model} → {record.model}", _BOLD
    yield record.kind if record.kind != "turn" else "", _YELLOW
    yield f"{_tokens(record):<26}", ""
    yield f"first {seconds(record.first_byte):>5}, all {seconds(record.seconds):>6}", _DIM
    yield _names(calls), "36"
    if record.outcome != "completed":
        yield record.outcome or "under way", paint
    yield one_line(record.failure, 240), paint
    yield _remarks(record), _YELLOW
    yield say_windows(record.plan), _DIM


def _painted(text: str, code: str, *, colour: bool) -> str:
    # Names and reasons come from outside: nothing in them may steer the terminal.
    clean = printable(" ".join(text.split("\n")))
    return f"\x1b[{code}m{clean}\x1b[0m" if colour and code else clean


def _tokens(record: TurnRecord) -> str:
    usage = record.usage
    if not usage:
        return ""
    cached = f" ({share(usage.cached, usage.prompt)} cached)" if usage.cached else ""
    return f"{short_count(usage.prompt)}{cached} → {short_count(usage.completion)}"


def _names(calls: Sequence[str]) -> str:
    counts = Counter(calls).items()
    return " ".join(f"{name}{_TIMES}{many}" if many > 1 else name for name, many in counts)


def _remarks(record: TurnRecord) -> str:
    said = []
    if again := [each.rule for each in record.rounds if each.rule]:
        said.append(f"{len(again)} tried again ({', '.join(dict.fromkeys(again))})")
    asked = Counter(call.kind for call in record.side_calls)
    said += [f"{many} {kind} asked" for kind, many in asked.items()]
    if record.noted:
        said.append(f"{len(record.noted)} noted")
    return ", ".join(said)
