"""Faults that are held back for another round, and every fault cut at every byte."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import pytest
from codex_glm.translation import errors
from codex_glm.translation.reply.translate import ReplyTranslator
from ruamel.yaml import YAML

from .grammar import TERMINAL, assert_valid
from .support import (
    GLM,
    TESTS,
    USAGE,
    call,
    delta,
    events_of,
    join_events,
    receipt_lines,
    replay,
    sse,
    turn,
)

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

STEPS = YAML(typ="safe").load((TESTS / "errors" / "faults.yaml").read_text("utf-8"))
RAW = {
    str(row["name"]): step["fault"]["raw"].encode()
    for row in STEPS
    for step in row["steps"]
    if "raw" in step.get("fault", {})
}
STREAMS = {path.stem: path.read_bytes() for path in sorted(GLM.glob("*.sse"))}
NUMBERS = {"09", *map(str, range(10, 15)), *map(str, range(19, 29))}
FAULTS = {name: body for name, body in STREAMS.items() if name[:2] in NUMBERS}
BODIES = {**FAULTS, **RAW}

THINK, MORE, TEXT, STOP = (
    delta(reasoning_content="Hm. "),
    delta(reasoning_content="So. "),
    delta(content="a"),
    delta("stop"),
)
ITEM_DONE = "response.output_item.done"
BUSY = b'{"error":{"code":"1305","message":"busy"}}'


class Round(NamedTuple):
    """What comes of feeding one round; `fault` is empty if nothing was held back."""

    translator: ReplyTranslator
    sent: bytes

    @property
    def fault(self) -> str:
        held = self.translator.stream.fault
        return held.rule if held else ""

    def then(self, body: bytes) -> Round:
        self.translator.try_again()
        return Round(self.translator, self.sent + feed(self.translator, body))

    def concluded(self) -> list[JsonObject]:
        """Give all events, the fault told if one was held."""
        held, sent = self.translator.stream.fault, self.sent
        if held:
            sent += self.translator.give_up(held)
        events = events_of(sent)
        assert_valid(events, input_rewritten=True)
        assert self.translator.defect is None
        return events


def feed(translator: ReplyTranslator, body: bytes) -> bytes:
    return translator.receive_data(body) + translator.receive_eof()


def held(body: bytes) -> Round:
    translator = fresh(holds=True)
    return Round(translator, translator.open() + feed(translator, body))


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "cut"),
        (BUSY, "overload"),
        (sse({"error": {"code": "1302"}}), "concurrency"),
        (sse({"error": {"code": "1308"}}), "plan_limit"),
        (sse(THINK), "cut"),
        (sse(THINK, STOP), "empty"),
        (sse(THINK, "{oops"), "bad_chunk"),
        (sse(THINK, delta("network_error")), "network_error"),
        (sse(THINK, delta(content="\n")), "cut"),
        (sse(THINK, TEXT), ""),
        (sse(call("{", name="add", id="c")), ""),
        (sse(THINK, delta("sensitive")), ""),
        (sse(THINK, delta("odd")), ""),
        (sse({"error": {"code": "1261"}}), ""),
    ],
)
def test_which_faults_wait_for_another_round(body: bytes, fault: str) -> None:
    made = held(body)
    assert made.fault == fault
    events = made.concluded()
    assert events[-1]["type"] == "response.failed"
    failure = made.translator.stream.failure
    assert failure
    assert fault in ("", failure.rule)


def test_a_held_fault_is_silent_until_it_is_told() -> None:
    made = held(sse(THINK))
    translator = made.translator
    late = [
        translator.receive_data(sse(TEXT, STOP)),
        translator.receive_eof(),
        translator.refuse(BUSY, 429),
    ]
    assert late == [b"", b"", b""]
    assert made.fault == "cut"
    pulse = events_of(translator.pulse())
    assert [event["type"] for event in pulse] == ["response.in_progress"]


def test_another_round_goes_on_where_the_thinking_stopped() -> None:
    events = held(sse(THINK)).then(sse(MORE, TEXT, STOP, USAGE)).concluded()
    assert events[-1]["type"] == "response.completed"
    final = events[-1]["response"]
    assert isinstance(final, dict)
    thinking, message = final["output"]
    assert thinking["summary"][0]["text"] == "Hm. So. "
    assert thinking["encrypted_content"].endswith("\nSo. "), "only the new thinking goes back"
    assert message["content"][0]["text"] == "a"


def test_usage_of_a_lost_round_is_not_counted() -> None:
    made = held(sse(USAGE, THINK)).then(sse(TEXT, STOP))
    assert made.translator.stream.usage is None
    assert made.concluded()[-1]["response"]["usage"] is None  # type: ignore[index]


@pytest.mark.parametrize(
    ("body", "rule"), [(BUSY, "overload"), (b"<html>", "not_a_stream"), (b"", "cut")]
)
def test_a_stray_body_is_read_in_every_round(body: bytes, rule: str) -> None:
    assert held(sse(THINK)).then(body).fault == rule


def test_thinking_of_an_empty_reply_is_shown_and_not_kept_for_glm() -> None:
    events = held(sse(THINK, STOP)).then(sse(MORE, TEXT, STOP)).concluded()
    thinking, message = events[-1]["response"]["output"]  # type: ignore[index]
    assert thinking["summary"][0]["text"] == "Hm. So. "
    assert thinking["encrypted_content"].endswith("\nSo. ")
    assert message["type"] == "message"


def test_a_failure_from_outside_is_told_as_it_is_after_text() -> None:
    for body in (sse(THINK), sse(THINK, TEXT), sse(THINK, call("{", name="add", id="c"))):
        translator = ReplyTranslator(turn(), "resp_1", 1)
        sent = translator.receive_data(body) + translator.give_up(errors.failure("cut", "gone"))
        assert events_of(sent)[-1]["type"] == "response.failed"
        assert translator.stream.failure == errors.failure("cut", "gone")


def test_refused_bodies() -> None:
    translator = ReplyTranslator(turn(), "resp_1", 1)
    events = events_of(translator.refuse(BUSY, 429))
    assert_valid(events)
    assert translator.stream.failure == errors.upstream_failure({"code": "1305", "message": "busy"})


def identified(chunk: JsonObject, generation: object) -> JsonObject:
    return chunk | {"id": generation}


@pytest.mark.parametrize(
    ("chunks", "rule"),
    [
        ([identified(THINK, "1"), identified(TEXT, "2"), identified(STOP, "2")], "restart"),
        ([identified(THINK, "1"), identified(TEXT, ""), identified(STOP, "1")], ""),
        ([identified(THINK, "1"), identified(TEXT, 7), identified(STOP, None)], ""),
        ([identified(delta(role="assistant"), "1"), identified(TEXT, "2"), STOP], ""),
    ],
)
def test_a_generation_begun_anew(chunks: list[JsonObject], rule: str) -> None:
    replayed = replay([sse(*chunks)])
    assert replayed.types[-1] == "completed"
    assert {line.split()[1].rstrip(":") for line in receipt_lines(replayed.receipt)} == (
        {rule} if rule else set()
    )


def test_a_generation_begun_anew_after_text_fails() -> None:
    replayed = replay([sse(identified(TEXT, "1"), identified(TEXT, "2"), STOP)])
    assert replayed.translator.stream.failure == errors.failure("restarted")
    assert_valid(replayed.events)


def test_there_are_faults() -> None:
    assert len(RAW) >= 15
    assert len(FAULTS) == 16


@pytest.mark.parametrize("name", BODIES)
def test_cut_at_every_byte(name: str) -> None:
    """One terminal event, no defect, what is finished stays; held back or not."""
    body = BODIES[name]
    seen: set[bytes] = set()
    for holds in (False, True):
        translator = fresh(holds=holds)
        relayed = translator.open()
        for at in range(len(body) + 1):
            relayed += translator.receive_data(body[at - 1 : at] if at else b"")
            cut = fresh(holds=holds)
            sent = cut.open() + cut.receive_data(body[:at])
            assert said(sent) == said(relayed)
            sent += cut.fail(errors.failure("cut", "reset")) if at % 2 else cut.receive_eof()
            if fault := cut.stream.fault:
                sent += cut.pulse() + cut.give_up(fault)
            assert cut.defect is None
            if sent not in seen:
                check_end(sent, grammar=len(seen) % 4 == 0)
            seen.add(sent)


@cache
def said(sent: bytes) -> list[JsonObject]:
    return join_events(events_of(sent))


def fresh(*, holds: bool) -> ReplyTranslator:
    translator = ReplyTranslator(turn(), "resp_1", 1)
    translator.stream.rounds = holds
    return translator


def check_end(sent: bytes, *, grammar: bool) -> None:
    """Check one end; the whole grammar takes too long to be checked for every one."""
    events = events_of(sent)
    assert [e["type"] in TERMINAL for e in events] == [False] * (len(events) - 1) + [True]
    done = {e["output_index"]: e["item"] for e in events if e["type"] == ITEM_DONE}
    response = events[-1]["response"]
    assert isinstance(response, dict)
    assert response["output"] == [item for _, item in sorted(done.items())]
    if grammar:
        assert_valid(events, input_rewritten=True)
