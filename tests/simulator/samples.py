"""Requests to build on."""

import base64
from typing import Any

KEY = {"Authorization": "Bearer id.secret"}
PARAMETERS: dict[str, Any] = {"type": "object", "properties": {"cmd": {"type": "string"}}}


def tool(name: str = "exec_command", **function: Any) -> dict[str, Any]:
    declared = {"name": name, "description": "Does it.", "parameters": PARAMETERS, **function}
    return {"type": "function", "function": declared}


def body(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    chosen = list(messages) or [user("hello")]
    return {"model": "glm-5.3", "messages": chosen, **fields}


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def called(*ids: str, name: str = "exec_command", arguments: Any = "{}") -> dict[str, Any]:
    calls = [
        {"id": one, "type": "function", "function": {"name": name, "arguments": arguments}}
        for one in ids
    ]
    return {"role": "assistant", "content": "", "tool_calls": calls}


def output(call_id: str, content: Any = "ok") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def image(url: str = "https://example.org/a.png") -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def png(width: int = 1, height: int = 1, size: int = 0) -> str:
    """Give the data URL of a PNG's head, filled up to a size."""
    pixels = width.to_bytes(4) + height.to_bytes(4)
    content = (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + pixels).ljust(size, b"x")
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def text(words: str = "look") -> dict[str, Any]:
    return {"type": "text", "text": words}
