"""The soak's own judgement: it notices what it is there to notice."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from .page import write_table
from .soak.client import Stream
from .soak.plan import FAILS, KINDS, Plan, make_plan
from .soak.report import Report

if TYPE_CHECKING:
    from pathlib import Path

SEED = 7
PLANS = [make_plan(SEED, number) for number in range(1, 200)]


def of_kind(kind: str) -> Plan:
    return next(plan for plan in PLANS if plan.kind == kind)


def played(plan: Plan, text: str = "", status: str = "completed", **broken: Any) -> Stream:
    """Give a stream as a client would have seen it; what is wrong with it can be given."""
    stream = Stream(plan, status=200)
    text = text or plan.text
    for number, piece in enumerate([text[:9], text[9:]]):
        told = {"type": "response.output_text.delta", "sequence_number": number, "delta": piece}
        stream.take(told)
    item = {"type": "message", "content": [{"text": text}]}
    end = {"status": status, "output": [item], "error": {"message": "m"}}
    for number in range(broken.get("ends", 1)):
        stream.take({"type": f"response.{status}", "sequence_number": 2 + number, "response": end})
    return stream


def test_plans_are_of_all_kinds_and_always_the_same() -> None:
    assert {plan.kind for plan in PLANS} == set(KINDS)
    assert [make_plan(SEED, plan.number) for plan in PLANS] == PLANS
    assert make_plan(SEED + 1, 1) != make_plan(SEED, 1)
    assert len({plan.text for plan in PLANS}) == len(PLANS)
    for plan in PLANS:
        text = json.loads(plan.text)["text"] if plan.kind == "call" else plan.text
        assert text.endswith(hashlib.sha256(text[:-64].encode()).hexdigest())
        assert 0 < plan.stops_before < len(plan.pieces)


@pytest.mark.parametrize("kind", KINDS)
def test_what_went_as_planned(kind: str) -> None:
    plan = of_kind(kind)
    if kind in FAILS:
        assert played(plan, plan.text[:50], "failed").problems() == []
        assert played(plan).problems() != []
    else:
        assert played(plan).problems() == []
        assert played(plan, plan.text[:50], "failed").problems() != []


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda plan: played(plan, plan.text[:-1]),
        lambda plan: played(plan, plan.text.replace(":5·", ":6·", 1)),
        lambda plan: played(plan, of_kind("stall").text),
        lambda plan: played(plan, plan.text + "x"),
        lambda plan: played(plan, ends=2),
        lambda plan: played(plan, ends=0),
        lambda plan: played(plan, status="incomplete"),
    ],
)
def test_what_did_not(spoiled: Any) -> None:
    assert spoiled(of_kind("well")).problems() != []


def test_a_missing_event_is_noticed() -> None:
    stream = played(of_kind("well"))
    stream.numbers.remove(1)
    assert stream.problems() == ["events are missing or doubled"]


def figure(at: float, **fields: Any) -> dict[str, Any]:
    whole = {"at": at, "megabytes": 80.0, "tasks": 5, "files": 9, "connections": 0, "lags": [1.0]}
    return whole | fields


def report(stream: Stream, reloads: tuple[float, ...] = (), **fields: Any) -> Report:
    figures = [figure(1), *(figure(at) for at in range(10, 40)), figure(50)]
    whole: dict[str, Any] = {
        "streams": [(20.0, 25.0, stream)],
        "reloads": list(reloads),
        "harm": {},
        "keys": {"key-1"},
        "known_keys": {"key-1", "key-2"},
        "figures": figures,
        "load": (5.0, 45.0),
        "idle_until": 51.0,
        "output": "all is well",
    }
    return Report(**whole | fields)


def test_a_good_run() -> None:
    good = report(played(of_kind("well")))
    assert good.problems() == []
    assert "| completed 1 |" in good.table()


def test_the_question_for_its_health_is_no_leak() -> None:
    asked = [figure(1), *(figure(at) for at in range(10, 51)), figure(52, connections=1, tasks=99)]
    assert report(played(of_kind("well")), figures=asked).problems() == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"figures": [figure(1)]}, "nothing"),
        ({"streams": []}, "nothing"),
        ({"output": "Traceback (most recent call last)"}, "Traceback"),
        ({"output": "the key is key-2"}, "a key stands"),
        ({"keys": {"key-3"}}, "nobody had set"),
        ({"harm": {"keys changed": 3}}, "no other key"),
        ({"figures": [*(figure(at) for at in range(9)), figure(50, tasks=99)]}, "tasks: 5"),
        ({"figures": [*(figure(at) for at in range(9)), figure(50, files=99)]}, "files: 9"),
        ({"figures": [*(figure(at) for at in range(9)), figure(50, connections=1)]}, "1 connec"),
        (
            {"figures": [figure(at, megabytes=80.0 + 3 * at) for at in range(46)]},
            "memory grew",
        ),
    ],
)
def test_a_bad_run(fields: dict[str, Any], words: str) -> None:
    problems = report(played(of_kind("well")), **fields).problems()
    assert [words in problem for problem in problems] == [True]


def test_a_turn_may_be_told_that_it_waited_in_vain_at_a_reload_alone() -> None:
    plan = of_kind("well")
    told = played(plan, plan.text[:50], "failed")
    told.ends[0]["error"]["message"] = "cut (the addon that made the turn wait is gone)"
    assert report(told, reloads=(21.0,)).problems() == []
    assert report(told, reloads=(4.0, 26.0)).problems() != []
    told.text = "something else"
    assert report(told, reloads=(21.0,)).problems() != []


def test_tables_are_written_between_their_marks(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb\n")
    for _ in range(2):
        write_table("x", "words", "| new |", page)
    assert page.read_text() == ("a\n<!-- x: begin -->\n\nwords\n\n| new |\n\n<!-- x: end -->\nb\n")
    with pytest.raises(ValueError, match="no place"):
        write_table("y", "", "", page)
