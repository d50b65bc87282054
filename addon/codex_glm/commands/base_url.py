"""What can be a base URL. Anything else may be a key in the wrong place, and is not shown."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit


def base_parts(url: str) -> SplitResult | None:
    """Give the parts of a URL that can be a base; None for any other, as with a password in it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    beyond = parts.query or parts.fragment or "@" in parts.netloc or "=" in url
    return parts if host and parts.scheme in ("http", "https") and not beyond else None


def is_plain(parts: SplitResult) -> bool:
    """Tell whether a key would leave this machine for all to read."""
    return parts.scheme == "http" and not _is_loopback(parts.hostname or "")


def shown(url: str) -> str:
    """Give a base as people may see it; what can be none may hold a secret."""
    return url if base_parts(url) else "<not shown, as it may hold a secret>"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
