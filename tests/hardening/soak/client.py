"""The client's side of the soak: one stream, read and held against its plan."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .plan import FAILS, TOOL

if TYPE_CHECKING:
    from .plan import Plan

_DELTAS = ("response.output_text.delta", "response.function_call_arguments.delta")
_ENDS = ("response.completed", "response.failed", "response.incomplete")
SECONDS = 180
"""A stream that takes longer hangs."""


@dataclass
class Stream:
    """What came of one stream."""

    plan: Plan
    text: str = ""
    ends: list[dict[str, Any]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    status: int = 0
    left: bool = False
    broken: str = ""

    @property
    def ended(self) -> str:
        """The last word: the status of the response, or why there is none."""
        if self.left:
            return "left"
        return str(self.ends[-1]["status"]) if self.ends else self.broken or f"HTTP {self.status}"

    @property
    def failure(self) -> str:
        """The sentence of a failure."""
        error = self.ends[-1].get("error") if self.ends else None
        return str(error["message"]) if error else ""

    def problems(self) -> list[str]:
        """Name what is not as planned: events lost, mixed, doubled, or an end that is wrong."""
        found = []
        if not self.plan.text.startswith(self.text):
            found.append(f"other text than planned: {self.text[-80:]!r}")
        if self.numbers != list(range(len(self.numbers))):
            found.append("events are missing or doubled")
        if self.left:
            return found
        if len(self.ends) != 1:
            return [*found, f"{len(self.ends)} terminal events: {self.ended}"]
        if self.ended == "completed" and (
            self.text != self.plan.text or self._final() != self.text
        ):
            found.append("completed, but not whole")
        if self.ended != ("failed" if self.plan.kind in FAILS else "completed"):
            found.append(f"ended as {self.ended}: {self.failure}")
        return found

    def _final(self) -> str:
        item = self.ends[-1]["output"][-1]
        if item["type"] == "function_call":
            return str(item["arguments"])
        return str(item["content"][0]["text"])

    def take(self, event: dict[str, Any]) -> None:
        """Take one event."""
        self.numbers.append(event["sequence_number"])
        if event["type"] in _DELTAS:
            self.text += event["delta"]
        elif event["type"] in _ENDS:
            self.ends.append(event["response"])


async def ask(port: int, plan: Plan) -> Stream:
    """Ask for one stream on a connection of its own, and read it as its plan says."""
    stream = Stream(plan)
    limit = 4096 if plan.kind == "slow client" else 65536
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=limit)
    try:
        async with asyncio.timeout(SECONDS):
            writer.write(_request(plan, port))
            await writer.drain()
            await _read(stream, reader)
    except TimeoutError:
        stream.broken = "it hangs"
    except (OSError, asyncio.IncompleteReadError, ValueError) as error:
        stream.broken = f"{type(error).__name__} {error}"
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    return stream


def _request(plan: Plan, port: int) -> bytes:
    fields = {"model": "glm-5.3", "input": plan.prompt, "stream": plan.kind != "whole"}
    body = json.dumps({**fields, "tools": [TOOL]}).encode()
    head = (
        f"POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _read(stream: Stream, reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    stream.status = int(head.split()[1])
    if "transfer-encoding: chunked" not in head:
        _take_whole(stream, await reader.read(-1))
        return
    held = b""
    while data := await _chunk(reader):
        *frames, held = (held + data).split(b"\n\n")
        for frame in frames:
            if not frame.startswith((b":", b"data: [DONE]")):
                stream.take(json.loads(frame.partition(b"data: ")[2]))
        if stream.plan.kind == "slow client":
            await asyncio.sleep(0.2)
        gone = stream.plan.text[: len(stream.text)].count(" ") >= stream.plan.stops_before
        if stream.plan.kind == "client leaves" and gone:
            stream.left = True
            return


def _take_whole(stream: Stream, body: bytes) -> None:
    value = json.loads(body)
    if stream.status != 200:
        stream.broken = f"HTTP {stream.status}: {value['error']['message']}"
        return
    stream.ends.append(value)
    stream.text = stream._final() if value["status"] == "completed" else ""


async def _chunk(reader: asyncio.StreamReader) -> bytes:
    size = int(await reader.readuntil(b"\r\n"), 16)
    data = await reader.readexactly(size + 2)
    return data[:-2]
