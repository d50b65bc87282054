"""What the tests of several clients share."""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING, Any

import openai

from tests.e2e.codex import TOKEN

if TYPE_CHECKING:
    from codex_glm.simulator.thread import SimulatorThread

MODEL = "glm-5.3"
SEEING = "glm-5.3-flash"
API_KEY = TOKEN
"""The clients' own key, which GLM must never see."""
HELLO = "[SIMULATOR] Hello to you!"
IN_PARIS = "[SIMULATOR] In Paris: 21 degrees"
EVENT: dict[str, Any] = {"name": "Science fair", "date": "Friday", "participants": ["Alice", "Bob"]}
NO_BALANCE = "simulate error 1113"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def _png(side: int) -> bytes:
    size = side.to_bytes(4, "big")
    rows = (b"\0" + b"\xff\x00\x00" * side) * side
    header = _chunk(b"IHDR", size + size + bytes([8, 2, 0, 0, 0]))
    return (
        b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    )


PICTURE = f"data:image/png;base64,{base64.b64encode(_png(64)).decode()}"


def async_client(base: str) -> openai.AsyncOpenAI:
    """Make a client that does not try again by itself."""
    return openai.AsyncOpenAI(base_url=base, api_key=API_KEY, max_retries=0)


def weather_in(city: str) -> str:
    """Tell the weather, as the tool of every client does."""
    return {"Paris": "21 degrees", "Rome": "29 degrees"}[city]


def asked(simulator: SimulatorThread) -> list[dict[str, Any]]:
    """Give the bodies that GLM got in this test."""
    return [one.body for one in simulator.received]


def pictures(body: dict[str, Any]) -> list[str]:
    """Give the images in the user messages of a body."""
    contents = [m["content"] for m in body["messages"] if isinstance(m["content"], list)]
    parts = [part for content in contents for part in content]
    return [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]


def check_search_kept(simulator: SimulatorThread) -> None:
    """Check that what was found is there at once, and in the turn after."""
    _, search, after, later = [one.body for one in simulator.received]
    assert search["search_query"] == "newest release"
    for body in (after, later):
        (found,) = [m["content"] for m in body["messages"] if m["role"] == "tool"]
        assert found.startswith("[1] [SIMULATOR] newest release")


def check_thinking_kept(simulator: SimulatorThread) -> None:
    """Check that the thinking before a call is there again when its output is."""
    _, after = asked(simulator)[:2]
    (speaker,) = [m for m in after["messages"] if m["role"] == "assistant"]
    assert speaker["reasoning_content"] == "I need the weather of Paris."
    assert speaker["content"] == "I look it up."
    assert [m["content"] for m in after["messages"] if m["role"] == "tool"] == ["21 degrees"]
