"""What the tests of the core share: requests to build on, replays, and golden files."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from codex_glm.translation.receipt import Receipt
from codex_glm.translation.redaction import FIXTURE_KEY
from codex_glm.translation.reply.translate import ReplyTranslator
from codex_glm.translation.request.context import TranslationSettings, TurnContext
from codex_glm.translation.request.translate import translate_request
from codex_glm.translation.wire.sse import END_OF_STREAM
from codex_glm.translation.wire.wire_json import encode_json, encode_text, parse_object

from .grammar import TERMINAL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codex_glm.translation.wire.wire_json import JsonObject

TESTS = Path(__file__).parents[1]
CODEX = TESTS / "fixtures" / "codex"
GLM = TESTS / "fixtures" / "glm"
GOLDEN = TESTS / "golden"

SETTINGS = TranslationSettings(base="zai-plan", seal_key=FIXTURE_KEY)
KEY_HEADER = {"Authorization": "Bearer id.secret"}


def function(name: str, **properties: object) -> JsonObject:
    schema = {"type": "object", "properties": properties}
    told: JsonObject = {"name": name, "description": f"Does {name}.", "strict": False}
    return {"type": "function", **told, "parameters": schema}


STRING = {"type": "string"}
TOOLS: list[JsonObject] = [
    function("shell_command", command=STRING, workdir=STRING),
    function("read_file", path=STRING, limit={"type": "integer"}),
    function("write_file", path=STRING, content=STRING),
    function("shell", command={"type": "array", "items": STRING}, timeout_ms={"type": "integer"}),
    function("add", a={"type": "integer"}, b={"type": "integer"}),
    {"type": "custom", "name": "apply_patch", "description": "Patches files."},
    {"type": "tool_search", "description": "Finds tools.", "execution": "client"},
    {
        "type": "namespace",
        "name": "mcp__tiny",
        "description": "A tiny server.",
        "tools": [function("get", key=STRING)],
    },
]
"""One tool of each kind, and those that the streams in `fixtures/glm` call; not `multiply`."""


def request(**fields: object) -> JsonObject:
    return {"model": "gpt-5", "input": "hi", "stream": True, "tools": TOOLS, **fields}


def turn(**fields: object) -> TurnContext:
    """Give the context of a turn whose receipt is still empty."""
    return replace(_context(encode_text(request(**fields))), receipt=Receipt())


@cache
def _context(body: str) -> TurnContext:
    return translate_request(parse_object(body), SETTINGS).context


class Replayed(NamedTuple):
    """A reply as the client got it."""

    body: bytes
    events: list[JsonObject]
    receipt: Receipt
    translator: ReplyTranslator

    @property
    def said(self) -> list[JsonObject]:
        return join_events(self.events)

    @property
    def types(self) -> list[str]:
        return [str(event["type"]).removeprefix("response.") for event in self.events]

    @property
    def rules(self) -> set[str]:
        return {entry.rule for entry in self.receipt.entries}

    @property
    def response(self) -> JsonObject:
        final = self.events[-1]["response"]
        assert isinstance(final, dict)
        return final

    @property
    def output(self) -> list[JsonObject]:
        output = self.response["output"]
        assert isinstance(output, list)
        return output


def replay(pieces: Iterable[bytes], **fields: object) -> Replayed:
    """Feed a body in pieces and end it."""
    context = turn(**fields)
    translator = ReplyTranslator(context, "resp_1", 1_700_000_000)
    body = b"".join(map(translator.receive_data, pieces)) + translator.receive_eof()
    return Replayed(body, events_of(body), context.receipt, translator)


def events_of(body: bytes) -> list[JsonObject]:
    """Read the events of a body, and check their frames on the way."""
    events = []
    whole = body.removesuffix(END_OF_STREAM)
    *frames, rest = whole.split(b"\n\n")
    assert rest == b""
    for frame in frames:
        name, data = frame.split(b"\n")
        event = json.loads(data.removeprefix(b"data: "))
        assert data.startswith(b"data: ")
        assert name == b"event: " + event["type"].encode()
        events.append(event)
    assert (whole != body) == (events[-1:] != [] and events[-1]["type"] in TERMINAL)
    return events


def join_events(events: list[JsonObject]) -> list[JsonObject]:
    """Give what events say, however GLM's bytes were cut: neighbouring deltas of an item as one.

    The numbers are left out, as there are fewer of them; they must have no gap.
    """
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    said: list[JsonObject] = []
    for event in events:
        told = {key: value for key, value in event.items() if key != "sequence_number"}
        if said and "delta" in told and said[-1] | {"delta": ""} == told | {"delta": ""}:
            said[-1]["delta"] = f"{said[-1]['delta']}{told['delta']}"
        else:
            said.append(told)
    return said


def lines_of(body: bytes) -> list[bytes]:
    """Cut a stream behind each of its lines, so that no two chunks arrive together."""
    return body.splitlines(keepends=True)


def sse(*chunks: object) -> bytes:
    """Frame chunks as GLM does; a string stands as it is."""
    frames = [c.encode() if isinstance(c, str) else encode_json(c) for c in chunks]
    return b"".join(b"data: %s\n\n" % frame for frame in frames)


def delta(finish: str = "", **fields: object) -> JsonObject:
    """Make a chunk of one choice."""
    choice: JsonObject = {"index": 0, "delta": fields}
    return {"choices": [choice | ({"finish_reason": finish} if finish else {})]}


def call(arguments: object = None, index: object = 0, **named: str) -> JsonObject:
    """Make a chunk with one fragment of a call; `name` and `id` may be left out."""
    part: JsonObject = {"function": {"arguments": arguments}}
    part |= {"index": index} if index is not None else {}
    part |= {"id": named["id"]} if "id" in named else {}
    part |= {"function": {"name": named["name"], "arguments": arguments}} if "name" in named else {}
    return delta(tool_calls=[part])


USAGE: JsonObject = {
    "choices": [],
    "usage": {
        "prompt_tokens": 7,
        "completion_tokens": 5,
        "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 3},
    },
}


def check_golden(path: Path, text: str) -> None:
    """Compare with a golden file; GOLDEN_UPDATE=1 writes it anew."""
    if os.environ.get("GOLDEN_UPDATE"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    assert path.exists(), f"no golden file {path.name}: run with GOLDEN_UPDATE=1 and review it"
    assert text == path.read_text("utf-8")


def rules(context: TurnContext) -> list[str]:
    return [entry.rule for entry in context.receipt.entries]


def receipt_lines(receipt: Receipt) -> list[str]:
    return [f"{entry.kind} {entry.rule}: {entry.detail}" for entry in receipt.entries]
