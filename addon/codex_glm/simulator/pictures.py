"""Pictures in a request: what can be told of one without looking at it."""

import base64
import hashlib
import struct
from dataclasses import dataclass

_KINDS = {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg"}
_MOST_BYTES = 5 * 1024 * 1024
_MOST_PIXELS = 6000


class PictureError(ValueError):
    """A picture that GLM would refuse; the message says why."""


@dataclass(frozen=True)
class Picture:
    """A picture that came with the request.

    Attributes:
        kind: "png" or "jpeg".
        digest: The first digits of the SHA-256 of its bytes.

    """

    kind: str
    width: int
    height: int
    size: int
    digest: str

    def __str__(self) -> str:
        """Say all that is known."""
        pixels = f"{self.width} x {self.height} pixels"
        return f"a {self.kind} of {pixels} and {self.size} bytes, SHA-256 {self.digest}"


def read_picture(url: str) -> Picture | None:
    """Read a data URL or bare base64; None for an https address, which nobody here fetches.

    Raises:
        PictureError: No vision model of GLM's takes it (Z.ai API reference: formats and limits).

    """
    if url.startswith("https://"):
        return None
    declared, data = _split(url)
    try:
        content = base64.b64decode(data, validate=True)
    except ValueError as error:
        raise PictureError("not base64") from error
    kind, width, height = _measure(content)
    if declared and declared != kind:
        raise PictureError(f"declared as {declared}, but it is a {kind}")
    if len(content) > _MOST_BYTES:
        raise PictureError("image larger than 5 MB")
    if max(width, height) > _MOST_PIXELS:
        raise PictureError(f"more than {_MOST_PIXELS} pixels wide or high")
    return Picture(kind, width, height, len(content), hashlib.sha256(content).hexdigest()[:12])


def _split(url: str) -> tuple[str, str]:
    if not url.startswith("data:"):
        return "", url
    head, _, data = url.partition(",")
    kind, _, encoding = head.removeprefix("data:").partition(";")
    if kind not in _KINDS or encoding != "base64":
        raise PictureError(f"{head[:60]} is none of {', '.join(_KINDS)} in base64")
    return _KINDS[kind], data


def _measure(content: bytes) -> tuple[str, int, int]:
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n"):
            return "png", *struct.unpack_from(">II", content, 16)
        if content.startswith(b"\xff\xd8"):
            return "jpeg", *_measure_jpeg(content)
    except struct.error as error:
        raise PictureError("it ends too early") from error
    raise PictureError("neither PNG nor JPEG")


def _measure_jpeg(content: bytes) -> tuple[int, int]:
    at = 2
    while True:
        _, marker, length = struct.unpack_from(">BBH", content, at)
        if marker in (0xC0, 0xC1, 0xC2):  # the frames that are in use: baseline to progressive
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        at += 1 if marker == 0xFF else 2 + length
