"""The grammar of a Responses stream: what every stream of ours must obey, whatever GLM sent."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from openai import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

from .open_responses import lacks

if TYPE_CHECKING:
    from collections.abc import Iterator

type Event = dict[str, Any]

PULSE = "response.in_progress"
"""What keeps a client waiting: the same event that stands second in every stream."""
TERMINAL = {"response.completed", "response.incomplete", "response.failed"}
PREFIXES = {
    "message": "msg_",
    "reasoning": "rs_",
    "function_call": "fc_",
    "custom_tool_call": "ctc_",
    "tool_search_call": "tsc_",
    "local_shell_call": "lsh_",
    "web_search_call": "ws_",
    "compaction": "cmp_",
}
MIDDLE = {
    "message": ("content_part.added", "output_text.delta", "output_text.done", "content_part.done"),
    "reasoning": (
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
    ),
    "function_call": ("function_call_arguments.delta", "function_call_arguments.done"),
    "custom_tool_call": ("custom_tool_call_input.delta", "custom_tool_call_input.done"),
    "tool_search_call": (),
    "local_shell_call": (),
    "web_search_call": (
        "web_search_call.in_progress",
        "web_search_call.searching",
        "web_search_call.completed",
    ),
    "compaction": (),
}
"""What stands between an item's `added` and `done`, in order; only a delta may repeat or lack."""
WITHOUT_DELTAS = {"tool_search_call", "local_shell_call", "web_search_call", "compaction"}

_OPEN_RESPONSES = {"frequency_penalty", "presence_penalty", "store"}
"""Fields that the Open Responses specification demands and OpenAI's SDK does not know."""

_ADAPTER: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def assert_valid(events: list[Event], *, input_rewritten: bool = False) -> None:
    """Check a whole stream.

    Args:
        events: All events, as they stand on the wire.
        input_rewritten: Whether what a tool is called with could only be known at its end, as the
            receipt's rules `custom-input`, `arguments` and `bad-arguments` say; then its deltas
            may differ.

    """
    _check_envelope(events)
    by_item: dict[int, list[Event]] = defaultdict(list)
    for event in events[2:-1]:
        if event["type"] == PULSE:
            assert event["response"] == events[1]["response"]
            continue
        by_item[event["output_index"]].append(event)
    assert list(by_item) == sorted(by_item), "an output_index went back at opening"
    assert list(by_item) == list(range(len(by_item))), "an output_index was left out"
    failed = events[-1]["type"] != "response.completed"
    done = {
        index: item
        for index, of_item in by_item.items()
        if (item := _check_item(of_item, may_stay_open=failed, rewritten=input_rewritten))
    }
    ids = [of_item[0]["item"]["id"] for of_item in by_item.values()]
    assert len(set(ids)) == len(ids), "two items with one id"
    assert events[-1]["response"]["output"] == [done[index] for index in sorted(done)]
    _check_types(events)


def _check_envelope(events: list[Event]) -> None:
    types = [event["type"] for event in events]
    assert types[:2] == ["response.created", "response.in_progress"]
    assert [t for t in types if t in TERMINAL] == types[-1:], "not exactly one terminal event"
    assert types.count("response.created") == 1
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    states = [event["response"] for event in (*events[:2], events[-1])]
    assert [s["status"] for s in states[:2]] == ["in_progress"] * 2
    assert f"response.{states[2]['status']}" == types[-1]
    assert {s["id"] for s in states} == {states[0]["id"]}
    assert states[0]["id"].startswith("resp_")
    assert bool(states[2]["error"]) == (types[-1] == "response.failed")
    assert bool(states[2]["incomplete_details"]) == (types[-1] == "response.incomplete")


def _check_item(events: list[Event], *, may_stay_open: bool, rewritten: bool) -> Event | None:
    """Check the events of one item and give the finished item, or None if it stayed open."""
    added = events[0]
    assert added["type"] == "response.output_item.added"
    item = added["item"]
    kind = item["type"]
    assert item["id"].startswith(PREFIXES[kind])
    keeps_searches = kind == "reasoning" and events[-1].get("item", {}).get("summary") == []
    middle = () if keeps_searches and events[1:] else MIDDLE[kind]
    _check_order([event["type"].removeprefix("response.") for event in events], middle)
    assert {e["item_id"] for e in events if "item_id" in e} <= {item["id"]}
    last = events[-1]
    if last["type"] != "response.output_item.done":
        assert may_stay_open, "an item stayed open in a completed response"
        return None
    done: Event = last["item"]
    assert (done["id"], done["type"]) == (item["id"], kind)
    if "call_id" in item:
        assert done["call_id"] == item["call_id"]
    joined = "".join(event["delta"] for event in events if event["type"].endswith(".delta"))
    if not (rewritten and kind in ("custom_tool_call", "function_call")):
        assert kind in WITHOUT_DELTAS or joined == _text_of(done), "deltas differ from the item"
    for event in events:
        _check_done(event, done)
    return done


def _check_order(types: list[str], middle: tuple[str, ...]) -> None:
    """Check that types are the expected ones in order, perhaps cut short, deltas any number."""
    expected = ["output_item.added", *middle, "output_item.done"]
    single = [t for t in types if not t.endswith(".delta")]
    wanted = [t for t in expected if not t.endswith(".delta")]
    assert single == wanted[: len(single)], f"{single} is out of order"
    places = [expected.index(t) for t in types]
    assert places == sorted(places), f"{types} is out of order"


def _check_done(event: Event, item: Event) -> None:
    """Check that what a done event repeats is what the item says."""
    if event["type"].endswith((".done", "_part.done")) and "item" not in event:
        told = event.get("part", event)
        text = next(told[key] for key in ("text", "arguments", "input") if key in told)
        assert text == _text_of(item), f"{event['type']} differs from the item"


def _text_of(item: Event) -> str:
    match item["type"]:
        case "message":
            return "".join(part["text"] for part in item["content"])
        case "reasoning":
            return "".join(part["text"] for part in item["summary"])
        case "function_call":
            return str(item["arguments"])
        case _:
            return str(item["input"])


def _check_types(events: list[Event]) -> None:
    """Check every event against the SDK's types and the specification; and the sum of them all.

    The sum is what the SDK's own accumulation makes of the stream.
    """
    state: ResponseStreamState[Any] = ResponseStreamState(input_tools=omit, text_format=omit)
    for event in events:
        model = _ADAPTER.validate_python(_with_known_code(event), strict=True)
        assert not set(_unknown_fields(model)) - _OPEN_RESPONSES, event["type"]
        assert lacks(event) == []
        state.handle_event(model)
    output = [state._completed_output[index] for index in sorted(state._completed_output)]
    told = [item.model_dump(exclude_unset=True) for item in output]
    assert told == events[-1]["response"]["output"]


def _with_known_code(event: Event) -> Event:
    """Replace the one code that Codex needs and the SDK's Literal lacks."""
    error = event.get("response", {}).get("error")
    if not error or error["code"] != "context_length_exceeded":
        return event
    known = error | {"code": "server_error"}
    return event | {"response": event["response"] | {"error": known}}


def _unknown_fields(model: object) -> Iterator[str]:
    if isinstance(model, BaseModel):
        yield from model.model_extra or {}
        for name in type(model).model_fields:
            yield from _unknown_fields(getattr(model, name))
    elif isinstance(model, list):
        for each in model:
            yield from _unknown_fields(each)
