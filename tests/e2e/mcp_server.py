"""A tiny MCP server on stdio: one JSON-RPC message a line. It adds, it echoes, it has a picture."""

from __future__ import annotations

import json
import sys
from typing import Any

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADU"
    "lEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
LONG_NAME = "echo_the_words_by_a_name_that_is_longer_than_the_sixty_four_characters_of_a_function"
_NUMBERS = {"a": {"type": "integer"}, "b": {"type": "integer"}}
_TOOLS = [
    {
        "name": "add",
        "description": "Adds two numbers.",
        "inputSchema": {"type": "object", "properties": _NUMBERS, "required": ["a", "b"]},
    },
    {
        "name": "picture",
        "description": "Gives a picture.",
        "inputSchema": {"type": "object", "properties": {}},
    },
    {
        "name": LONG_NAME,
        "description": "Says the words again.",
        "inputSchema": {"type": "object", "properties": {"words": {"type": "string"}}},
    },
]


def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """Give the result of a request."""
    if method == "initialize":
        return {
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "tiny", "version": "1"},
        }
    if method == "tools/list":
        return {"tools": _TOOLS}
    if method == "tools/call":
        return {"content": call(params["name"], params.get("arguments", {}))}
    return {}


def call(name: str, arguments: dict[str, Any]) -> list[dict[str, str]]:
    """Run a tool."""
    if name == LONG_NAME:
        return [{"type": "text", "text": f"echo: {arguments['words']}"}]
    if name == "add":
        return [{"type": "text", "text": f"the sum is {arguments['a'] + arguments['b']}"}]
    return [
        {"type": "text", "text": "one pixel"},
        {"type": "image", "data": PIXEL, "mimeType": "image/png"},
    ]


if __name__ == "__main__":
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message:  # notifications have none, and get no answer
            result = answer(message["method"], message.get("params", {}))
            reply = {"jsonrpc": "2.0", "id": message["id"], "result": result}
            sys.stdout.write(json.dumps(reply) + "\n")
            sys.stdout.flush()
