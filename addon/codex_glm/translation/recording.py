"""What a live turn leaves behind as test fixtures: the request, GLM's streams, Codex's events.

The shapes are those of `tests/fixtures`. Everything goes through a `Redactor`. A text that is
streamed in pieces is put together first: a secret may begin in one piece and end in another.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .redaction import Span, replace_spans
from .wire.wire_json import JsonObject, encode_json, parse_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .redaction import Redactor

_LINES = re.compile(r"(\r\n|\r|\n)")
_DATA = re.compile(r"(data: ?)(.*)")
_VERSION = re.compile(r"/(\d+\.\d+\.\d+)")
_KEPT_HEADERS = re.compile(
    r"accept|content-type|originator|user-agent|openai-beta|(session|thread|conversation)[-_]id"
    r"|x-client-request-id|x-codex-.*|x-openai-(subagent|memgen-request|internal-codex-.*)"
)
"""Headers whose values are known to be fit for a fixture; of others only the length is told."""
_FIXED_HEADERS = {"authorization": "Bearer [key]", "host": "127.0.0.1:8080"}


class Slot(NamedTuple):
    """A place in a frame that holds a piece of a longer text; the channel tells which text."""

    channel: str
    holder: JsonObject
    key: str
    arguments: bool = False
    """Whether the text is JSON, where the name of a field can tell that its value is private."""

    @property
    def piece(self) -> str:
        """What stands there."""
        return str(self.holder[self.key])


def record_request(
    name: str,
    description: str,
    path: str,
    headers: Mapping[str, str],
    body: JsonObject | None,
    redactor: Redactor,
) -> JsonObject:
    """Give a request of Codex as a fixture; `body` is None where it was no JSON object."""
    version = _VERSION.search(headers.get("user-agent", ""))
    return {
        "name": name,
        "codex_version": version[1] if version else "",
        "description": description,
        "method": "POST",
        "path": redactor.text(path.partition("?")[0]),
        "headers": dict(_record_headers(headers, redactor)),
        "body": redactor.json(body),
    }


def record_stream(body: bytes, redactor: Redactor) -> bytes:
    """Give an event stream, of GLM or of ours, with its frames as they were."""
    lines = _LINES.split(body.decode("utf-8", "surrogateescape"))
    frames = {i: frame for i, line in enumerate(lines) if (frame := _parse(line)) is not None}
    slots = [slot for frame in frames.values() for slot in _slots(frame)]
    texts = list(_redact_texts(slots, redactor))
    for slot in slots:
        slot.holder[slot.key] = ""  # or its piece would be read as a text of its own
    clean = {i: _object(redactor.json(frame)) for i, frame in frames.items()}
    for slot, text in zip((s for f in clean.values() for s in _slots(f)), texts, strict=True):
        slot.holder[slot.key] = text
    for i, line in enumerate(lines):
        if i not in frames:
            lines[i] = redactor.text(line)
        elif clean[i] != _parse(line):
            lines[i] = line[: line.index("{")] + encode_json(clean[i]).decode()
    return "".join(lines).encode("utf-8", "surrogateescape")


def _record_headers(headers: Mapping[str, str], redactor: Redactor) -> Iterator[tuple[str, object]]:
    for name, value in headers.items():
        lower = name.lower()
        if lower in _FIXED_HEADERS:
            yield lower, _FIXED_HEADERS[lower]
        elif _KEPT_HEADERS.fullmatch(lower):
            yield lower, redactor.json(value, lower)
        elif lower != "content-length":
            yield redactor.text(lower), f"[{len(value):,} chars]"


def _parse(line: str) -> JsonObject | None:
    data = _DATA.fullmatch(line)
    try:
        return parse_object(data[2]) if data else None
    except ValueError:
        return None


def _slots(frame: JsonObject) -> Iterator[Slot]:
    if isinstance(frame.get("delta"), str):  # an event of the Responses dialect
        kind = str(frame.get("type"))
        yield Slot(f"{kind} {frame.get('item_id')}", frame, "delta", "arguments" in kind)
    for choice in _objects(frame.get("choices")):
        delta = _object(choice.get("delta"))
        texts = (key for key in ("content", "reasoning_content") if isinstance(delta.get(key), str))
        yield from (Slot(key, delta, key) for key in texts)
        for call in _objects(delta.get("tool_calls")):
            function = _object(call.get("function"))
            if isinstance(function.get("arguments"), str):
                yield Slot(f"call {call.get('index')}", function, "arguments", arguments=True)


def _redact_texts(slots: list[Slot], redactor: Redactor) -> Iterator[str]:
    """Redact each channel's text as a whole; gives the pieces anew, in the order of the slots."""
    channels: dict[str, list[str]] = {}
    for slot in slots:
        channels.setdefault(slot.channel, []).append(slot.piece)
    read = {s.channel: redactor.argument_spans if s.arguments else redactor.spans for s in slots}
    spans = {channel: read[channel]("".join(pieces)) for channel, pieces in channels.items()}
    clean = {channel: iter(_cut(pieces, spans[channel])) for channel, pieces in channels.items()}
    return (next(clean[slot.channel]) for slot in slots)


def _cut(pieces: list[str], spans: list[Span]) -> list[str]:
    """Give pieces of a text without its private parts; each placeholder goes where one begins."""
    clean, start = [], 0
    for piece in pieces:
        end = start + len(piece)
        inside = [_part(span, start, end) for span in spans if span.start < end > start < span.end]
        clean.append(replace_spans(piece, inside))
        start = end
    return clean


def _part(span: Span, start: int, end: int) -> Span:
    placeholder = span.placeholder if span.start >= start else ""
    return Span(max(span.start, start) - start, min(span.end, end) - start, placeholder)


def _objects(value: object) -> list[JsonObject]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _object(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}
