"""Pictures for tests: as much of them as it takes to be read as one."""

from __future__ import annotations

import base64


def png(width: int = 1, height: int = 1, more: bytes = b"") -> bytes:
    """Give the head of a PNG: its signature and its first chunk."""
    size = width.to_bytes(4) + height.to_bytes(4)
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + size + b"\x08\x06\0\0\0" + more


def jpeg(width: int = 1, height: int = 1, frame: int = 0xC0) -> bytes:
    """Give the head of a JPEG: an APP0, a fill byte, a DHT, and the frame header."""
    head = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc4\0\x03x"
    return head + bytes([0xFF, frame, 0, 8, 8]) + height.to_bytes(2) + width.to_bytes(2) + b"\x01"


def data_url(content: bytes, kind: str = "image/png") -> str:
    """Give the data URL of some content."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def input_image(content: bytes = b"", url: str = "") -> dict[str, object]:
    """Give the part that a client sends for a picture."""
    return {"type": "input_image", "image_url": url or data_url(content or png())}
