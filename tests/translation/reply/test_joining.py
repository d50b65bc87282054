from __future__ import annotations

import pytest
from codex_glm.translation.reply.joining import join_deltas
from codex_glm.translation.wire.chunks import (
    Closed,
    Finished,
    Restarted,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
)

A, B, T, U = TextDelta("a"), TextDelta("b"), ThinkingDelta("t"), ThinkingDelta("u")
STOP = Finished("stop")


def part(arguments: str, index: int | None = 0, **named: str) -> ToolCallDelta:
    return ToolCallDelta(index, named.get("id", ""), named.get("name", ""), arguments)


@pytest.mark.parametrize(
    ("deltas", "joined"),
    [
        ([], []),
        ([A], [A]),
        ([A, B], [TextDelta("ab")]),
        ([T, U, A, B, T], [ThinkingDelta("tu"), TextDelta("ab"), T]),
        ([A, Restarted(), B], [A, Restarted(), B]),
        ([STOP, STOP, Closed()], [STOP, STOP, Closed()]),
        ([part("x"), part("y")], [part("xy")]),
        ([part("x"), part("y", 1), part("z", 1)], [part("x"), part("yz", 1)]),
        ([part("x", None), part("y", None)], [part("xy", None)]),
        ([part("x", id="c"), part("y", id="c")], [part("xy", id="c")]),
        ([part("x", id="c"), part("y")], [part("x", id="c"), part("y")]),
        ([part("x", name="f"), part("y"), part("z")], [part("x", name="f"), part("yz")]),
        ([part("x", name="f"), part("y", name="f")], [part("x", name="f"), part("y", name="f")]),
    ],
)
def test_join(deltas: list[object], joined: list[object]) -> None:
    assert list(join_deltas(deltas)) == joined  # type: ignore[arg-type]  # they are
