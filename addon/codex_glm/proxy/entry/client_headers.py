"""A client's headers: read once, and masked before anybody sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mitmproxy import http

_PRIVATE = frozenset(
    {
        "authorization",
        "chatgpt-account-id",
        "cookie",
        "openai-organization",
        "openai-project",
        "proxy-authorization",
        "x-api-key",
    }
)
"""Client headers that nobody needs to read, in the UI least of all."""
_WIRE_NAMES = frozenset(name.encode() for name in _PRIVATE)


def read_headers(headers: http.Headers) -> dict[str, str]:
    """Give the headers with their names in lower case; several of one name are joined.

    mitmproxy looks through all of them for each one that is asked for.
    """
    read: dict[str, str] = {}
    for raw_name, raw_value in headers.fields:
        name = raw_name.decode("utf-8", "surrogateescape").lower()
        value = raw_value.decode("utf-8", "surrogateescape")
        read[name] = f"{read[name]}, {value}" if name in read else value
    return read


def without_private(headers: Mapping[str, str]) -> dict[str, str]:
    """Leave the credentials and the account out; names are in lower case."""
    return {name: value for name, value in headers.items() if name not in _PRIVATE}


def mask(headers: http.Headers) -> None:
    """Mask the credentials and the account."""
    fields = headers.fields
    if any(name.lower() in _WIRE_NAMES for name, _ in fields):
        headers.fields = tuple(
            (name, b"(masked)" if name.lower() in _WIRE_NAMES else value) for name, value in fields
        )
