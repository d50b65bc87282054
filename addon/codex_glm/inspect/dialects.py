"""Both dialects as they were spoken, one thing a line."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from codex_glm.translation.wire.chunks import (
    Finished,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    Usage,
)
from codex_glm.translation.wire.chunks import parse_chunk as read_chunk
from codex_glm.translation.wire.sse import SSEDecoder
from codex_glm.translation.wire.wire_json import encode_text

from .codex_reply import read_events
from .loose import object_of, parsed, pretty, text, written
from .wording import one_line, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codex_glm.translation.wire.chunks import Delta
    from codex_glm.translation.wire.wire_json import JsonObject

    from .turn_record import Round, TurnRecord

_MOST = 160


def glm_requests(record: TurnRecord) -> str:
    """Give what was sent to GLM, each round's JSON with its lines broken."""
    blocks = [
        f"{_head(record, number, each)}\n{pretty(each.request) or '# not kept'}"
        for number, each in enumerate(record.rounds, 1)
    ]
    return "\n\n".join(blocks) or "# nothing was sent to GLM"


def glm_replies(record: TurnRecord) -> str:
    """Give what GLM answered, one chunk a line."""
    blocks = [
        "\n".join([_head(record, number, each), *(reply_lines(each.reply) or ["# nothing"])])
        for number, each in enumerate(record.rounds, 1)
    ]
    return "\n\n".join(blocks) or "# nothing was sent to GLM"


def reply_lines(reply: str) -> list[str]:
    """Give a reply of GLM in lines; one that is no event stream as it is."""
    decoder = SSEDecoder()
    data = reply.encode("utf-8", "surrogatepass")
    frames = decoder.feed(data) + decoder.flush()
    if not frames:
        return [pretty(reply)] if reply else []
    return [_chunk_line(frame.data) for frame in frames]


def codex_events(body: bytes) -> str:
    """Give what Codex got, one event a line; deltas in a row stand as one."""
    events = read_events(body)
    if not events:
        return pretty(body.decode("utf-8", "replace"))
    return "\n".join(_event_line(list(run)) for _, run in groupby(_numbered(events), _run_key))


def _head(record: TurnRecord, number: int, each: Round) -> str:
    parts = [f"# round {number} of {len(record.rounds)}", each.url]
    parts += [f"status {each.status}"] if each.status else []
    parts += [f"sent at {seconds(each.begun)}"] if each.begun is not None else ["not sent yet"]
    parts += [f"tried again: {each.rule}"] if each.rule else []
    return " · ".join(parts)


def _chunk_line(data: str) -> str:
    if data.strip() == "[DONE]":
        return "[DONE]"
    chunk = parsed(data)
    if not chunk:
        return f"(not JSON) {one_line(data, _MOST)}"
    said = [_delta_text(delta) for delta in read_chunk(chunk)]
    return " | ".join(said) or one_line(encode_text(chunk), _MOST)


def _delta_text(delta: Delta) -> str:
    match delta:
        case ThinkingDelta(said):
            return f"thinking {encode_text(said)}"
        case TextDelta(said):
            return f"text     {encode_text(said)}"
        case ToolCallDelta():
            place = "?" if delta.index is None else delta.index
            named = " ".join(filter(None, (delta.name, delta.id)))
            return f"call {place}   {named and named + ' '}{encode_text(delta.arguments)}"
        case Finished(reason):
            return f"finish   {reason}"
        case Usage():
            counts = delta._asdict().items()
            return "usage    " + ", ".join(f"{name} {many}" for name, many in counts)
        case _:
            return f"error    {encode_text(delta.error)}"


def _numbered(events: list[JsonObject]) -> Iterable[tuple[int, JsonObject]]:
    for place, event in enumerate(events):
        number = event.get("sequence_number")
        yield number if isinstance(number, int) else place, event


def _run_key(numbered: tuple[int, JsonObject]) -> object:
    number, event = numbered
    kind = text(event.get("type"))
    place = f"{event.get('output_index')} {event.get('summary_index')}"
    return (kind, place) if kind.endswith(".delta") else number


def _event_line(run: list[tuple[int, JsonObject]]) -> str:
    (first, event), (last, _) = run[0], run[-1]
    span = str(first) if first == last else f"{first}-{last}"
    kind = text(event.get("type")).removeprefix("response.")
    place = event.get("output_index")
    where = f" [{place}]" if isinstance(place, int) else ""
    if kind.endswith(".delta"):
        said = encode_text("".join(written(each.get("delta")) for _, each in run))
        many = f" ({len(run)} events)" if len(run) > 1 else ""
        return f"{span:>9}  {kind}{where} {said}{many}"
    return f"{span:>9}  {kind}{where} {_essence(event)}".rstrip()


def _essence(event: JsonObject) -> str:
    if response := object_of(event.get("response")):
        shown = ("id", "model", "status", "error", "incomplete_details", "usage")
        held = {name: response[name] for name in shown if response.get(name) is not None}
        return one_line(encode_text(held), _MOST * 3)
    if item := object_of(event.get("item")):
        return one_line(encode_text(item), _MOST)
    told = next(
        (written(event[name]) for name in ("text", "arguments", "input") if name in event), ""
    )
    return one_line(encode_text(told), _MOST) if told else ""
