from __future__ import annotations

import json
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from codex_glm.translation.receipt import Receipt
from codex_glm.translation.reply import chunk_reader
from codex_glm.translation.reply.chunk_reader import ChunkReader
from codex_glm.translation.wire.chunk_form import find_form
from codex_glm.translation.wire.chunks import (
    Closed,
    Delta,
    Restarted,
    Sign,
    TextDelta,
    ThinkingDelta,
    Unreadable,
    parse_chunk,
)
from hypothesis import given
from hypothesis import strategies as st

from ..strategies import chunks, runs, splits
from ..support import GLM, call, delta, lines_of, receipt_lines, sse

if TYPE_CHECKING:
    from pathlib import Path

STREAMS = sorted(GLM.glob("*.sse"))
TEXT, THINK = delta(content="a"), delta(reasoning_content="t")


def read(pieces: list[bytes]) -> tuple[list[Delta | Sign], list[str]]:
    receipt = Receipt()
    reader = ChunkReader(receipt)
    found = [each for piece in pieces for each in reader.feed(piece)]
    return found + reader.flush(), receipt_lines(receipt)


def parse(pieces: list[bytes]) -> tuple[list[Delta | Sign], list[str]]:
    """Read as if no chunk were like another."""
    with mock.patch.object(chunk_reader, "find_form", return_value=None):
        return read(pieces)


def parsed(pieces: list[bytes]) -> int:
    """Count the chunks that were parsed in full."""
    with mock.patch.object(chunk_reader, "parse_chunk", wraps=parse_chunk) as counted:
        read(pieces)
    return counted.call_count


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_every_stream_reads_as_a_parser_reads_it(path: Path) -> None:
    body = path.read_bytes()
    assert read([body]) == parse([body]) == read(lines_of(body))


@given(st.data(), runs())
def test_any_runs_of_chunks(data: st.DataObject, frames: list[bytes]) -> None:
    body = b"".join(frames)
    assert read(data.draw(splits(body))) == parse([body])


@given(st.data(), st.lists(chunks, max_size=8))
def test_any_chunks(data: st.DataObject, frames: list[object]) -> None:
    body = sse(*frames)
    assert read(data.draw(splits(body))) == parse([body])


def test_chunks_of_one_form_are_parsed_once() -> None:
    many = [delta(content=f"word {i}") for i in range(50)]
    # Twice, as the form is put to the test outside of the reader.
    assert parsed([sse(*many)]) == 1
    assert parsed([sse(*[delta(reasoning_content="t")] * 9, *many)]) == 2
    assert parsed([sse(call("{", name="add", id="c"), *[call("x")] * 9)]) == 2


def test_after_three_forms_that_no_chunk_had_none_is_looked_for() -> None:
    changing = [{**delta(content=f"word {i}"), "created": i} for i in range(9)]
    with mock.patch.object(chunk_reader, "find_form", wraps=find_form) as looked:
        assert read([sse(*changing)])[0] == [TextDelta(f"word {i}") for i in range(9)]
    assert looked.call_count == 3


def test_a_form_that_served_is_looked_for_again() -> None:
    seconds = [{**delta(content="x"), "created": i // 2} for i in range(20)]
    assert parsed([sse(*seconds)]) == 10


def test_a_restart_stands_before_its_deltas() -> None:
    one, two = ({"id": name, **TEXT} for name in "12")
    body = sse(one, one, two, {"id": "", **TEXT}, {"id": 3, **TEXT}, "[DONE]")
    text = TextDelta("a")
    assert read([body])[0] == [text, text, Restarted(), text, text, text, Closed()]


def test_what_is_no_chunk() -> None:
    (text, bad, more), receipt = read([sse(TEXT, "{", THINK)])
    assert (text, more) == (TextDelta("a"), ThinkingDelta("t"))
    assert isinstance(bad, Unreadable)
    assert receipt == []


@pytest.mark.parametrize(
    ("last", "found"),
    [(json.dumps(TEXT), [TextDelta("a")]), (" [DONE]", [Closed()]), ('{"choices":', []), ("", [])],
)
def test_a_last_frame_counts_if_it_is_whole(last: str, found: list[object]) -> None:
    assert read([f"data: {last}".encode()])[0] == found


def test_stray_lines() -> None:
    reader = ChunkReader(Receipt())
    reader.feed(b'{"error":1}\n')
    assert reader.stray == b'{"error":1}\n'
