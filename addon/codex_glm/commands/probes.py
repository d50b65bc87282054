"""Small requests to GLM, translated from what Codex sends, and what came back of each."""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from codex_glm.sidecalls.client import SideCallError
from codex_glm.sidecalls.search import default_engine
from codex_glm.translation.models import base_kind
from codex_glm.translation.request.context import TranslationSettings
from codex_glm.translation.request.translate import translate_request
from codex_glm.translation.wire.chunks import (
    Finished,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UpstreamError,
    parse_chunk,
)
from codex_glm.translation.wire.sse import SSEDecoder
from codex_glm.translation.wire.wire_json import parse_object

if TYPE_CHECKING:
    from codex_glm.sidecalls.client import SideClient
    from codex_glm.translation.wire.wire_json import JsonObject

_MOST_TOKENS = 512
"""For a reply with its thinking; a probe is to cost next to nothing."""
_CHAT = "/chat/completions"
TOOL = "exec_command"
_TOOLS = [
    {
        "type": "function",
        "name": TOOL,
        "description": "Runs a command in a shell.",
        "strict": False,
        "parameters": {
            "type": "object",
            "properties": {"cmd": {"type": "string", "description": "The command."}},
            "required": ["cmd"],
            "additionalProperties": False,
        },
    }
]


@dataclass(slots=True)
class Answer:
    """What a stream brought."""

    chunks: int = 0
    text: str = ""
    thinking: str = ""
    calls: list[str] = field(default_factory=list)
    finish: str = ""


async def ask(client: SideClient, model: str, prompt: str, *, image: bool = False) -> Answer:
    """Ask a model as Codex would; raises SideCallError, also for an error inside the stream."""
    content: list[dict[str, Any]] = [{"type": "input_text", "text": prompt}]
    if image:
        content.append({"type": "input_image", "image_url": _picture(), "detail": "high"})
    body: JsonObject = {
        "model": model,
        "stream": True,
        "instructions": "You answer in as few words as you can.",
        "input": [{"type": "message", "role": "user", "content": content}],
        "tools": [] if image else _TOOLS,
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "reasoning": {"effort": "low", "summary": "auto"},
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "max_output_tokens": _MOST_TOKENS,
    }
    settings = TranslationSettings(base=base_kind(client.base))
    chat_body = translate_request(body, settings).chat_body
    return _read(await client.post_stream(_CHAT, chat_body))


async def search(client: SideClient) -> int:
    """Search the web once; gives the number of results. Raises SideCallError."""
    body: JsonObject = {
        "search_engine": default_engine(client.base),
        "search_query": "mitmproxy",
        "count": 1,
    }
    results = (await client.post_json("/web_search", body)).get("search_result")
    return len(results) if isinstance(results, list) else 0


async def model_names(client: SideClient) -> list[str]:
    """Name the models in GLM's list, which costs nothing. Raises SideCallError.

    Shapes: OpenAI's `data` with `id`, and Codex's `models` with `slug` (captures of 2026-07 and
    2026-09).
    """
    reply = await client.get_json("/models")
    for holder, key in (("data", "id"), ("models", "slug")):
        entries = reply.get(holder)
        if isinstance(entries, list):
            return [str(each.get(key)) for each in entries if isinstance(each, dict)]
    raise SideCallError("", "no list of models", 200)


def _read(stream: bytes) -> Answer:
    answer = Answer()
    decoder = SSEDecoder()
    for event in [*decoder.feed(stream), *decoder.flush()]:
        if event.data != "[DONE]":
            try:
                chunk = parse_object(event.data.encode())
            except ValueError:
                raise SideCallError("", "a chunk that is no JSON", 200) from None
            answer.chunks += 1
            _add(answer, chunk)
    return answer


def _add(answer: Answer, chunk: JsonObject) -> None:
    for delta in parse_chunk(chunk):
        match delta:
            case TextDelta(text):
                answer.text += text
            case ThinkingDelta(text):
                answer.thinking += text
            case ToolCallDelta(name=name) if name:
                answer.calls.append(name)
            case Finished(reason):
                answer.finish = reason
            case UpstreamError(error):
                words = str(error.get("message") or "")
                raise SideCallError(str(error.get("code") or ""), words, 200)


def _picture() -> str:
    """Give a small red square as a data URL."""
    side = 64
    rows = (b"\0" + b"\xff\0\0" * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
