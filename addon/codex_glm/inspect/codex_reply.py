"""What Codex got, whole or as far as it came: events or a Responses object, read into items."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codex_glm.translation.tools.web_search import is_memory
from codex_glm.translation.wire.sse import SSEDecoder

from .loose import count, object_of, objects, parsed, text, written

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

_DELTAS = (
    "response.reasoning_summary_text.delta",
    "response.output_text.delta",
    "response.refusal.delta",
    "response.function_call_arguments.delta",
    "response.custom_tool_call_input.delta",
)


@dataclass(frozen=True, slots=True)
class ReplyItem:
    """An output item."""

    kind: str
    """`reasoning`, `message`, `function_call` and so on; `found` keeps what searches found."""
    name: str
    call_id: str
    text: str
    """Thinking, text, arguments, input or what was found, as the kind has it."""
    whole: bool = True
    """Whether the item has been closed."""
    searches: tuple[JsonObject, ...] = ()
    """Those whose results it keeps."""


@dataclass(slots=True)
class _Open:
    item: JsonObject
    deltas: list[str] = field(default_factory=list)
    whole: bool = False


def read_events(body: bytes) -> list[JsonObject]:
    """Give the events of a body, cut ones left out."""
    decoder = SSEDecoder()
    frames = decoder.feed(body) + decoder.flush()
    return [event for frame in frames if (event := parsed(frame.data))]


def read_reply(body: bytes) -> list[ReplyItem]:
    """Give the output items of a reply, streamed or not."""
    if body.lstrip()[:1] == b"{":
        return [_read_item(item, [], whole=True) for item in objects(parsed(body).get("output"))]
    opened: dict[int, _Open] = {}
    for event in read_events(body):
        _take(event, opened)
    return [_read_item(each.item, each.deltas, whole=each.whole) for each in opened.values()]


def kept_searches(item: JsonObject) -> list[JsonObject]:
    """Give the searches that an item keeps, each with its `call_id` and `output`."""
    # The envelope: a line for its seal, then what it keeps (`translation.tools.web_search`).
    kept = text(item.get("encrypted_content")).partition("\n")[2]
    return objects(parsed(kept).get("searches")) if is_memory(item) else []


def _take(event: JsonObject, opened: dict[int, _Open]) -> None:
    kind, place = event.get("type"), count(event.get("output_index"))
    if kind == "response.output_item.added":
        opened[place] = _Open(object_of(event.get("item")))
    elif kind == "response.output_item.done":
        opened[place] = _Open(object_of(event.get("item")), whole=True)
    elif kind in _DELTAS and place in opened:
        opened[place].deltas.append(text(event.get("delta")))


def _read_item(item: JsonObject, deltas: list[str], *, whole: bool) -> ReplyItem:
    searches = kept_searches(item)
    found = "\n\n".join(text(each.get("output")) for each in searches)
    return ReplyItem(
        kind="found" if is_memory(item) else text(item.get("type")),
        name=".".join(filter(None, (text(item.get("namespace")), text(item.get("name"))))),
        call_id=text(item.get("call_id")),
        text="".join(deltas) or _said(item) or found,
        whole=whole,
        searches=tuple(searches),
    )


def _said(item: JsonObject) -> str:
    parts = [*objects(item.get("summary")), *objects(item.get("content"))]
    if parts:
        return "\n".join(text(part.get("text")) or text(part.get("refusal")) for part in parts)
    given = (item.get(name) for name in ("arguments", "input", "action"))
    return next(filter(None, map(written, given)), "")
