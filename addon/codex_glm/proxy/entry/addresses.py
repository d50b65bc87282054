"""Addresses: what is this machine alone, what listens for others, and what the proxy is called."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING

from mitmproxy.net.http.url import parse_authority
from mitmproxy.proxy.mode_specs import LocalMode, ProxyMode, TunMode

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

OS_CAPTURE = (LocalMode, TunMode)
"""Modes that take connections of programs on this machine, and listen for nobody."""

_HTTP = 80


def is_loopback(host: str) -> bool:
    """Tell whether an address, or the name localhost, can be reached from this machine alone."""
    name = host.strip("[]").lower().rstrip(".")
    try:
        return _address(name).is_loopback
    except ValueError:
        return name == "localhost"


def exposed(modes: Sequence[str], listen_host: str) -> list[str]:
    """Name the modes of a proxy that others than this machine could reach."""
    parsed = [ProxyMode.parse(spec) for spec in modes]
    return [
        mode.full_spec
        for mode in parsed
        if not isinstance(mode, OS_CAPTURE) and not is_loopback(mode.listen_host(listen_host))
    ]


def is_own_host(header: str, sockname: Sequence[object], names: Collection[str]) -> bool:
    """Tell whether a Host header names the proxy itself.

    That is loopback, or the very address that the connection came in at, with its port; or one of
    `names`, with any port or with the one that stands there. `sockname` is host and port.
    """
    try:
        host, port = parse_authority(header, check=True)
    except ValueError:
        return False
    name = host.strip("[]").lower().rstrip(".")
    if {name, f"{name}:{port or _HTTP}"} & {each.lower() for each in names}:
        return True
    return (port or _HTTP) == sockname[1] and (is_loopback(name) or _same(name, str(sockname[0])))


def _same(name: str, address: str) -> bool:
    try:
        return _address(name) == _address(address)
    except ValueError:
        return False


@lru_cache(64)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Read an address without its zone; an IPv4 one that came in over IPv6 is IPv4."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address
