"""Both sides of a turn beside each other: each item of Codex's, and what stands for it at GLM."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from codex_glm.translation.tools.web_search import NAME, is_memory
from codex_glm.translation.wire.chunks import TextDelta, ThinkingDelta, ToolCallDelta, parse_chunk
from codex_glm.translation.wire.sse import SSEDecoder

from .codex_reply import kept_searches, read_reply
from .conversation import content_text
from .loose import object_of, objects, parsed, text, written
from .prompt import message_text
from .turn_response import no_output
from .wording import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codex_glm.translation.wire.wire_json import JsonObject

    from .codex_reply import ReplyItem
    from .turn_record import Round, TurnRecord

_LEFT = 62
_EXCERPT = 34
_CALLS = {"reasoning": "thinking", "message": "text"}
_SEARCH = "web_search_call"


class Said(NamedTuple):
    """Something said on GLM's side."""

    place: str
    key: str
    """The id of a call or of its output; else `thinking` or `text`."""
    words: str


def align(record: TurnRecord, codex_request: bytes, codex_reply: bytes) -> list[str]:
    """Give the alignment in lines: `=` the same words, `~` other words, `-` nothing there."""
    head = [f"{'CODEX':<{_LEFT}}   GLM"]
    if record.let_go:
        return [*head, "", no_output(record)]
    asked = list(_request_lines(parsed(codex_request), record.chat))
    answered = list(_reply_lines(read_reply(codex_reply), record))
    return [*head, "", "REQUEST", *asked, "", "REPLY", *(answered or [no_output(record)])]


def _request_lines(asked: JsonObject, chat: JsonObject) -> Iterator[str]:
    said = _messages(chat)
    if instructions := text(asked.get("instructions")):
        yield _line("instructions", instructions, _find(instructions, said, 0))
    given = asked.get("input")
    items = objects(given)
    if isinstance(given, str):
        items = [{"role": "user", "content": given}]
    messages = enumerate(objects(chat.get("messages")), 1)
    calls = [call for place, each in messages for call in _calls(place, each)]
    yield from _input_lines(items, said, calls)
    names = {
        text(object_of(tool.get("function")).get("name")) for tool in objects(chat.get("tools"))
    }
    declared = len(objects(asked.get("tools")))
    yield f"{f'{declared} tools':<{_LEFT}} → {len(names)} functions"


def _input_lines(items: list[JsonObject], said: list[Said], calls: list[Said]) -> Iterator[str]:
    start = 0
    for place, item in enumerate(items, 1):
        words, found = _item_words(item), None
        if is_memory(item):
            yield from _found_lines(f"input {place} found", kept_searches(item), said)
            continue
        if call_id := text(item.get("call_id")):
            out = text(item.get("type")).endswith("_output")
            found = _keyed(call_id, said if out else calls)
        elif text(item.get("type")) == _SEARCH:
            found = _take_search(words, calls)
        elif words:
            found = _find(words, said, start)
            # A message that is these words alone holds no further item.
            start = said.index(found) + (found.words == words) if found else start
        yield _line(f"input {place} {_item_label(item)}", words, found)


def _reply_lines(items: list[ReplyItem], record: TurnRecord) -> Iterator[str]:
    left = [said for place, each in enumerate(record.rounds, 1) for said in _spoken(place, each)]
    for place, item in enumerate(items, 1):
        label = f"output {place} {item.kind} {item.name}".rstrip()
        if item.searches:
            # GLM reads them in the next round, and the last one's request holds them all.
            yield from _found_lines(label, item.searches, _messages(record.chat))
            continue
        found = next((said for said in left if _became(said, item)), None)
        if found:
            left.remove(found)
        query = _query(parsed(item.text)) if item.kind == _SEARCH else ""
        yield _line(label, query or item.text, found)
    for said in left:
        yield f"{'-':<{_LEFT}} ← {said.place}  {one_line(said.words, _EXCERPT)}"


def _became(said: Said, item: ReplyItem) -> bool:
    """Tell whether an item is of the kind, or the call, that was said."""
    if item.kind == _SEARCH:  # it has no id of GLM's
        return _is_search(said)
    return said.key == (item.call_id or _CALLS.get(item.kind, item.kind))


def _found_lines(label: str, searches: Iterable[JsonObject], said: list[Said]) -> Iterator[str]:
    for each in searches:
        found = _keyed(text(each.get("call_id")), said)
        yield _line(label, text(each.get("output")), found)


def _line(label: str, words: str, found: Said | None) -> str:
    shown = f"{label}  {one_line(words, max(10, _LEFT - len(label) - 2))}"
    if not found:
        return f"{shown:<{_LEFT}} -"
    # A freeform input travels as one argument of a function.
    same = words.strip() in found.words or words in parsed(found.words).values()
    sign = "=" if same else "~"
    other = "" if sign == "=" else f"  {one_line(found.words, _EXCERPT)}"
    return f"{shown:<{_LEFT}} {sign} {found.place}{other}"


def _messages(chat: JsonObject) -> list[Said]:
    messages = objects(chat.get("messages"))
    return [_message(place, each) for place, each in enumerate(messages, 1)]


def _message(place: int, message: JsonObject) -> Said:
    role = text(message.get("role"))
    return Said(
        f"message {place} ({role})", text(message.get("tool_call_id")), message_text(message)
    )


def _calls(place: int, message: JsonObject) -> Iterator[Said]:
    for call in objects(message.get("tool_calls")):
        function = object_of(call.get("function"))
        name = f"message {place} (assistant), call {text(function.get('name'))}"
        yield Said(name, text(call.get("id")), written(function.get("arguments")))


def _find(words: str, said: list[Said], start: int) -> Said | None:
    """Find words from a place on, as the same ones may stand twice; then anywhere.

    Whole lines go first: a short answer also stands within the words of others.
    """
    ordered = said[start:] + said[:start]
    lines = (each for each in ordered if f"\n{words}\n" in f"\n{each.words}\n")
    return next(lines, None) or next((each for each in ordered if words in each.words), None)


def _keyed(key: str, said: list[Said]) -> Said | None:
    return next((each for each in said if key and each.key == key), None)


def _take_search(query: str, calls: list[Said]) -> Said | None:
    """Find the call of a search; it is taken out, as the same may be searched twice."""
    asked = (each for each in calls if _is_search(each) and _query(parsed(each.words)) == query)
    found = next(asked, None)
    if found:
        calls.remove(found)
    return found


def _is_search(said: Said) -> bool:
    return said.place.endswith(f"call {NAME}")


def _query(action: JsonObject) -> str:
    return text(action.get("query"))


def _item_label(item: JsonObject) -> str:
    kind = text(item.get("type")) or "message"
    return f"{kind} {text(item.get('role')) or text(item.get('name'))}".rstrip()


def _item_words(item: JsonObject) -> str:
    if text(item.get("type")) == "reasoning":
        # The envelope: a line for its seal, then the thinking itself (`translation.reasoning`).
        return text(item.get("encrypted_content")).partition("\n")[2] or content_text(
            item.get("summary")
        )
    held = (item.get(name) for name in ("content", "arguments", "input", "output", "action"))
    words = (content_text(each) for each in held if each is not None)
    return _query(object_of(item.get("action"))) or next(words, "")


def _spoken(place: int, each: Round) -> list[Said]:
    """Join a round's deltas into thinking, text and calls."""
    if each.rule:
        return []
    decoder = SSEDecoder()
    frames = decoder.feed(each.reply.encode("utf-8", "surrogatepass")) + decoder.flush()
    joined: dict[object, Said] = {}
    for delta in (delta for frame in frames for delta in parse_chunk(parsed(frame.data))):
        slot, said = _slot(place, delta)
        known = joined.get(slot)
        joined[slot] = known._replace(words=known.words + said.words) if known else said
    return [said for slot, said in joined.items() if slot]


def _slot(place: int, delta: object) -> tuple[object, Said]:
    match delta:
        case ThinkingDelta(words):
            return "thinking", Said(f"round {place}, thinking", "thinking", words)
        case TextDelta(words):
            return "text", Said(f"round {place}, text", "text", words)
        case ToolCallDelta():
            name = f"round {place}, call {delta.name}"
            return (delta.index, "call"), Said(name, delta.id, delta.arguments)
        case _:
            return "", Said("", "", "")
