"""No view raises: on every recorded turn, whole or cut, and on mutilated records."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from codex_glm.inspect.dialects import codex_events, glm_replies, glm_requests
from codex_glm.inspect.plan import plan_lines
from codex_glm.inspect.prefix import describe, read_change
from codex_glm.inspect.turn_record import read_record
from codex_glm.inspect.turn_request import render_request
from codex_glm.inspect.turn_response import render_response
from codex_glm.translation.wire.wire_json import encode_text, parse_object
from hypothesis import given, settings
from hypothesis import strategies as st

from .samples import REQUESTS, STREAMS, sample

if TYPE_CHECKING:
    from collections.abc import Iterable


def show(kept: object, asked: bytes, answered: bytes) -> str:
    record = read_record(kept)
    views = [
        render_request(record, asked),
        render_response(record, answered),
        glm_requests(record),
        glm_replies(record),
        codex_events(answered),
        *plan_lines([record]),
        *describe(read_change(record.prefix), record.usage),
    ]
    assert all(isinstance(view, str) for view in views)
    return "\n".join(views)


@pytest.mark.parametrize("name", REQUESTS)
def test_every_request(name: str) -> None:
    turn = sample(name, "08-thinking-content-tool")
    shown = show(turn.kept, turn.asked, turn.answered)
    assert "COMPLETED" in shown
    assert "NEW IN THIS TURN" in shown


@pytest.mark.parametrize("name", STREAMS)
def test_every_stream_whole_and_cut(name: str) -> None:
    turn = sample("exec-command-followup", name)
    shown = show(turn.kept, turn.asked, turn.answered)
    assert str(turn.kept["outcome"]).upper() in shown
    for at in range(0, len(turn.kept["rounds"][0]["reply"]), 311):
        running = sample("exec-command-followup", name, at)
        assert "UNDER WAY" in show(running.kept, running.asked, running.answered)
    for at in range(0, len(turn.answered), 311):
        show(turn.kept, turn.asked, turn.answered[:at])


TURN = sample("parallel-calls-followup", "08-thinking-content-tool", prefix={"place": "tool 1"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
ODD = JSON | st.sampled_from([10**400, -1, b"bytes", float("nan"), "\ud800", [[]], [{}], {"a": {}}])


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Give the way to every value inside another."""
    inner: Iterable[tuple[Any, object]] = enumerate(value) if isinstance(value, list) else ()
    inner = value.items() if isinstance(value, dict) else inner
    return [path, *(way for key, each in inner for way in places(each, (*path, key)))]


def put(holder: Any, path: tuple[Any, ...], value: object) -> object:
    if not path:
        return value
    *way, last = path
    inside = holder
    for key in way:
        inside = inside[key]
    inside[last] = value
    return holder


KEPT_PLACES = places(TURN.kept)
CHAT = parse_object(TURN.kept["rounds"][0]["request"])
CHAT_PLACES = places(CHAT)


@given(path=st.sampled_from(KEPT_PLACES), value=ODD)
@settings(max_examples=300, deadline=None)
def test_a_mutilated_record(path: tuple[Any, ...], value: object) -> None:
    show(put(copy.deepcopy(TURN.kept), path, value), TURN.asked, TURN.answered)


@given(path=st.sampled_from(CHAT_PLACES), value=JSON)
@settings(max_examples=300, deadline=None)
def test_a_mutilated_chat_body(path: tuple[Any, ...], value: object) -> None:
    kept = copy.deepcopy(TURN.kept)
    kept["rounds"][0]["request"] = encode_text(put(copy.deepcopy(CHAT), path, value))
    show(kept, TURN.asked, TURN.answered)


@pytest.mark.parametrize("step", [0, -1, 2, 3])
def test_broken_bodies(step: int) -> None:
    def broken(body: bytes) -> bytes:
        return body[::step] if step else b"\xff" + body

    show(TURN.kept, broken(TURN.asked), broken(TURN.answered))


@given(asked=st.binary(max_size=60), answered=st.binary(max_size=60), value=JSON)
@settings(max_examples=200, deadline=None)
def test_anything(asked: bytes, answered: bytes, value: object) -> None:
    show(value, asked, answered)
    event = b"event: x\ndata: " + encode_text(value).encode("utf-8", "surrogatepass") + b"\n\n"
    show(value, event, event)
