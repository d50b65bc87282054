from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation import errors
from codex_glm.translation.reply import chunk_reader
from codex_glm.translation.reply.translate import ReplyTranslator
from codex_glm.translation.wire.chunks import parse_chunk

from ..grammar import assert_valid
from ..support import USAGE, Replayed, delta, events_of, replay, sse, turn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codex_glm.translation.wire.chunks import Delta
    from codex_glm.translation.wire.wire_json import JsonObject

TEXT, STOP = delta(content="a"), delta("stop")
ERROR = {"code": "1305", "message": "busy"}


def rule_of(replayed: Replayed) -> str:
    """Give how a reply ended: its terminal type, or the rule of its failure."""
    assert_valid(replayed.events)
    assert replayed.translator.defect is None
    failure = replayed.translator.stream.failure
    return failure.rule if failure else replayed.types[-1]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (sse(TEXT, STOP, USAGE, "[DONE]"), "completed"),
        (sse(TEXT, STOP, "[DONE]"), "completed"),
        (sse(TEXT, STOP), "completed"),
        (sse(TEXT, STOP).rstrip(), "completed"),
        (sse(TEXT, STOP, "[DONE]").rstrip(), "completed"),
        (sse(TEXT, "[DONE]").rstrip(), "cut"),
        (sse(TEXT, " [DONE] "), "cut"),
        (sse(TEXT), "cut"),
        (sse(TEXT)[:-9], "cut"),
        (b"", "cut"),
        (sse(TEXT, "{broken"), "bad_chunk"),
        (sse(TEXT, "[1]"), "bad_chunk"),
        (sse(TEXT, '{"a":NaN}'), "bad_chunk"),
        (sse({"error": ERROR}), "overload"),
        (b"event: error\n" + sse(ERROR), "overload"),
        (b"event: error\n" + sse({"error": ERROR}), "overload"),
        (b'{"error":{"code":"1305","message":"busy"}}', "overload"),
        (b'{\n "code": 1261,\n "message": "Prompt too long"\n}\n', "context"),
        (b"<html>\n<p>Bad gateway</p>", "not_a_stream"),
        (sse(TEXT, STOP) + b"stray\n\n", "completed"),
        (sse(TEXT) + b'{"error":{"code":"1305"}}', "cut"),
    ],
)
def test_how_a_reply_ends(body: bytes, rule: str) -> None:
    assert rule_of(replay([body])) == rule
    assert rule_of(replay(body[i : i + 1] for i in range(len(body)))) == rule


def test_events_leave_as_soon_as_their_frame_is_whole() -> None:
    translator = ReplyTranslator(turn(), "resp_1", 1)
    opening = translator.receive_data(b"data: ")
    assert [e["type"] for e in events_of(opening)] == ["response.created", "response.in_progress"]
    rest = sse(TEXT).removeprefix(b"data: ")
    assert translator.receive_data(rest[:-1]) == b""
    assert len(events_of(translator.receive_data(rest[-1:]))) == 3


def test_nothing_at_all_but_a_failure() -> None:
    translator = ReplyTranslator(turn(), "resp_1", 1)
    events = events_of(translator.fail(errors.failure("unreachable")))
    assert_valid(events)
    assert [event["type"] for event in events][2:] == ["response.failed"]
    assert translator.fail(errors.failure("cut")) == b""
    assert translator.stream.failure == errors.failure("unreachable")


@pytest.mark.parametrize("frames", [['{"odd":1}'], [json.dumps(TEXT), '{"odd":1}']])
def test_a_defect_of_our_own_ends_the_reply(
    monkeypatch: pytest.MonkeyPatch, frames: list[str]
) -> None:
    def broken(chunk: JsonObject) -> Iterator[Delta]:
        if "odd" in chunk:
            raise ZeroDivisionError(str(chunk))
        return parse_chunk(chunk)

    monkeypatch.setattr(chunk_reader, "parse_chunk", broken)
    replayed = replay([sse(*map(json.loads, frames)), sse(TEXT)])
    assert isinstance(replayed.translator.defect, ZeroDivisionError)
    assert_valid(replayed.events)
    assert replayed.translator.stream.failure == errors.failure("proxy")
