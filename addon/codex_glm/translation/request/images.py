"""One image as a client gave it: what GLM's vision models can take of it.

Their limits are data, `[images]` in `models.toml`. An image that breaks one costs the whole turn,
and every later turn of the thread (GLM 1210, reported 2026), so it is found out here.
"""

from __future__ import annotations

import binascii
import hashlib
import ipaddress
from base64 import b64encode
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from ..models import IMAGE_LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"<svg", "svg"),
    (b"<?xml", "svg"),
)
_NO_SIZE = frozenset({0xC4, 0xC8, 0xCC})
"""Markers among JPEG's SOF0 to SOF15 that begin no frame."""


class Image(NamedTuple):
    """An image, or why GLM cannot take it."""

    id: str
    """64 hex digits: of the content, or of the address where GLM is to fetch it."""
    url: str
    """What GLM gets."""
    fault: str = ""
    """Why GLM cannot take it, and what would help; empty if it can."""
    repair: str = ""
    """What was put right; empty if nothing had to be."""


def read_image(url: str) -> Image:
    """Read what stands in `image_url`: an https address, a data URL, or bare base64."""
    url = url.strip()
    if url[:5].lower() == "data:":
        return _read_data(url)
    if "://" in url[:32]:
        return Image(_digest(url.encode("utf-8", "surrogatepass")), url, _address_fault(url))
    return _read_content(_decode(url), "", url, bare=True)


def _read_data(url: str) -> Image:
    head, _, data = url[5:].partition(",")
    kind, *parameters = (part.strip().lower() for part in head.split(";"))
    if "base64" in parameters:
        content = _decode(data)
    else:
        content = unquote_to_bytes(data.encode("utf-8", "surrogatepass"))
    return _read_content(content, kind, url)


def _read_content(content: bytes | None, kind: str, url: str, *, bare: bool = False) -> Image:
    if not content:
        fault = "its data cannot be read" if content is None else "it is empty"
        return Image(_digest(url.encode("utf-8", "surrogatepass")), url, fault)
    image = Image(_digest(content), url)
    found = _format(content)
    if fault := _content_fault(content, found, kind):
        return image._replace(fault=fault)
    clean = f"data:image/{found};base64,{b64encode(content).decode('ascii')}"
    if kind == "image/jpg":
        clean = clean.replace("image/jpeg", kind, 1)
    if clean == url:
        return image
    what = f"declared as {kind or 'nothing'}" if kind != f"image/{found}" else "its base64"
    return image._replace(url=clean, repair=f"{'bare base64' if bare else what}: it is a {found}")


def _content_fault(content: bytes, found: str, kind: str) -> str:
    formats = IMAGE_LIMITS.formats
    if found not in formats:
        wanted = " and ".join(formats)
        return f"it is {found or kind or 'of an unknown kind'}, and GLM reads {wanted}: convert it"
    if len(content) > IMAGE_LIMITS.bytes:
        size, most = len(content) / 1e6, IMAGE_LIMITS.bytes / 1e6
        return f"it has {size:.1f} MB, and GLM reads {most:g} MB: make it smaller"
    width, height = _png_size(content) if found == "png" else _jpeg_size(content)
    if max(width, height) > IMAGE_LIMITS.side:
        most = IMAGE_LIMITS.side
        return f"it has {width} x {height} pixels, and GLM reads {most} x {most}: make it smaller"
    return "" if width and height else "it is damaged"


def _address_fault(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "its address cannot be read"
    if parts.scheme.lower() != "https" or not host:
        return "GLM fetches images from https addresses only"
    return "its address is in a private network" if _is_private(host) else ""


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost", ".test"))


def _decode(text: str) -> bytes | None:
    """Decode base64 the way browsers do, and the alphabet of URLs too; None for what is none."""
    text = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except (binascii.Error, ValueError):
        return None


def _format(content: bytes) -> str:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    if content[4:8] == b"ftyp":
        return content[8:12].decode("ascii", "replace").strip()
    return next((name for magic, name in _MAGIC if content.startswith(magic)), "")


def _png_size(content: bytes) -> tuple[int, int]:
    """Give width and height, which stand in the first chunk; zeros if they do not."""
    if content[12:16] != b"IHDR" or len(content) < 24:
        return 0, 0
    return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Give width and height, which stand in the first frame header; zeros without one."""
    for marker, at in _jpeg_segments(content):
        if 0xC0 <= marker <= 0xCF and marker not in _NO_SIZE:
            height, width = content[at + 5 : at + 7], content[at + 7 : at + 9]
            return int.from_bytes(width), int.from_bytes(height)
    return 0, 0


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, int]]:
    """Give marker and place of each segment before the picture itself (ITU-T T.81, B.1.1)."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        if content[at + 1] == 0xFF:  # a fill byte
            at += 1
            continue
        yield content[at + 1], at
        at += 2 + int.from_bytes(content[at + 2 : at + 4])


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
