"""What holds for every reply, whatever its bytes and however they are cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from .grammar import TERMINAL, assert_valid
from .strategies import chunks, splits
from .support import GLM, TOOLS, Replayed, receipt_lines, replay, sse

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

BODIES = [path.read_bytes() for path in sorted(GLM.glob("*.sse"))]


def check(replayed: Replayed) -> None:
    assert replayed.translator.defect is None
    assert [e["type"] in TERMINAL for e in replayed.events].count(True) == 1
    rewritten = {"custom-input", "arguments", "bad-arguments"} & set(replayed.rules)
    assert_valid(replayed.events, input_rewritten=bool(rewritten))


@given(st.lists(chunks, max_size=16), st.booleans())
def test_any_chunks_obey_the_grammar(frames: list[JsonObject | str], parallel: bool) -> None:
    check(replay([sse(*frames)], parallel_tool_calls=parallel))


@given(st.lists(chunks, max_size=16), st.booleans())
def test_any_chunks_with_the_older_shell(frames: list[JsonObject | str], parallel: bool) -> None:
    tools = [*TOOLS, {"type": "local_shell"}]
    check(replay([sse(*frames)], parallel_tool_calls=parallel, tools=tools))


@given(st.data(), st.lists(chunks, max_size=10))
def test_any_split_says_the_same(data: st.DataObject, frames: list[JsonObject | str]) -> None:
    body = sse(*frames)
    one, other = replay(data.draw(splits(body))), replay([body])
    assert one.said == other.said
    assert set(receipt_lines(one.receipt)) == set(receipt_lines(other.receipt))


@given(st.data(), st.binary(max_size=300))
def test_any_bytes_end_well(data: st.DataObject, body: bytes) -> None:
    check(replay(data.draw(splits(body))))


@given(st.data(), st.sampled_from(BODIES), st.binary(max_size=6))
def test_a_stream_with_a_hole_or_a_splinter_ends_well(
    data: st.DataObject, body: bytes, splinter: bytes
) -> None:
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, len(body)))
    check(replay([body[:start], splinter, body[end:]]))
