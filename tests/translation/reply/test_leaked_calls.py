from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.receipt import Receipt
from codex_glm.translation.reply.leaked_calls import LeakedCalls, Spoken
from codex_glm.translation.wire.chunks import TextDelta, ThinkingDelta
from hypothesis import given
from hypothesis import strategies as st

from ..strategies import splits

if TYPE_CHECKING:
    from collections.abc import Iterable

S, T = TextDelta, ThinkingDelta
NAMES = frozenset({"read", "write"})
READ = "<tool_call>read<arg_key>path</arg_key><arg_value>a < b</arg_value></tool_call>"
WRITE = "<tool_call>write</tool_call>"


def run(
    deltas: Iterable[Spoken], *, complete: bool = True, call_after: int | None = None
) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    """Give what was let through, the names of the calls, and the lines of the receipt."""
    receipt = Receipt()
    leaks = LeakedCalls(NAMES, receipt)
    given: list[Spoken] = []
    for place, delta in enumerate(deltas):
        if call_after == place:
            given += leaks.interrupt()
        given += leaks.receive(delta)
    rest, calls = leaks.close(complete=complete)
    told = [f"{e.kind} {e.rule}" for e in receipt.entries]
    return _joined([*given, *rest]), [call.name for call in calls], told


def _joined(deltas: Iterable[Spoken]) -> list[tuple[str, str]]:
    return _merged(("S" if isinstance(d, TextDelta) else "T", d.text) for d in deltas)


def _merged(parts: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    groups = groupby(parts, lambda part: part[0])
    return [(kind, "".join(text for _, text in group)) for kind, group in groups]


LEAKED = "repaired leaked-call"


@pytest.mark.parametrize(
    ("deltas", "given", "calls"),
    [
        ([S(READ)], [], ["read"]),
        ([S(f"I read.\n{READ}")], [("S", "I read.\n")], ["read"]),
        ([S(f"I read.{READ}\n")], [("S", "I read.")], ["read"]),
        ([S(f"{READ}\n{WRITE}\n\n")], [], ["read", "write"]),
        ([S(f"a < b <b> {WRITE}")], [("S", "a < b <b> ")], ["write"]),
        ([S(f"<<tool_call>x {WRITE}")], [("S", "<<tool_call>x ")], ["write"]),
        ([S(f"<tool_call>re<tool_call>{WRITE}")], [("S", "<tool_call>re<tool_call>")], ["write"]),
        ([S(f"`code` and {WRITE}")], [("S", "`code` and ")], ["write"]),
        ([S(f"```\ncode\n```\n{WRITE}")], [("S", "```\ncode\n```\n")], ["write"]),
        ([S(f"{READ} and {WRITE}")], [("S", f"{READ} and ")], ["write"]),
        ([T("think"), S(READ)], [("T", "think")], ["read"]),
        ([T(f"think {READ}")], [("T", "think ")], ["read"]),
        ([T(f"think {READ}\n{WRITE}\n")], [("T", "think ")], ["read", "write"]),
        ([T(READ), S("\n")], [], ["read"]),
        ([T(READ), S("\n"), T(WRITE)], [], ["read", "write"]),
        ([S("\n"), T(READ)], [("S", "\n")], ["read"]),
    ],
)  # fmt: skip
def test_rescued(deltas: list[Spoken], given: list[tuple[str, str]], calls: list[str]) -> None:
    for pieces in (deltas, [type(d)(char) for d in deltas for char in d.text]):
        found, names, told = run(pieces)
        assert (found, names) == (given, calls)
        assert set(told) == {LEAKED}


@pytest.mark.parametrize(
    "deltas",
    [
        [],
        [S("no markup"), S("a < b"), S("<")],
        [S(READ[:-1])],
        [S("<tool_call>rea")],
        [S("<tool_call>\n")],
        [S(f"{WRITE} is how it is written.")],
        [S(f"{WRITE}\n<tool_call>unknown</tool_call>")],
        [S(f"{WRITE}\n<tool_call>read")],
        [S("<tool_call>unknown</tool_call>")],
        [S(f"```\n{READ}\n```")],
        [S(f"```\n{READ}")],
        [S(f"Like `{WRITE}")],
        [S(f"So:\n\n    {WRITE}")],
        [T(f"I could {READ} but no.")],
        [T(f"I could {READ}"), S("I ask first.")],
        [T("I could <tool_call>rea"), S("I ask first.")],
        [S("Text."), T(READ)],
        [T(READ), S("\nText.")],
        [S(READ), T("more")],
        [T("a"), S("b"), T("c")],
    ],
)
def test_left_alone(deltas: list[Spoken]) -> None:
    for pieces in (deltas, [type(d)(char) for d in deltas for char in d.text]):
        assert run(pieces) == (_joined(deltas), [], [])


def test_not_where_tokens_ran_out() -> None:
    assert run([S(READ)], complete=False) == ([("S", READ)], [], [])


@pytest.mark.parametrize(
    ("before", "after", "given", "calls"),
    [
        ([S(READ)], [], [], ["read"]),
        ([S(READ)], [S("\n")], [], ["read"]),
        ([S(READ)], [S("\nDone.")], [("S", f"{READ}\nDone.")], []),
        ([S(READ[:-1])], [S(">")], [("S", READ)], []),
        ([T(READ)], [], [("T", READ)], []),
        ([T("a")], [T(READ)], [("T", f"a{READ}")], []),
        ([S("a<")], [], [("S", "a<")], []),
    ],
)
def test_beside_a_real_call(
    before: list[Spoken], after: list[Spoken], given: list[tuple[str, str]], calls: list[str]
) -> None:
    found, names, _ = run([*before, *after, S("\n")], call_after=len(before))
    blank = [] if calls else [("S", "\n")]
    assert (found, names) == (_merged([*given, *blank]), calls)


@pytest.mark.parametrize(
    ("deltas", "given", "calls"),
    [
        ([T("a"), S("</think>"), S("\n"), S(READ)], [("T", "a"), ("S", "\n")], ["read"]),
        ([S(f"</think>{WRITE}")], [], ["write"]),
        ([S("\n</think>Text.")], [("S", "\nText.")], []),
        ([S("</think></think>Text.")], [("S", "Text.")], []),
        ([S("<|begin_of_box|>7<|end_of_box|>")], [("S", "7")], []),
        ([S("It is <|begin_of_box|>7<|end_of_box|>.")], [("S", "It is 7.")], []),
        ([S("</think><|begin_of_box|></think>7"), S("<|end_of_box|>")], [("S", "7")], []),
        ([S(f"Now.<|end_of_box|>{WRITE}")], [("S", "Now.")], ["write"]),
    ],
)
def test_tags_that_mean_nothing_to_the_client(
    deltas: list[Spoken], given: list[tuple[str, str]], calls: list[str]
) -> None:
    for pieces in (deltas, [type(d)(char) for d in deltas for char in d.text]):
        found, names, told = run(pieces)
        assert (found, names) == (given, calls)
        assert told[0] == "dropped stray-tag"


@pytest.mark.parametrize(
    "deltas",
    [
        *([S("Text </think>")], [S("</thinking>")], [S("</thi")], [S("`</think>`")]),
        *([T("</think>")], [T("<|end_of_box|>")], [S("a <|end_of")], [S("`<|end_of_box|>`")]),
        *([S("<|begin_of_boxes|>")], [S("a <|> b <| c |>")]),
    ],
)
def test_other_tags_stay(deltas: list[Spoken]) -> None:
    for pieces in (deltas, [type(d)(char) for d in deltas for char in d.text]):
        assert run(pieces) == (_joined(deltas), [], [])


@pytest.mark.parametrize("text", ["a", "a > b", "`a`\n", "tool_call>", "é"])
def test_text_without_a_mark_does_not_wait(text: str) -> None:
    leaks = LeakedCalls(NAMES, Receipt())
    assert leaks.receive(S(text)) == [S(text)]


@pytest.mark.parametrize(
    ("pieces", "given"),
    [
        (["a <", "b"], ["a ", "<b"]),
        (["a <tool", "s>"], ["a ", "<tools>"]),
        (["<tool_call>", "the tag"], ["", "<tool_call>the tag"]),
        ([WRITE, "\n", "is"], ["", "", f"{WRITE}\nis"]),
        (["`", "<tool_call>"], ["`", "<tool_call>"]),
        ([f"a {WRITE} b <", "tool_call>x"], [f"a {WRITE} b ", "<tool_call>x"]),
    ],
)
def test_only_what_may_be_a_call_waits(pieces: list[str], given: list[str]) -> None:
    leaks = LeakedCalls(NAMES, Receipt())
    found = [leaks.receive(S(piece)) for piece in pieces]
    assert ["".join(delta.text for delta in each) for each in found] == given
    assert all(len(each) <= 1 for each in found)


parts = st.sampled_from(
    [
        *(READ, WRITE, "<tool_call>", "</tool_call>", "read", "<arg_key>", "</arg_key>"),
        *("<arg_value>", "</arg_value>", "x", "\n", " ", "<", "</think>", '{"name":"read"}'),
        *("unknown", "`", "```\n"),
    ]
)
texts = st.lists(parts, max_size=8).map("".join)
spoken = st.lists(
    st.builds(lambda kind, text: kind(text), st.sampled_from([S, T]), texts), max_size=4
)


@given(st.data(), spoken, st.booleans())
def test_any_split_says_the_same(data: st.DataObject, deltas: list[Spoken], complete: bool) -> None:
    cut = [type(d)(piece) for d in deltas for piece in data.draw(splits(d.text)) if piece]
    whole = [delta for delta in deltas if delta.text]
    assert run(cut, complete=complete) == run(whole, complete=complete)


@given(spoken, st.booleans())
def test_nothing_is_lost(deltas: list[Spoken], complete: bool) -> None:
    given, calls, told = run([d for d in deltas if d.text], complete=complete)
    if not calls and not told:
        assert given == _joined(d for d in deltas if d.text)
    assert len(calls) <= "".join(d.text for d in deltas).count("</tool_call>")
    assert complete or not calls


CALLS = re.compile(
    r"(?:\s*<tool_call>(?:read|write)"
    r"(?:<arg_key>x</arg_key><arg_value>a < b</arg_value>)?</tool_call>)+\s*$"
)
words = st.sampled_from(
    [WRITE, READ.replace("path", "x"), "read", "x", "\n", "<", "</tool_call>", ">"]
)


@given(st.lists(words, max_size=8).map("".join))
def test_it_finds_what_an_expression_finds(text: str) -> None:
    """The calls at the end of a text are all rescued, and only these."""
    given, calls, _ = run([S(text)] if text else [])
    found = CALLS.search(text)
    at = found.start() if found else len(text)
    assert "".join(each[1] for each in given).rstrip() == text[:at].rstrip()
    assert len(calls) == text[at:].count("<tool_call>")
