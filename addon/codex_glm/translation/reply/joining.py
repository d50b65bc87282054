"""Deltas that arrived together, joined: where GLM is fast, fewer and longer events leave."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, cast

from ..wire.chunks import TextDelta, ThinkingDelta, ToolCallDelta, text_of, with_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..wire.chunks import Delta, Sign, TextBearing


_SPEECH = frozenset({TextDelta, ThinkingDelta})


def join_deltas(deltas: list[Delta | Sign]) -> Iterable[Delta | Sign]:
    """Join neighbours that go on with the same text, thinking or arguments.

    This is the one place where the bytes that a client gets depend on how GLM's were cut; joined,
    its deltas say the same for every cut. A fragment with a tool's name stays alone, as it may be
    the first of a call.
    """
    return _joined(deltas) if len(deltas) > 1 else deltas


def _joined(deltas: list[Delta | Sign]) -> Iterator[Delta | Sign]:
    for what, group in groupby(deltas, _what):
        if what is None:
            yield from group
        else:
            same = cast("list[TextBearing]", list(group))
            yield with_text(same[0], "".join(map(text_of, same)))


def _what(delta: Delta | Sign) -> object:
    """Tell what a delta goes on with; None where it stays alone."""
    if isinstance(delta, ToolCallDelta):
        return None if delta.name else (delta.index, delta.id)
    kind = type(delta)
    return kind if kind in _SPEECH else None
