"""A thread as one transcript: what was new in each request, and what came back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .codex_reply import read_reply
from .conversation import conversation, newest
from .line import turn_line
from .loose import objects
from .turn_response import item_text, no_output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .turn_record import TurnRecord


class Spoken(NamedTuple):
    """A turn of the thread: its record, and the body that Codex got."""

    record: TurnRecord
    reply: bytes


def transcript(turns: Sequence[Spoken]) -> list[str]:
    """Give the transcript in lines; the turns are one thread's, in their order."""
    lines = [f"thread {turns[0].record.thread or '(none)'}"] if turns else ["no turns"]
    for number, turn in enumerate(turns):
        lines += ["", *_turn(turn, first=number == 0)]
    return [line for block in lines for line in block.split("\n")]


def _turn(turn: Spoken, *, first: bool) -> Iterator[str]:
    items = read_reply(turn.reply)
    calls = [item.name or item.kind for item in items if item.call_id]
    line = turn_line(turn.record, calls)
    yield f"━━ {line} "
    # What later rounds add is told by the items, as Codex got them.
    messages = objects(turn.record.first_chat.get("messages"))
    new = [each for each in messages if each.get("role") != "system"] if first else newest(messages)
    yield from conversation(new, messages)
    if turn.record.let_go:
        yield from ("", no_output(turn.record))
    for item in items:
        yield from ("", item_text(item))
