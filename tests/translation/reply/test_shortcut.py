from __future__ import annotations

from typing import TYPE_CHECKING
from unittest import mock

import pytest
from codex_glm.translation import errors
from codex_glm.translation.reply import translate
from codex_glm.translation.reply.shortcut import Shortcut, find_shortcut
from codex_glm.translation.reply.translate import ReplyTranslator
from codex_glm.translation.wire.chunk_form import find_form
from codex_glm.translation.wire.chunks import Closed, Delta, Sign, TextDelta, ToolCallDelta
from codex_glm.translation.wire.event_encoder import EventEncoder
from codex_glm.translation.wire.events import output_text_delta
from codex_glm.translation.wire.wire_json import encode_text
from hypothesis import given
from hypothesis import strategies as st

from ..strategies import runs
from ..support import GLM, USAGE, call, delta, events_of, lines_of, receipt_lines, sse, turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    type Step = Callable[[ReplyTranslator], bytes]

STREAMS = sorted(GLM.glob("*.sse"))


def feed(piece: bytes) -> Step:
    return lambda translator: translator.receive_data(piece)


def run(steps: Iterable[Step]) -> tuple[list[bytes], list[str], object]:
    """Take steps and end; gives what each sent, the receipt, and how it ended."""
    context = turn()
    translator = ReplyTranslator(context, "resp_1", 1)
    sent = [step(translator) for step in steps]
    sent.append(translator.receive_eof())
    assert translator.defect is None
    return sent, receipt_lines(context.receipt), translator.stream.response


def the_long_way(steps: Iterable[Step]) -> tuple[list[bytes], list[str], object]:
    with mock.patch.object(translate, "find_shortcut", return_value=None):
        return run(steps)


def taken(pieces: list[bytes]) -> int:
    """Count the reads that went straight, and check what they gave."""
    given: list[bytes] = []
    take = Shortcut.take

    def watched(self: Shortcut, data: bytes) -> bytes:
        given.append(take(self, data))
        return given[-1]

    with mock.patch.object(Shortcut, "take", watched):
        assert run(map(feed, pieces)) == the_long_way(map(feed, pieces))
    return sum(map(bool, given))


others = st.sampled_from(
    [
        ReplyTranslator.pulse,
        lambda translator: translator.fail(errors.failure("cut")),
        lambda translator: translator.give_up(errors.failure("cut")),
        feed(b""),
        feed(b": comment\n\n"),
        feed(b"data: "),
        feed(sse(delta("stop"))),
        feed(sse(delta("length"), USAGE)),
        feed(sse("[DONE]")),
    ]
)


@given(st.data(), runs())
def test_the_shortcut_gives_what_the_long_way_gives(data: st.DataObject, made: list[bytes]) -> None:
    frames = [sse(call("", 0, name="add", id="c"))] * data.draw(st.booleans()) + made
    steps: list[Step] = []
    while frames:
        count = data.draw(st.sampled_from([1, 1, 1, 2, 5]))
        steps.append(feed(b"".join(frames[:count])))
        frames = frames[count:]
        if data.draw(st.integers(0, 9)) == 0:
            steps.append(data.draw(others))
    assert run(steps) == the_long_way(steps)


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_every_stream(path: Path) -> None:
    body = path.read_bytes()
    frames = [frame + b"\n\n" for frame in body.split(b"\n\n")]
    for pieces in (frames, lines_of(body), [body]):
        assert run(map(feed, pieces)) == the_long_way(map(feed, pieces))


@pytest.mark.parametrize(
    ("chunks", "straight"),
    [
        ([delta(content=f"word {i} é中😀") for i in range(9)], 7),
        ([delta(content=f'"{i}\\\n\t\b\f') for i in range(9)], 7),
        ([delta(reasoning_content=f"word {i}", content="") for i in range(9)], 7),
        ([call("{", name="add", id="c"), *[call(f'"{i}"') for i in range(9)]], 8),
        ([call("{", name="add", id="c"), *[call(f"{i}", id="c") for i in range(9)]], 8),
        ([call(f"{i}", name="add", id="c") for i in range(9)], 0),
        ([call("{", name="apply_patch", id="c"), *[call("x") for _ in range(9)]], 0),
        ([delta(content=f"a <{i}") for i in range(9)], 0),
        ([{**delta(content="x"), "created": i} for i in range(9)], 0),
    ],
)
def test_what_goes_straight(chunks: list[object], straight: int) -> None:
    assert taken([sse(each) for each in chunks]) == straight
    assert taken([sse(*chunks[:2]), sse(*chunks[2:5]), sse(*chunks[5:])]) <= 2


def test_a_tag_that_takes_another_ones_place() -> None:
    """The first `<` is let go for the second one, which is held back: the text looks the same."""
    assert taken([sse(delta(content=text)) for text in ("a", "<", "<", "tool_call>add", "b")]) == 0


def test_what_is_no_utf_8_goes_the_long_way() -> None:
    text = sse(delta(content="é"))
    halves = text.replace("é".encode(), b"\xc3"), text.replace("é".encode(), b"\xa9")
    assert taken([text, text, b"".join(halves), text, text, *halves]) == 2


def shortcut(read: Delta | Sign, event_text: str = "x") -> Shortcut | None:
    chunk = encode_text(delta(content="x"))
    event = output_text_delta("msg_1", 0, event_text) | {"sequence_number": 4}
    return find_shortcut(find_form(chunk, [TextDelta("x")]), read, [event], EventEncoder({}))


def test_when_there_is_a_shortcut() -> None:
    found = shortcut(TextDelta("x"))
    assert found
    assert found.take(b"data: ") == found.take(sse(delta(content=""))) == b""
    (event,) = events_of(found.take(sse(delta(content="y"))))
    assert event == output_text_delta("msg_1", 0, "y") | {"sequence_number": 5}
    assert (found.sent, found.delta) == (1, TextDelta("y"))
    assert shortcut(TextDelta("x"), "other") is None
    assert shortcut(Closed()) is None
    assert shortcut(ToolCallDelta(0, "", "f", "x")) is None
    assert find_shortcut(None, TextDelta("x"), [], EventEncoder({})) is None
