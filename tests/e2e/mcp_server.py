"""A tiny MCP server on stdio: one JSON-RPC message a line. It adds, and it has a picture."""

from __future__ import annotations

import json
import sys
from typing import Any

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADU"
    "lEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
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


def call(name: str, arguments: dict[str, int]) -> list[dict[str, str]]:
    """Run a tool."""
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
