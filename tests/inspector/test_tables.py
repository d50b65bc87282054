"""The smaller parts, in tables: sizes, the cache X-ray, prices, totals, the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from codex_glm.inspect import plan, stats
from codex_glm.inspect.line import turn_line
from codex_glm.inspect.prefix import compare, describe, read_change
from codex_glm.inspect.prices import PRICES, cost, say_cost
from codex_glm.inspect.prompt import estimate, prompt_parts, sizes
from codex_glm.inspect.transcript import Spoken, transcript
from codex_glm.inspect.turn_record import TurnRecord, read_record
from codex_glm.translation.models import MODELS
from codex_glm.translation.quota import Window
from codex_glm.translation.wire.chunks import Usage
from hypothesis import example, given
from hypothesis import strategies as st

from tests.translation.support import USAGE, delta, sse

from .samples import exchange, sample

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject


def say(role: str, content: str) -> JsonObject:
    return {"role": role, "content": content}


def tool(name: str, description: str = "does it") -> JsonObject:
    return {"type": "function", "function": {"name": name, "description": description}}


def chat(*messages: JsonObject, tools: tuple[JsonObject, ...] = (), **fields: object) -> JsonObject:
    return {"model": "glm-5.3", "messages": list(messages), "tools": list(tools), **fields}


SYSTEM, HI, YES = say("system", "Be good."), say("user", "hi"), say("assistant", "yes")
FIRST = chat(SYSTEM, HI, tools=(tool("a"), tool("b")))


@pytest.mark.parametrize(
    ("new", "place", "old", "now"),
    [
        (FIRST, "", "", ""),
        (chat(SYSTEM, HI, YES, tools=(tool("a"), tool("b"))), "", "", ""),
        (
            chat(say("system", "Be bad."), HI, tools=(tool("a"), tool("b"))),
            "system text",
            "Be good.",
            "Be bad.",
        ),
        (
            chat(SYSTEM, say("user", "ho"), tools=(tool("a"), tool("b"))),
            "message 2 (user)",
            "hi",
            "ho",
        ),
        (chat(SYSTEM, tools=(tool("a"), tool("b"))), "message 2 (user)", "hi", ""),
        (
            chat(SYSTEM, HI, tools=(tool("a"), tool("b", "otherwise"))),
            "tool 2 (b)",
            'b","description":"does it"}}',
            'b","description":"otherwise"}}',
        ),
    ],
    ids=["same", "goes on", "system", "message", "cut short", "tool"],
)
def test_where_a_prompt_changed(new: JsonObject, place: str, old: str, now: str) -> None:
    change = compare(FIRST, new)
    assert (change.place, change.old[-len(old) :], change.new[-len(now) :]) == (place, old, now)
    assert read_change(change.to_json()) == change


def test_a_tool_that_came_between_is_the_change() -> None:
    new = chat(SYSTEM, HI, tools=(tool("a"), tool("new"), tool("b")))
    change = compare(FIRST, new)
    assert change.place == "tool 2 (b)"
    assert '"name":"new"' in change.new
    assert change.behind > change.kept


def test_fields_beside_the_prompt_are_told() -> None:
    change = compare(FIRST, {**FIRST, "reasoning_effort": "low", "stream": True})
    assert change.fields == ("reasoning_effort",)
    assert "changed beside the prompt: reasoning_effort" in describe(change, None)


def test_the_numbers_are_scaled_to_what_glm_counted() -> None:
    change = compare(FIRST, chat(SYSTEM, HI, YES, tools=(tool("a"), tool("b"))))
    usage = Usage(prompt=3000, cached=2900, completion=5, thinking=0, total=3005)
    lines = describe(change, usage)
    assert lines[0] == "unchanged; 1 message added behind the previous request"
    assert lines[1].endswith("of 3.0k tokens may come from the cache (estimate)")
    assert lines[2] == "2.9k did come from it (97%), says GLM"


TEXTS = st.text(max_size=40)


@given(st.lists(TEXTS, max_size=5), st.lists(TEXTS, max_size=5))
@example([""], ["\r"])
@example(["a b"], ["a  b"])
def test_the_parts_of_a_comparison_add_up(old: list[str], new: list[str]) -> None:
    before, after = (chat(*(say("user", text) for text in texts)) for texts in (old, new))
    change = compare(before, after)
    assert change.kept + change.behind == sum(estimate(text) for text in new)
    assert (change.place == "") == (new[: len(old)] == old)
    if change.place:
        assert change.old != change.new


def test_sizes_add_up_to_what_glm_counted() -> None:
    parts = prompt_parts(chat(SYSTEM, say("system", "More."), HI, YES, tools=(tool("a"),)))
    assert [part.group for part in parts] == ["tools", *["instructions"] * 2, *["history"] * 2]
    assert sizes(parts)["history"] == 2
    assert abs(sum(sizes(parts, 10_000).values()) - 10_000) <= 2


@pytest.mark.parametrize(
    ("said", "tokens"), [("", 0), ("a", 1), ("four", 1), ("seven s", 2), ("你好", 2), ("\ud800", 1)]
)
def test_estimates(said: str, tokens: int) -> None:
    assert estimate(said) == tokens


@pytest.mark.parametrize(
    ("model", "usage", "dollars", "said"),
    [
        ("glm-5.3", Usage(1_000_000, 0, 0, 0, 0), 1.4, "$1.40"),
        ("glm-5.3", Usage(1_000_000, 1_000_000, 0, 0, 0), 0.26, "$0.2600"),
        ("glm-5.3", Usage(0, 0, 1_000_000, 0, 0), 4.4, "$4.40"),
        ("glm-4.7-flash", Usage(5, 0, 5, 0, 0), 0.0, "$0.0000"),
        ("a-model", Usage(5, 0, 5, 0, 0), None, "price unknown"),
    ],
)
def test_prices(model: str, usage: Usage, dollars: float | None, said: str) -> None:
    told = cost(model, usage)
    assert told == (dollars if dollars is None else pytest.approx(dollars))
    assert say_cost(told) == said


def test_prices_are_of_models_that_are_known() -> None:
    others = {"glm-4.5-airx", "glm-4.5-flash", "glm-4-32b-0414-128k", "glm-4.5-x"}
    assert set(PRICES) - set(MODELS) == others
    for full, cached, out in PRICES.values():
        assert 0 <= cached <= full <= out


TURN = sample("exec-command-followup", "03-one-tool-call")


def test_every_round_is_billed() -> None:
    reply = sse(delta(content="x"), USAGE).decode()
    rounds = [exchange("{}", reply), exchange("{}", reply)]
    record = read_record({**TURN.kept, "rounds": rounds})
    assert record.billed == Usage(prompt=14, cached=8, completion=10, thinking=6, total=24)
    assert TURN.record.billed == TURN.record.usage
    assert read_record({"rounds": rounds[:1]}).billed == Usage(7, 4, 5, 3, 12)


def test_stats() -> None:
    other = TURN.with_(model="a-model", thread="", outcome="failed", side_calls=[{"kind": "image"}])
    lines = stats.stats([TURN.record, TURN.record, other.record])
    table = {line[:38].strip(): line.split()[-1] for line in lines if line}
    assert [line[38:].split()[0] for line in lines if line.startswith("all turns")] == ["3"]
    assert "1 of unknown price" in lines[1]
    assert table["a-model"] == "unknown"
    assert "(none)" in table
    assert "2 completed, 1 failed" in lines
    assert "1 side calls, not counted above" in lines
    assert stats.stats([]) == ["no turns"]


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (
            {},
            "✓  eeffff  glm-5  173 (99% cached) → 93       first  0.8s, all   3.2s  a\xd72 b  "
            "2 noted",
        ),
        (
            {"asked_model": "gpt-5", "kind": "title", "receipt": []},
            "✓  eeffff  gpt-5 → glm-5  title  173 (99% cached) → 93       "
            "first  0.8s, all   3.2s  a\xd72 b",
        ),
        (
            {"outcome": "failed", "failure": "no\x1b[2J\nmore", "usage": [], "receipt": []},
            "✗  eeffff  glm-5                              first  0.8s, all   3.2s  a\xd72 b  "
            "failed  no�[2J more",
        ),
        (
            {"thread": "", "outcome": "", "seconds": 75, "receipt": [], "usage": []},
            "?  -       glm-5                              first  0.8s, all  1m15s  a\xd72 b  "
            "under way",
        ),
    ],
    ids=["good", "side request", "failed", "under way"],
)
def test_the_line(fields: dict[str, object], line: str) -> None:
    record = TURN.with_(**fields).record
    assert turn_line(record, ["a", "b", "a"]) == line
    coloured = turn_line(record, ["a", "b", "a"], colour=True)
    assert coloured.count("\x1b[0m") == coloured.count("\x1b[") // 2


def test_the_line_tells_of_further_tries_and_side_calls() -> None:
    rounds = [exchange("{}", "", rule="overload"), exchange("{}", "", rule="overload")]
    told = TURN.with_(rounds=rounds, side_calls=[{"kind": "image"}], receipt=[])
    assert turn_line(told.record, []).endswith("2 tried again (overload), 1 image asked")


def test_transcript() -> None:
    first = sample("first-turn-gpt-5.5", "01-text")
    turns = [Spoken(each.record, each.answered) for each in (first, TURN)]
    lines = transcript(turns)
    assert lines[0].startswith("thread 0198")
    assert sum(line.startswith("━━ ✓") for line in lines) == 2
    assert "── system ──" not in lines
    assert not any("\n" in line for line in lines)
    assert transcript([]) == ["no turns"]


PLAN = (Window(300, 42.9, 1_795_394_346), Window(10080, 17, None), Window(90, 1, 10**14))


def test_the_windows_of_a_plan_are_said() -> None:
    assert plan.say_windows(PLAN) == "plan 42% of 5h, 17% of week, 1% of 90min"
    assert plan.say_windows(()) == ""
    line = turn_line(TurnRecord(outcome="completed", model="glm-5", plan=PLAN[:1]), [])
    assert line.endswith("  plan 42% of 5h")


def test_stats_tell_what_the_last_turn_knew_of_its_plan() -> None:
    known, none = TurnRecord(plan=PLAN), TurnRecord()
    lines = stats.stats([TurnRecord(plan=PLAN[1:]), known, none])
    (told,) = [line for line in lines if line.startswith("plan")]
    assert told.startswith("plan, at the last turn that knew: 42% of 5h (anew 2026-11-2")
    assert told.endswith("), 17% of week, 1% of 90min")
    assert not any(line.startswith("plan") for line in stats.stats([none]))


def test_the_windows_are_read_back() -> None:
    kept = [each._asdict() for each in PLAN[:2]]
    assert read_record({"plan": [*kept, None]}).plan == PLAN[:2]
    assert read_record({"plan": [{}]}).plan == (Window(0, 0.0, None),)
