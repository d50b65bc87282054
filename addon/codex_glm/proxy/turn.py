"""One turn at the edge: the client's request, what was sent to GLM, and the reply in the making."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codex_glm.proxy import replies
from codex_glm.translation import errors
from codex_glm.translation.reply import ReplyTranslator
from codex_glm.translation.wire_json import encode_json

if TYPE_CHECKING:
    from mitmproxy import http

    from codex_glm.translation.errors import Failure
    from codex_glm.translation.request import TurnContext


@dataclass(slots=True)
class Turn:
    """A turn under way. Its `relay` is the callable that mitmproxy streams the reply through."""

    context: TurnContext
    client_request: http.Request
    chat_body: bytes
    url: str
    reply: ReplyTranslator
    started: float = field(default_factory=time.monotonic)
    first_byte: float | None = None
    upstream_status: int = 0
    received: list[bytes] = field(default_factory=list)
    """What GLM sent."""
    sent: list[bytes] = field(default_factory=list)
    """What the client got."""

    def relay(self, data: bytes) -> bytes | list[bytes]:
        """Translate streamed bytes of GLM; an empty `data` ends them.

        In mid-stream an empty answer must be a list: to mitmproxy, empty bytes end the reply.
        """
        self._note(data)
        out = self.reply.receive_data(data) if data else self.reply.receive_eof()
        if not out:
            return []
        self.sent.append(out)
        return out

    def answer_whole(self, status: int, body: bytes) -> http.Response:
        """Translate a reply of GLM that was not streamed through: an error, or for a client that
        does not stream.
        """
        self._note(body)
        self.upstream_status = status
        if 200 <= status < 300:
            out = self.reply.receive_data(body) + self.reply.receive_eof()
        else:
            out = self.reply.fail(errors.upstream_body_failure(body, status))
        return self._whole(out)

    def answer_failure(self, failure: Failure) -> http.Response:
        """End the turn without a reply of GLM."""
        return self._whole(self.reply.fail(failure))

    def abandon(self, cause: str) -> None:
        """Note that the connection ended before the reply did."""
        self.reply.fail(errors.failure("cut", cause))

    def _whole(self, out: bytes) -> http.Response:
        if self.context.stream:
            response = replies.event_stream(out)
        elif failure := self.reply.stream.failure:
            response = replies.error_reply(failure)
        else:
            response = replies.json_reply(self.reply.stream.response)
        self.sent.append(response.content or b"")
        return response

    def _note(self, data: bytes) -> None:
        if self.first_byte is None:
            self.first_byte = time.monotonic()
        if data:
            self.received.append(data)


def new_turn(
    context: TurnContext, client_request: http.Request, chat_body: dict[str, object], url: str
) -> Turn:
    """Begin a turn: this is where its id and its time come from."""
    reply = ReplyTranslator(context, f"resp_{uuid.uuid4().hex}", int(time.time()))
    return Turn(context, client_request, encode_json(chat_body), url, reply)
