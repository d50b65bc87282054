"""Puts a reply on the wire as GLM does: chunks of a stream, or one completion.

Shapes as observed on glm-4.7-flash, 2026-03: the role is repeated in text and reasoning deltas and
absent in tool deltas; only the last chunk has a finish_reason and holds the usage.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from codex_glm.simulator.reply import Call, Reply
from codex_glm.simulator.tokens import count_tokens

CREATED = 1795349701
"""Every reply claims to be made at this second (2026-11-22 20:15:01 UTC+8): replies repeat."""

_STAMP = "20261122201501"
_TOKEN = re.compile(r" ?[A-Za-z0-9_]{1,10}| ?[^\sA-Za-z0-9_]{1,2}|\s")


@dataclass(frozen=True)
class Envelope:
    """What every chunk of one reply shares.

    Attributes:
        seed: Hex digest of the request; all ids derive from it.
        prompt_tokens: Estimated size of the prompt.
        cached_tokens: How much of it the context cache held.
        tool_stream: Send tool arguments in fragments.

    """

    seed: str
    model: str
    prompt_tokens: int
    cached_tokens: int
    tool_stream: bool = False

    @property
    def id(self) -> str:
        """Response id: local time in UTC+8 and 16 hex digits, also sent as X-Log-Id."""
        return _STAMP + self.seed[:16]


def split_tokens(text: str) -> list[str]:
    """Cut a text into token-sized pieces; joined they are the text."""
    return _TOKEN.findall(text)


def stream_chunks(reply: Reply, envelope: Envelope) -> Iterator[dict[str, Any]]:
    """Yield every chunk of a streamed reply: reasoning, text, tool calls, finish with usage."""
    for piece in split_tokens(reply.thinking):
        yield _delta_chunk(envelope, {"role": "assistant", "reasoning_content": piece})
    for piece in split_tokens(reply.text):
        yield _delta_chunk(envelope, {"role": "assistant", "content": piece})
    for index, call in enumerate(reply.calls):
        for entry in _call_entries(call, index, envelope):
            yield _delta_chunk(envelope, {"tool_calls": [entry]})
    yield from _finish_chunks(reply, envelope)


def encode_chunk(chunk: Mapping[str, Any]) -> bytes:
    """Encode one chunk as a server-sent event; GLM sends neither event names nor ids."""
    text = json.dumps(chunk, ensure_ascii=False, separators=(",", ":"))
    return f"data: {text}\n\n".encode()


def completion(reply: Reply, envelope: Envelope) -> dict[str, Any]:
    """Build the body of a reply that is not streamed."""
    message: dict[str, Any] = {"content": reply.text, "role": "assistant"}
    if reply.thinking:
        message["reasoning_content"] = reply.thinking
    if reply.calls:
        message["tool_calls"] = [
            _whole_call(call, index, _number_id(envelope, index))
            for index, call in enumerate(reply.calls)
        ]
    body = {
        "choices": [{"finish_reason": reply.finish, "index": 0, "message": message}],
        "created": CREATED,
        "id": envelope.id,
        "model": envelope.model,
        "object": "chat.completion",
        "request_id": envelope.id,
    }
    return body if reply.usage == "none" else {**body, "usage": usage(reply, envelope)}


def usage(reply: Reply, envelope: Envelope) -> dict[str, Any]:
    """Count tokens; reasoning is part of completion_tokens (observed on glm-4.7-flash, 2026-03)."""
    reasoning = count_tokens(reply.thinking)
    calls = sum(count_tokens(call.name + call.arguments) for call in reply.calls)
    produced = reasoning + count_tokens(reply.text) + calls
    return {
        "prompt_tokens": envelope.prompt_tokens,
        "completion_tokens": produced,
        "total_tokens": envelope.prompt_tokens + produced,
        "prompt_tokens_details": {"cached_tokens": envelope.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }


def _chunk(envelope: Envelope, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": envelope.id,
        "created": CREATED,
        "object": "chat.completion.chunk",
        "model": envelope.model,
        "choices": choices,
    }


def _delta_chunk(envelope: Envelope, delta: dict[str, Any]) -> dict[str, Any]:
    return _chunk(envelope, [{"index": 0, "delta": delta}])


def _finish_chunks(reply: Reply, envelope: Envelope) -> Iterator[dict[str, Any]]:
    delta = {"role": "assistant", "content": ""}
    finish = _chunk(envelope, [{"index": 0, "finish_reason": reply.finish, "delta": delta}])
    if reply.usage == "normal":
        finish["usage"] = usage(reply, envelope)
    yield finish
    if reply.usage == "separate":
        # Seen on open.bigmodel.cn with glm-4.6, 2026-02.
        yield {**_chunk(envelope, []), "usage": usage(reply, envelope)}


def _call_entries(call: Call, index: int, envelope: Envelope) -> Iterator[dict[str, Any]]:
    whole = _whole_call(call, index, _hex_id(envelope, index))
    if not envelope.tool_stream:
        yield whole
        return
    # Documented, not observed: id and name once, then fragments of the arguments by index.
    yield {**whole, "function": {"name": call.name, "arguments": ""}}
    for piece in split_tokens(call.arguments):
        yield {"index": index, "function": {"arguments": piece}}


def _whole_call(call: Call, index: int, call_id: str) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call_id, "index": index, "type": "function", "function": function}


def _hex_id(envelope: Envelope, index: int) -> str:
    return f"call_{(int(envelope.seed[16:40], 16) + index) % 16**24:024x}"


def _number_id(envelope: Envelope, index: int) -> str:
    # Not streamed, ids are negative 64-bit numbers in a row (observed on glm-4.7-flash, 2026-03).
    return f"call_-{7 * 10**18 + int(envelope.seed[16:28], 16) - index}"
