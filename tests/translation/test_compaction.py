from __future__ import annotations

from typing import cast

import pytest
from codex_glm.translation import compaction
from codex_glm.translation.reply.stream import ResponseStream
from codex_glm.translation.request.translate import translate_request
from codex_glm.translation.wire.chunks import (
    Delta,
    Finished,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    Usage,
)

from .grammar import assert_valid
from .support import SETTINGS, request, rules, turn

TRIGGER = {"type": "compaction_trigger"}
HISTORY = [{"role": "user", "content": "write a parser"}, TRIGGER]


def reply(*deltas: Delta) -> ResponseStream:
    stream = ResponseStream(turn(input=HISTORY), "resp_7", 1)
    events = stream.start()
    for delta in deltas:
        events += stream.receive(delta)
    events += stream.end()
    assert_valid(events)
    return stream


def test_a_trigger_asks_for_a_summary_and_declares_no_tool() -> None:
    translated = translate_request(request(input=HISTORY), SETTINGS)
    assert translated.context.compacting
    assert "tools" not in translated.chat_body
    messages = cast("list[dict[str, str]]", translated.chat_body["messages"])
    assert [m["role"] for m in messages] == ["user", "user"]
    assert messages[-1]["content"] == compaction.REQUEST
    assert "compaction" in rules(translated.context)


@pytest.mark.parametrize("text", ["", "We built X."])
@pytest.mark.parametrize("name", ["shell", ""])
def test_a_call_is_no_part_of_a_summary(text: str, name: str) -> None:
    """GLM may go on with its work; Codex takes exactly one item for the whole history."""
    calls = (ToolCallDelta(0, "c", name, "{"), ToolCallDelta(0, "", "", "}"))
    stream = reply(*calls, *([TextDelta(text)] if text else []), Finished("tool_calls"))
    output = cast("list[dict[str, str]]", stream.response["output"])
    assert [item["type"] for item in output] == (["compaction"] if text else [])
    assert stream.response["status"] == ("completed" if text else "failed")
    assert rules(stream._context).count("call") == 1


def test_the_reply_is_one_compaction_item_that_comes_back_as_a_message() -> None:
    stream = reply(
        ThinkingDelta("hm"), TextDelta("They want "), TextDelta("a parser."), Finished("stop")
    )
    assert stream.response["status"] == "completed"
    (item,) = cast("list[dict[str, object]]", stream.response["output"])
    assert item["type"] == "compaction"
    next_turn = translate_request(request(input=[item, *HISTORY[:1]], model="glm-4.7"), SETTINGS)
    messages = cast("list[dict[str, str]]", next_turn.chat_body["messages"])
    assert messages[0]["role"] == "user"
    assert messages[0]["content"].endswith(":\n\nThey want a parser.")
    assert not next_turn.context.compacting


def test_a_summary_of_nothing_is_no_success() -> None:
    assert reply(ThinkingDelta("hm"), Finished("stop"), Usage(1, 0, 1, 1, 2)).failure is not None


def test_a_summary_of_another_key_is_dropped() -> None:
    sealed = compaction.seal_summary("text", b"another key")
    item = {"type": "compaction", "encrypted_content": sealed}
    translated = translate_request(request(input=[item, *HISTORY[:1]]), SETTINGS)
    assert len(cast("list[object]", translated.chat_body["messages"])) == 1
    assert "compaction" in rules(translated.context)


def test_envelopes() -> None:
    sealed = compaction.seal_summary("text", b"key")
    assert compaction.read_summary(sealed, b"key").endswith("text")
    assert compaction.read_summary(sealed, b"other") == ""
    assert compaction.read_summary("COMPACTED-STATE", b"key") == ""
