from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from codex_glm.simulator.judge import judge
from codex_glm.translation.receipt import Receipt
from codex_glm.translation.request.content import Content
from codex_glm.translation.request.messages import MessageFold
from codex_glm.translation.request.steps import Call, Output, Say, Speak, Step, Think
from hypothesis import given
from hypothesis import strategies as st

from ..support import KEY_HEADER

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

IMAGE: JsonObject = {"type": "image_url", "image_url": {"url": "https://x/a.png"}}
LOST = "No output was recorded for this call: it was interrupted, or its output was lost."
HI: JsonObject = {"role": "user", "content": "hi"}


def fold(*steps: Step) -> tuple[list[JsonObject], list[str]]:
    receipt = Receipt()
    messages = MessageFold(receipt).fold(steps)
    return messages, [f"{e.kind} {e.rule}" for e in receipt.entries]


def say(*parts: str | JsonObject, role: str = "user") -> Say:
    return Say(role, Content(parts))


def out(call_id: str, *parts: str | JsonObject, source: str = "") -> Output:
    return Output(call_id, Content(parts or ("ok",)), source)


def assistant(content: str = "", *calls: str, thinking: str = "") -> JsonObject:
    message: JsonObject = {"role": "assistant", "content": content}
    message |= {"reasoning_content": thinking} if thinking else {}
    made = [
        {"id": one, "type": "function", "function": {"name": "f", "arguments": "{}"}}
        for one in calls
    ]
    return message | ({"tool_calls": made} if made else {})


def tool(call_id: str, content: str = "ok") -> JsonObject:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def orphan(name: str, text: str) -> JsonObject:
    note = f"[Output of {name}, whose call is not in this conversation]"
    return {"role": "user", "content": f"{note}\n{text}"}


def call(call_id: str) -> Call:
    return Call(call_id, "f", "{}")


@pytest.mark.parametrize(
    ("steps", "messages"),
    [
        ([say("hi")], [HI]),
        ([say("a", "b")], [{"role": "user", "content": "a\nb"}]),
        ([say("hi"), Think("t"), Speak("a"), call("c"), out("c")],
         [HI, assistant("a", "c", thinking="t"), tool("c")]),
        ([say("hi"), Speak("a"), Speak("b")], [HI, assistant("a\n\nb")]),
        ([say("hi"), Speak("a"), Think("t"), Speak("b")],
         [HI, assistant("a"), assistant("b", thinking="t")]),
        ([say("hi"), call("c"), Think("t"), call("d"), out("c"), out("d")],
         [HI, assistant("", "c"), tool("c"), assistant("", "d", thinking="t"), tool("d")]),
        ([say("hi"), call("c"), call("d"), out("d", "2"), out("c", "1")],
         [HI, assistant("", "c", "d"), tool("c", "1"), tool("d", "2")]),
        ([say("hi"), call("c"), say("hi"), out("c")],
         [HI, assistant("", "c"), tool("c"), HI]),
        ([say("a", role="system"), say("b", role="system"), say("hi"), say("c", role="system")],
         [{"role": "system", "content": "a\n\nb"}, HI, {"role": "system", "content": "c"}]),
        ([say("a", IMAGE)], [{"role": "user", "content": [{"type": "text", "text": "a"}, IMAGE]}]),
        ([say(" ", IMAGE)],
         [{"role": "user", "content": [
             {"type": "text", "text": "(image)"}, {"type": "text", "text": " "}, IMAGE]}]),
        ([say(IMAGE)],
         [{"role": "user", "content": [{"type": "text", "text": "(image)"}, IMAGE]}]),
    ],
)  # fmt: skip
def test_lossless(steps: list[Step], messages: list[JsonObject]) -> None:
    assert fold(*steps) == (messages, [])


@pytest.mark.parametrize(
    ("steps", "messages", "rules"),
    [
        ([say("hi"), call("c")],
         [HI, assistant("", "c"), tool("c", LOST)],
         ["repaired orphan-call"]),
        ([say("hi"), Think("t")], [HI], ["dropped lone-thinking"]),
        ([say("hi"), Think("t"), say("hi")], [HI, HI], ["dropped lone-thinking"]),
        ([say("hi"), Think("of a try that was cut"), Think("t"), Speak("a")],
         [HI, assistant("a", thinking="t")],
         ["dropped lone-thinking"]),
        ([say("hi"), out("c", "o")],
         [HI, orphan("c", "o")],
         ["repaired orphan-output"]),
        ([say("hi"), out("", "o", source="n.b")],
         [HI, orphan("n.b", "o")],
         ["repaired orphan-output"]),
        ([say("hi"), out("", "o")],
         [HI, orphan("a tool", "o")],
         ["repaired orphan-output"]),
        ([say("hi"), out("c", "early"), call("c"), out("c", "late")],
         [HI, orphan("c", "early"),
          assistant("", "c"), tool("c", "late")],
         ["repaired orphan-output"]),
        ([say("hi"), call("c"), out("c", "1"), call("c"), out("c", "2")],
         [HI, assistant("", "c"), tool("c", "1"), assistant("", "c_2"), tool("c_2", "2")],
         ["repaired call-id"]),
        ([say("hi"), call("c_2"), call("c"), call("c"), *map(out, ("c", "c", "c_2"), "123")],
         [HI, assistant("", "c_2", "c", "c_3"), tool("c_2", "3"), tool("c", "1"), tool("c_3", "2")],
         ["repaired call-id"]),
        ([say("hi"), call("")],
         [HI, assistant("", "call_2"), tool("call_2", LOST)],
         ["repaired call-id", "repaired orphan-call"]),
        ([call("c"), out("c", "1")],
         [{"role": "user", "content": "(The user's words are not in this conversation.)"},
          assistant("", "c"), tool("c", "1")],
         ["added no-user"]),
        ([say("hi"), call("c"), out("c", "see", IMAGE)],
         [HI, assistant("", "c"), tool("c", "see"),
          {"role": "user", "content": [{"type": "text", "text": "Returned by f (c):"}, IMAGE]}],
         ["changed tool-media"]),
        ([say("a", role="system"), say("b", role="system")],
         [{"role": "user", "content": "a\n\nb"}],
         ["changed no-user"]),
    ],
)  # fmt: skip
def test_repairs(steps: list[Step], messages: list[JsonObject], rules: list[str]) -> None:
    assert fold(*steps) == (messages, rules)


def test_nothing_but_the_assistant() -> None:
    absent = {"role": "user", "content": "(The user's words are not in this conversation.)"}
    assert fold(Speak("a")) == ([absent, assistant("a")], ["added no-user"])
    assert fold() == ([], [])


ids = st.sampled_from(["c", "d", "c_2", "call", "call_2", ""])
words = st.sampled_from(["a", "b"])
steps = st.lists(
    st.one_of(
        st.builds(say, words, role=st.sampled_from(["user", "system"])),
        st.builds(say, words, st.just(IMAGE)),
        st.builds(Speak, words),
        st.builds(Think, words),
        st.builds(call, ids),
        st.builds(call, ids),
        st.builds(out, ids, words),
        st.builds(out, ids, words, st.just(IMAGE)),
    ),
    max_size=14,
)


@given(steps)
def test_the_judge_finds_nothing_whatever_the_items(steps: list[Step]) -> None:
    messages, _ = fold(say("hi"), *steps)
    body = {"model": "glm-5.3-flash", "messages": messages}
    assert [str(found) for found in judge(KEY_HEADER, body).violations] == []


@given(steps)
def test_every_call_is_answered_once_and_nothing_said_is_lost(steps: list[Step]) -> None:
    messages, _ = fold(say("hi"), *steps)
    called, answered, waiting = [], [], 0
    for message in messages:
        if message["role"] == "tool":
            answered.append(message["tool_call_id"])
            waiting -= 1
            continue
        assert waiting == 0, "something stands between a call and its output"
        calls = message.get("tool_calls", [])
        assert isinstance(calls, list)
        called += [each["id"] for each in calls]
        waiting = len(calls)
    assert called == answered
    assert len(set(called)) == len(called) == sum(isinstance(step, Call) for step in steps)
    outputs = sum(isinstance(step, Output) for step in steps)
    text = str(messages)
    assert text.count(LOST) == len(called) - outputs + text.count("whose call is not in this")


def test_many_calls_of_one_id_take_no_longer_each() -> None:
    steps = [say("hi"), *[step for _ in range(3000) for step in (call("c"), out("c", "1"))]]
    messages, _ = fold(*steps)
    ids = [str(m["tool_call_id"]) for m in messages if m["role"] == "tool"]
    assert ids == ["c", *(f"c_{n}" for n in range(2, 3001))]
