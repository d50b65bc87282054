"""GLM's side of the soak: streams by plan, with everything that a network and a provider do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import struct
from collections import Counter
from typing import TYPE_CHECKING

from .plan import make_plan

if TYPE_CHECKING:
    from .plan import Plan

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_SOCKET_RESET = struct.pack("ii", 1, 0)


class Upstream:
    """Serves chat completions; `storm` makes it refuse every turn that begins."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.storm = False
        self.tries: Counter[int] = Counter()
        """Requests by the number of the stream."""
        self.refused = 0
        self.keys: Counter[str] = Counter()
        self.open = 0
        """Connections that are open now."""
        self._chance = random.Random(seed)

    async def start(self) -> str:
        """Listen; gives the base URL."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v4"

    async def stop(self) -> None:
        """Listen no more."""
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while await self._answer(reader, writer):
                    pass
        finally:
            self.open -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = re.search(r"(?i)content-length: (\d+)", head)
        body = json.loads(await reader.readexactly(int(length[1]) if length else 0))
        key = re.search(r"(?i)authorization: bearer (\S+)", head)
        self.keys[key[1] if key else ""] += 1
        asked = [m["content"] for m in body["messages"] if m["role"] == "user"][-1]
        number = int(asked.removeprefix("stream "))
        self.tries[number] += 1
        plan = make_plan(self.seed, number)
        if self.storm or (plan.kind == "busy" and self.tries[number] <= 2):
            self.refused += 1
            await _send(writer, _refusal("1302" if self.storm else "1303"))
            return True
        return await self._stream(plan, writer)

    async def _stream(self, plan: Plan, writer: asyncio.StreamWriter) -> bool:
        first = self.tries[plan.number] == 1
        await _send(writer, _HEAD)
        for thought in plan.thoughts:
            await self._frame(writer, {"reasoning_content": thought})
            await asyncio.sleep(plan.pause)
        if plan.kind == "cut in thinking" and first:
            return False
        for place, piece in enumerate(plan.pieces):
            if place == plan.stops_before and not await _mishap(plan, writer):
                return False
            await self._frame(writer, _delta(plan, place, piece))
            await asyncio.sleep(plan.pause)
        reason = "tool_calls" if plan.kind == "call" else "stop"
        await self._frame(writer, {}, reason)
        await _send(writer, _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        return True

    async def _frame(
        self, writer: asyncio.StreamWriter, delta: dict[str, object], reason: str | None = None
    ) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        data = {"id": "chat", "object": "chat.completion.chunk", "created": 1, "choices": [choice]}
        frame = b"data: %s\n\n" % json.dumps(data, ensure_ascii=False).encode()
        if self._chance.random() < 0.2:  # an event may come in two pieces, cut anywhere
            at = self._chance.randint(1, len(frame) - 1)
            await _send(writer, _chunk(frame[:at]))
            frame = frame[at:]
        await _send(writer, _chunk(frame))


async def _mishap(plan: Plan, writer: asyncio.StreamWriter) -> bool:
    """Do what the plan says in mid-stream; False where that was the end."""
    if plan.kind == "stall":
        await asyncio.sleep(5)
    if plan.kind == "reset in text":
        socket = writer.get_extra_info("socket")
        socket.setsockopt(1, 13, _SOCKET_RESET)  # SOL_SOCKET, SO_LINGER: RST instead of FIN
    return plan.kind not in ("cut in text", "reset in text")


def _delta(plan: Plan, place: int, piece: str) -> dict[str, object]:
    if plan.kind != "call":
        return {"content": piece}
    called: dict[str, object] = {"index": 0, "function": {"arguments": piece}}
    if place == 0:
        function = {"name": "note", "arguments": piece}
        called |= {"id": f"call_{plan.number}", "type": "function", "function": function}
    return {"tool_calls": [called]}


def _refusal(code: str) -> bytes:
    return _json(429, {"error": {"code": code, "message": "too many"}})


def _json(status: int, value: object) -> bytes:
    body = json.dumps(value, ensure_ascii=False).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()
