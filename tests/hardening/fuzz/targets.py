"""What is fuzzed: bytes in, an exception where a promise is broken."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from codex_glm.translation.errors import RequestError
from codex_glm.translation.reasoning import seal, seal_anew, unseal
from codex_glm.translation.receipt import Receipt
from codex_glm.translation.reply.translate import ReplyTranslator
from codex_glm.translation.request.compact_endpoint import translate_compaction
from codex_glm.translation.request.translate import translate_request
from codex_glm.translation.tools.arguments import (
    is_object,
    repair_arguments,
    same_arguments,
    sound_arguments,
)
from codex_glm.translation.tools.call_markup import CallMarkup, split_name
from codex_glm.translation.tools.freeform import LiveInput, unwrap_input
from codex_glm.translation.tools.patches import unwrap_arguments, unwrap_patch
from codex_glm.translation.tools.shell_commands import mend_command
from codex_glm.translation.wire.partial_json import PartialString
from codex_glm.translation.wire.sse import SSEDecoder
from codex_glm.translation.wire.wire_json import encode_json, parse_object

from tests.translation.grammar import TERMINAL
from tests.translation.support import SETTINGS, TOOLS, Replayed, events_of, request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from codex_glm.translation.wire.wire_json import JsonObject

type Target = Callable[[bytes], None]

_SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "a": {"type": "integer"},
        "b": {"type": "array", "items": {"type": "number"}},
        "c": {"type": "object", "properties": {"d": {"type": "boolean"}}},
        "command": {"type": "array", "items": {"type": "string"}},
    },
}
_SCRIPT: JsonObject = {"type": "object", "properties": {"command": {"type": "string"}}}
_NAMES = ("add", "shell", "apply_patch", "mcp__tiny__get")
_TURN = translate_request(
    request(tools=[*TOOLS, {"type": "local_shell"}, {"type": "web_search"}]),
    replace(SETTINGS, searches=True),
).context


def _pieces[T: (bytes, str)](data: bytes, whole: T) -> Iterator[T]:
    """Cut a whole where the last bytes of the fuzzer's data say."""
    rest = whole
    for size in data[-16:]:
        yield rest[: size % 32]
        rest = rest[size % 32 :]
    yield rest


def _text(data: bytes) -> str:
    """Read bytes as text; what is no UTF-8 becomes half characters, as JSON's escapes may bring."""
    return data.decode("utf-8", "surrogateescape")


def _reply(pieces: Iterable[bytes]) -> Replayed:
    context = replace(_TURN, receipt=Receipt())
    translator = ReplyTranslator(context, "resp_1", 1_700_000_000)
    body = b"".join(map(translator.receive_data, pieces)) + translator.receive_eof()
    return Replayed(body, events_of(body), context.receipt, translator)


def fuzz_reply(data: bytes) -> None:
    """One terminal event, no defect, and the same said for any cut."""
    whole, cut = _reply([data]), _reply(_pieces(data, data))
    for replayed in (whole, cut):
        if replayed.translator.defect:
            raise replayed.translator.defect
        ends = [event["type"] in TERMINAL for event in replayed.events]
        assert ends == [False] * (len(ends) - 1) + [True]
    assert whole.said == cut.said
    assert _reply(_pieces(data, data)).body == cut.body, "the same cut gave other bytes"


def fuzz_request(data: bytes) -> None:
    """A request is refused, or becomes JSON that is the same for the same request."""
    try:
        body = parse_object(data)
    except ValueError:
        return
    for translate in (translate_request, translate_compaction):
        try:
            first = translate(body, SETTINGS, {})
        except RequestError:
            continue
        sent = encode_json(first.chat_body)
        assert json.loads(sent)["messages"], "nothing to answer"
        assert encode_json(translate(parse_object(data), SETTINGS, {}).chat_body) == sent
        encode_json(first.context.receipt.to_json()).decode("utf-8")


def fuzz_sse(data: bytes) -> None:
    """The same events for any cut, and what is no event is bounded."""
    one, other = SSEDecoder(), SSEDecoder()
    whole = [*one.feed(data), *one.flush()]
    parts = [event for piece in _pieces(data, data) for event in other.feed(piece)]
    assert [*parts, *other.flush()] == whole
    assert one.stray == other.stray
    assert len(one.stray) <= 65_536


def fuzz_arguments(data: bytes) -> None:
    """Repairs end, repair nothing twice, and give objects or leave the text."""
    text = _text(data)
    repaired = repair_arguments(text, _SCHEMA)
    for each in repaired.texts:
        assert repaired.notes == () or is_object(each)
        assert repair_arguments(each, _SCHEMA).texts == (each,)
    assert is_object(sound_arguments(text))
    same_arguments(text, text, _SCHEMA)
    for schema in (_SCHEMA, _SCRIPT):
        mend_command("shell", text, schema)
    for name in ("a", "command"):
        whole, cut = PartialString(name), PartialString(name)
        assert whole.feed(text) == "".join(map(cut.feed, _pieces(data, text)))


def fuzz_freeform(data: bytes) -> None:
    """Wrapping is taken off in any cut, and patches are cut out of anything."""
    text = _text(data)
    unwrap_patch(text)
    unwrap_arguments(text)
    for form in ("text", "grammar", "patch"):
        unwrap_input(text, form)
        live = LiveInput(form)
        shown = "".join(map(live.feed, _pieces(data, text)))
        assert len(shown) <= len(text)


def fuzz_envelope(data: bytes) -> None:
    """What was sealed opens, and nothing else does."""
    text = _text(data)
    assert unseal(seal(text, "glm-5.3", b"key"), "glm-5.3", b"key") == (text, "")
    opened = unseal(text, "glm-5.3", b"a key that no fuzzer has")
    assert opened.refused
    assert opened.text == ""
    seal_anew(text, b"key", str.upper)


def fuzz_markup(data: bytes) -> None:
    """Markup is read in any cut, and nothing of it is lost."""
    text = _text(data)
    read = []
    for pieces in ([text], list(_pieces(data, text))):
        markup = CallMarkup(_NAMES)
        fed = ""
        for piece in pieces:
            if markup.ended:
                break
            markup.feed(piece)
            fed += piece
        assert markup.ended or markup.raw == fed
        read.append((markup.ended, markup.call))
    assert read[0] == read[1]
    split_name(text, _NAMES)


TARGETS: dict[str, Target] = {
    name.removeprefix("fuzz_"): each
    for name, each in list(globals().items())
    if name.startswith("fuzz_")
}
