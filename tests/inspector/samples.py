"""Records of turns, made from recorded requests and recorded replies."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from codex_glm.inspect.turn_record import TurnRecord, read_record
from codex_glm.translation.errors import RequestError
from codex_glm.translation.reply.translate import ReplyTranslator
from codex_glm.translation.request.translate import translate_request
from codex_glm.translation.wire.wire_json import encode_json, encode_text

from tests.translation.support import GLM, SETTINGS, lines_of
from tests.translation.test_golden_requests import BODIES

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

STREAMS = sorted(path.stem for path in GLM.glob("*.sse"))


def _accepted(body: JsonObject) -> bool:
    try:
        translate_request(body, SETTINGS)
    except RequestError:
        return False
    return True


REQUESTS = [name for name, body in BODIES.items() if _accepted(body)]


@dataclass(frozen=True)
class Sample:
    """A turn as a flow keeps it."""

    kept: dict[str, Any]
    asked: bytes
    answered: bytes

    @property
    def record(self) -> TurnRecord:
        return read_record(self.kept)

    def with_(self, **fields: object) -> Sample:
        return Sample({**copy.deepcopy(self.kept), **fields}, self.asked, self.answered)


def sample(request: str, stream: str, cut: int | None = None, **fields: object) -> Sample:
    """Make a turn; `cut` shortens GLM's reply to so many bytes and leaves the turn under way."""
    translated = translate_request(BODIES[request], SETTINGS)
    context = translated.context
    translator = ReplyTranslator(context, "resp_1", 1_700_000_000)
    reply = (GLM / f"{stream}.sse").read_bytes()[:cut]
    answered = b"".join(map(translator.receive_data, lines_of(reply)))
    answered += translator.receive_eof() if cut is None else b""
    told = translator.stream
    kept: dict[str, Any] = {
        "asked_model": context.asked_model,
        "model": context.model,
        "kind": "turn",
        "thread": "01980000-aaaa-7bbb-8ccc-ddddeeeeffff",
        "rounds": [exchange(encode_text(translated.chat_body), reply.decode("utf-8", "replace"))],
        "side_calls": [],
        "prefix": {},
        "receipt": context.receipt.to_json(),
    }
    if cut is None:
        kept |= {
            "outcome": told.response["status"],
            "failure": told.failure.message if told.failure else "",
            "usage": list(told.usage) if told.usage else [],
            "seconds": 3.25,
        }
    return Sample({**kept, **fields}, encode_json(BODIES[request]), answered)


def exchange(request: str, reply: str, **fields: object) -> dict[str, object]:
    """Make a round."""
    return {
        "url": "https://api.z.ai/api/coding/paas/v4/chat/completions",
        "request": request,
        "status": 200,
        "reply": reply,
        "begun": 0.0,
        "first_byte": 0.75,
        "ended": 3.25,
        "rule": "",
        "said": "",
        "wait": 0.0,
        **fields,
    }
