from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.errors import failure
from codex_glm.translation.reply.stream import ResponseStream
from codex_glm.translation.wire.chunks import (
    Delta,
    Finished,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UpstreamError,
    Usage,
)

from ..grammar import assert_valid
from ..support import receipt_lines, turn

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

USAGE = Usage(7, 4, 5, 3, 12)
EARLY = Usage(0, 0, 0, 0, 0)
T, S = ThinkingDelta, TextDelta
STOP = Finished("stop")


def call(arguments: str = "{}", index: int | None = 0, call_id: str = "", name: str = "") -> Delta:
    return ToolCallDelta(index, call_id, name, arguments)


def first(index: int | None, call_id: str, arguments: str = "", name: str = "add") -> Delta:
    return ToolCallDelta(index, call_id, name, arguments)


def run(
    *deltas: Delta, parallel: bool = True, rewritten: bool = False, **fields: object
) -> tuple[ResponseStream, JsonObject, list[str]]:
    """Give the stream, its final response, and the lines of the receipt."""
    context = turn(parallel_tool_calls=parallel, **fields)
    stream = ResponseStream(context, "resp_7", 1)
    events = stream.start()
    for delta in deltas:
        events += stream.receive(delta)
    events += stream.end()
    assert_valid(events, input_rewritten=rewritten)
    assert stream.ended
    assert stream.response == events[-1]["response"]
    return stream, stream.response, receipt_lines(context.receipt)


def outline(response: JsonObject) -> list[tuple[object, ...]]:
    """Give kind and text of each item."""
    output = response["output"]
    assert isinstance(output, list)
    return [
        (item["type"], item.get("call_id"), item["arguments"])
        if item["type"] == "function_call"
        else (item["type"], (item.get("content") or item.get("summary"))[0]["text"])
        for item in output
    ]


@pytest.mark.parametrize(
    ("deltas", "items"),
    [
        ([T("a"), T("b"), S("c")], [("reasoning", "ab"), ("message", "c")]),
        ([S("a"), T("b"), S("c")], [("message", "a"), ("reasoning", "b"), ("message", "c")]),
        ([T("\n"), T("a"), S("\n"), S("b")], [("reasoning", "\na"), ("message", "\nb")]),
        ([T("\n"), T("\n"), T("a"), S("b")], [("reasoning", "\n\na"), ("message", "b")]),
        ([S("a"), S("\n"), S("b")], [("message", "a\nb")]),
        ([T("a"), S("\n"), T("b"), S("c")], [("reasoning", "ab"), ("message", "\nc")]),
        ([S("a"), first(0, "c", "{}")], [("message", "a"), ("function_call", "c", "{}")]),
        ([first(0, "c", "{"), S("a"), call("}")], [("function_call", "c", "{}"), ("message", "a")]),
        (
            [first(0, "c", "{"), first(1, "d", "{ "), call("}"), call("}", 1)],
            [("function_call", "c", "{}"), ("function_call", "d", "{ }")],
        ),
        ([first(0, "c", "{"), first(0, "c", "}")], [("function_call", "c", "{}")]),
        ([first(None, "c", "{"), call("}", None)], [("function_call", "c", "{}")]),
        (
            [first(0, "c", "{}"), first(0, "d", "{"), call("}", 0, "d")],
            [("function_call", "c", "{}"), ("function_call", "d", "{}")],
        ),
        (
            [first(None, "c", "{}"), first(None, "d", "{"), call("}", None)],
            [("function_call", "c", "{}"), ("function_call", "d", "{}")],
        ),
        ([first(0, "", "{}")], [("function_call", "call_700", "{}")]),
    ],
)
def test_items(deltas: list[Delta], items: list[tuple[str, ...]]) -> None:
    _, response, _ = run(*deltas, STOP, USAGE)
    assert response["status"] == "completed"
    assert outline(response) == items


@pytest.mark.parametrize(
    ("deltas", "rule"),
    [
        ([S("a"), T("\n")], "dropped blank"),
        ([S("a"), T("\n"), S("b")], "dropped blank"),
        ([S("a"), call("{}", 0)], "dropped nameless-call"),
        ([S("a"), first(0, "c", "{}", "unheard_of")], "changed unknown-tool"),
        ([S("a"), first(0, "c")], "repaired no-arguments"),
        ([S("a"), STOP, S("b")], "dropped late"),
        ([first(0, "c", "{}"), STOP, first(0, "c", "{}"), first(1, "d", "{}")], "dropped late"),
        ([S("a"), STOP, Finished("sensitive")], "dropped late"),
    ],
)
def test_the_receipt_tells(deltas: list[Delta], rule: str) -> None:
    _, response, receipt = run(*deltas, STOP)
    assert response["status"] == "completed"
    assert [line.partition(":")[0] for line in receipt] == [rule]


def test_one_call_where_one_was_asked_for() -> None:
    deltas = [first(0, "c", "{}"), first(1, "d", "{}"), call("{}", 1), STOP]
    _, response, receipt = run(*deltas, parallel=False)
    assert outline(response) == [("function_call", "c", "{}")]
    assert receipt[0].startswith("dropped parallel-call: add")


@pytest.mark.parametrize(
    ("deltas", "status", "code"),
    [
        ([S("a"), STOP], "completed", None),
        ([S("a"), Finished("tool_calls")], "completed", None),
        ([S("a"), Finished("length")], "incomplete", None),
        ([T("a"), Finished("length")], "incomplete", None),
        ([Finished("length")], "incomplete", None),
        ([S("a")], "failed", "cut"),
        ([], "failed", "cut"),
        ([T("a"), STOP], "failed", "empty"),
        ([STOP], "failed", "empty"),
        ([S("\n"), STOP], "failed", "empty"),
        ([S("a"), Finished("sensitive")], "failed", "sensitive"),
        ([S("a"), Finished("network_error")], "failed", "network_error"),
        ([Finished("model_context_window_exceeded")], "failed", "window"),
        ([S("a"), Finished("odd")], "failed", "finish"),
        ([S("a"), UpstreamError({"code": "1302"})], "failed", "concurrency"),
        ([S("a"), STOP, UpstreamError({"code": "1302"})], "failed", "concurrency"),
    ],
)
def test_the_end(deltas: list[Delta], status: str, code: str | None) -> None:
    stream, response, _ = run(*deltas)
    assert response["status"] == status
    assert (stream.failure.rule if stream.failure else None) == code


def test_length_leaves_half_a_call_unfinished() -> None:
    deltas = [S("a"), first(0, "c", "{}"), first(1, "d", '{"a":'), Finished("length"), USAGE]
    _, response, receipt = run(*deltas)
    calls = [("function_call", "c", "{}"), ("function_call", "d", '{"a":')]
    assert outline(response) == [("message", "a"), *calls]
    output = response["output"]
    assert isinstance(output, list)
    assert [item["status"] for item in output] == ["completed", "completed", "incomplete"]
    assert response["incomplete_details"] == {"reason": "max_output_tokens"}
    assert receipt == [
        "changed half-call: add: GLM ran out of tokens before it had finished this call"
    ]


def test_length_marks_the_open_message() -> None:
    _, response, _ = run(S("a"), Finished("length"))
    output = response["output"]
    assert isinstance(output, list)
    assert output[0]["status"] == "incomplete"


ADD = "<tool_call>add<arg_key>a</arg_key><arg_value>1</arg_value></tool_call>"
ADDED = '{"a":1}'


@pytest.mark.parametrize(
    ("deltas", "items"),
    [
        ([S(ADD)], [("function_call", "call_700", ADDED)]),
        ([S("a "), S(ADD)], [("message", "a "), ("function_call", "call_701", ADDED)]),
        ([T("a"), S(ADD[:20]), S(ADD[20:])],
         [("reasoning", "a"), ("function_call", "call_701", ADDED)]),
        ([T("a"), T(ADD)], [("reasoning", "a"), ("function_call", "call_701", ADDED)]),
        ([S(ADD * 2)],
         [("function_call", "call_700", ADDED), ("function_call", "call_701", ADDED)]),
        ([S(ADD), first(0, "c", "{}")],
         [("function_call", "c", "{}"), ("function_call", "call_701", ADDED)]),
        ([S(ADD), first(0, "c", '{"a": "1"}')], [("function_call", "c", ADDED)]),
        ([S("a "), S(ADD), S("?")], [("message", f"a {ADD}?")]),
        ([S("a <")], [("message", "a <")]),
        ([S("a <"), first(0, "c", "{}")], [("message", "a <"), ("function_call", "c", "{}")]),
        ([S(ADD.replace("add", "unheard_of"))], [("message", ADD.replace("add", "unheard_of"))]),
    ],
)  # fmt: skip
def test_calls_in_the_text(deltas: list[Delta], items: list[tuple[str, ...]]) -> None:
    context = turn()
    stream = ResponseStream(context, "resp_7", 1)
    events = stream.start()
    for delta in [*deltas, STOP, USAGE]:
        events += stream.receive(delta)
    assert_valid(events, input_rewritten=True)
    assert stream.response["status"] == "completed"
    assert outline(stream.response) == items


def test_a_call_in_the_text_is_not_made_where_tokens_ran_out() -> None:
    _, response, _ = run(S(ADD), Finished("length"))
    assert (response["status"], outline(response)) == ("incomplete", [("message", ADD)])


def test_one_call_in_the_text_where_one_was_asked_for() -> None:
    _, response, receipt = run(S(ADD * 2), STOP, parallel=False, rewritten=True)
    assert outline(response) == [("function_call", "call_700", ADDED)]
    assert receipt[-2].startswith("dropped parallel-call: add")


SHELL_ONLY = {"type": "allowed_tools", "mode": "auto", "tools": [{"name": "shell"}]}


@pytest.mark.parametrize("choice", ["none", SHELL_ONLY])
def test_no_call_in_the_text_of_a_tool_that_was_not_offered(choice: object) -> None:
    _, response, _ = run(S(ADD), STOP, tool_choice=choice)
    assert outline(response) == [("message", ADD)]


NAMELESS = ToolCallDelta(0, "c", "", '{"a')


@pytest.mark.parametrize(
    ("failed", "items"),
    [
        ([T("a"), STOP], [("reasoning", "ab"), ("function_call", "d", "{}")]),
        ([T("a"), S("\n"), STOP], [("reasoning", "ab"), ("function_call", "d", "{}")]),
        ([NAMELESS, UpstreamError({"code": "1302"})],
         [("reasoning", "b"), ("function_call", "d", "{}")]),
    ],
)  # fmt: skip
def test_nothing_of_a_failed_try_is_left(
    failed: list[Delta], items: list[tuple[object, ...]]
) -> None:
    stream = ResponseStream(turn(), "resp_7", 1)
    stream.rounds = True
    events = stream.start()
    for delta in failed:
        events += stream.receive(delta)
    events += stream.end()
    assert stream.fault is not None
    stream.try_again()
    for delta in (T("b"), first(0, "d", "{}"), STOP):
        events += stream.receive(delta)
    events += stream.end()
    assert_valid(events)
    assert outline(stream.response) == items
    output = stream.response["output"]
    assert isinstance(output, list)
    assert output[0]["encrypted_content"].endswith("\nb")


def test_a_held_call_is_forgotten_when_the_reply_begins_anew() -> None:
    stream = ResponseStream(turn(), "resp_7", 1)
    stream.rounds = True
    events = stream.start() + stream.receive(T("a")) + stream.receive(S(ADD))
    assert stream.fail(failure("cut")) == []
    stream.try_again()
    events += stream.receive(S("b")) + stream.receive(STOP) + stream.end()
    assert_valid(events)
    assert outline(stream.response) == [("reasoning", "a"), ("message", "b")]


@pytest.mark.parametrize("ending", [[STOP, USAGE], [USAGE, STOP], [EARLY, STOP, USAGE], [STOP]])
def test_usage_before_or_after_or_never(ending: list[Delta]) -> None:
    stream, response, _ = run(S("a"), *ending)
    assert stream.usage in (None, USAGE)
    assert bool(response["usage"]) == (USAGE in ending) == (stream.usage is not None)


def test_the_ids_come_from_the_response_id() -> None:
    _, response, _ = run(T("a"), S("b"), first(0, "c", "{}"), STOP)
    output = response["output"]
    assert isinstance(output, list)
    assert [item["id"] for item in output] == ["rs_700", "msg_701", "fc_702"]


@pytest.mark.parametrize(
    ("deltas", "at_work"),
    [
        ([], ""),
        ([T("a")], "thinking"),
        ([T("a"), S("b")], "text"),
        ([S("b"), first(0, "c", "{")], "add"),
        ([first(0, "c", "{}"), first(1, "d", "{")], "add add"),
        ([first(0, "c", "{}"), Finished("tool_calls")], ""),
    ],
)
def test_what_glm_is_at(deltas: list[Delta], at_work: str) -> None:
    stream = ResponseStream(turn(), "resp_7", 1)
    for delta in deltas:
        stream.receive(delta)
    assert stream.at_work == at_work


def test_untouched() -> None:
    for delta in (S("a"), STOP, first(0, "c")):
        stream = ResponseStream(turn(), "resp_7", 1)
        stream.start()
        stream.receive(USAGE)
        assert stream.untouched
        stream.receive(delta)
        assert not stream.untouched


def test_silence_after_the_end() -> None:
    stream, response, _ = run(S("a"), STOP)
    late = [stream.receive(S("b")), stream.receive(STOP), stream.end(), stream.fail(failure("cut"))]
    assert late == [[], [], [], []]
    assert stream.response is response
    assert stream.failure is None


@pytest.mark.parametrize(("last", "code"), [(False, "server_error"), (True, "invalid_prompt")])
def test_the_last_try_stops_the_client(code: str, *, last: bool) -> None:
    stream = ResponseStream(turn(), "resp_7", 1)
    stream.last_try = last
    events = stream.start() + stream.receive(S("half a sen")) + stream.end()
    assert_valid(events)
    assert stream.failure is not None
    assert (stream.failure.code, stream.failure.rule) == (code, "cut")
