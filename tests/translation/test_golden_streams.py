"""Every stream of GLM, translated; the results are reviewed files.

`golden/streams/NAME.jsonl` holds one event a line, and the receipt as its last line. They are
fed line by line: what arrives together is joined (see `reply/joining.py`), and has to say the same.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation import errors
from codex_glm.translation.reply.translate import ReplyTranslator
from codex_glm.translation.wire.sse import ServerSentEvent, SSEDecoder

from .grammar import TERMINAL, assert_valid
from .support import (
    GLM,
    GOLDEN,
    Replayed,
    check_golden,
    events_of,
    lines_of,
    receipt_lines,
    replay,
    turn,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

STREAMS = sorted(path.stem for path in GLM.glob("*.sse"))
SHORT = [name for name in STREAMS if name[:2] in ("12", "14", "17", "20", "24", "26")]
"""These are translated with a cut at every byte; of the others every byte cuts the SSE alone."""

each_stream = pytest.mark.parametrize("name", STREAMS)


def body(name: str) -> bytes:
    return (GLM / f"{name}.sse").read_bytes()


def run(pieces: Iterable[bytes]) -> Replayed:
    replayed = replay(pieces)
    assert replayed.translator.defect is None
    rewritten = {"custom-input", "arguments", "bad-arguments"} & set(replayed.rules)
    assert_valid(replayed.events, input_rewritten=bool(rewritten))
    return replayed


def frame_borders(whole: bytes) -> list[int]:
    """Give each place where a line or a frame ends: the chunk borders that GLM itself makes."""
    return [i for i in range(1, len(whole)) if whole[i - 1 : i] in (b"\n", b"\r")]


def test_all_30_streams_are_there() -> None:
    assert [name[:2] for name in STREAMS] == [f"{number:02d}" for number in range(1, 31)]


@each_stream
def test_golden(name: str) -> None:
    replayed = run(lines_of(body(name)))
    lines = [*replayed.events, {"receipt": receipt_lines(replayed.receipt)}]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    check_golden(GOLDEN / "streams" / f"{name}.jsonl", text)


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in (GOLDEN / "streams").iterdir()} == set(STREAMS)


@each_stream
def test_byte_by_byte(name: str) -> None:
    whole = body(name)
    assert run(whole[i : i + 1] for i in range(len(whole))).body == run(lines_of(whole)).body
    assert run([whole]).said == run(lines_of(whole)).said


@each_stream
def test_cut_at_every_border(name: str) -> None:
    whole = body(name)
    expected = run([whole]).said
    for at in frame_borders(whole):
        assert replay([whole[:at], whole[at:]]).said == expected, at


@pytest.mark.parametrize("name", SHORT)
def test_cut_at_every_byte(name: str) -> None:
    whole = body(name)
    expected = replay([whole]).said
    assert all(replay([whole[:i], whole[i:]]).said == expected for i in range(len(whole)))


@each_stream
def test_frames_cut_at_every_byte(name: str) -> None:
    whole = body(name)
    expected = frames([whole])
    assert all(frames([whole[:i], whole[i:]]) == expected for i in range(len(whole)))


@each_stream
def test_a_cut_body_never_completes_before_its_finish_reason(name: str) -> None:
    whole = body(name)
    for at in [*frame_borders(whole), *range(0, len(whole), 97)]:
        replayed = run([whole[:at]])
        completed = replayed.events[-1]["type"] == "response.completed"
        assert not completed or b'"finish_reason"' in whole[:at], at


@each_stream
def test_a_failure_from_outside_ends_the_reply_at_once(name: str) -> None:
    whole = body(name)
    for at in frame_borders(whole):
        translator = ReplyTranslator(turn(), "resp_1", 1)
        sent = translator.receive_data(whole[:at])
        ended = sent.count(b"data: ") and events_of(sent)[-1]["type"] in TERMINAL
        sent += translator.fail(errors.failure("cut"))
        events = events_of(sent)
        assert_valid(events, input_rewritten=name.startswith("28"))
        assert ended or events[-1]["type"] == "response.failed"
        rest = [translator.receive_data(whole[at:]), translator.receive_eof()]
        assert rest == [b"", b""], "something came after the terminal event"


@each_stream
def test_nothing_comes_after_the_terminal_event(name: str) -> None:
    replayed = run([body(name)])
    translator = replayed.translator
    late = [
        translator.receive_data(body("01-text")),
        translator.receive_eof(),
        translator.fail(errors.failure("cut")),
    ]
    assert late == [b"", b"", b""]


def frames(parts: list[bytes]) -> tuple[list[ServerSentEvent], bytes]:
    decoder = SSEDecoder()
    found = [event for part in parts for event in decoder.feed(part)]
    return found + decoder.flush(), decoder.stray
