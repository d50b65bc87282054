from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.wire import events
from codex_glm.translation.wire.event_encoder import EventEncoder
from codex_glm.translation.wire.sse import encode_event
from hypothesis import given
from hypothesis import strategies as st

from ..strategies import any_text
from ..support import GOLDEN

if TYPE_CHECKING:
    from pathlib import Path

    from codex_glm.translation.wire.wire_json import JsonObject

STREAMS = sorted((GOLDEN / "streams").glob("*.jsonl"))


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_every_event_of_a_stream(path: Path) -> None:
    told = [json.loads(line) for line in path.read_text("utf-8").splitlines()[:-1]]
    fields = list(told[0]["response"].items())
    names = [name for name, _ in fields]
    encoder = EventEncoder(dict(fields[: names.index("status")]))
    assert [encoder.encode(event) for event in told] == [encode_event(event) for event in told]


deltas = st.builds(
    lambda kind, text: {
        "text": events.output_text_delta("msg_1", 1, text),
        "thinking": events.summary_text("delta", "rs_0", 0, text),
        "arguments": events.arguments_delta("fc_2", 2, text),
        "input": events.custom_input("delta", "ctc_3", 3, text),
    }[kind],
    st.sampled_from(["text", "thinking", "arguments", "input"]),
    any_text | st.sampled_from(['"delta":0', '"delta":"', "0}\n\n", "%d"]),
)


@given(st.lists(deltas, max_size=8))
def test_any_text(sent: list[events.Event]) -> None:
    encoder = EventEncoder({})
    for number, event in enumerate(sent):
        numbered = {**event, "sequence_number": number}
        assert encoder.encode(numbered) == encode_event(numbered)


def test_an_object_in_place_of_a_delta() -> None:
    event: events.Event = {"type": "x", "delta": {"a": 1}}
    assert EventEncoder({}).encode(event) == encode_event(event)


def test_what_all_states_begin_with_may_be_anything() -> None:
    """Half a character leaves as U+FFFD wherever it stands, as Codex would pass the event over."""
    fixed: JsonObject = {"instructions": "ä \ud83d", "tools": []}
    event: events.Event = {
        "type": "response.created",
        "response": {**fixed, "status": "in_progress", "output": ["ö"]},
        "sequence_number": 0,
    }
    frame = EventEncoder(fixed).encode(event)
    told = json.loads(frame.partition(b"data: ")[2])
    assert told["response"]["instructions"] == "ä \ufffd"
    assert frame == encode_event(event)
    assert "ö".encode() in frame


@pytest.mark.parametrize("fixed", [{}, {"id": "resp_1"}])
def test_a_state_with_and_without_what_is_fixed(fixed: JsonObject) -> None:
    response = {**fixed, "status": "in_progress"}
    event = {"type": "response.in_progress", "response": response, "sequence_number": 7}
    assert EventEncoder(fixed).encode(event) == encode_event(event)
