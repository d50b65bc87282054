"""Options of mitmproxy's that promises rest on: some are set, others stop the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mitmproxy.exceptions import OptionsError

from codex_glm.proxy.entry.addresses import is_loopback
from codex_glm.proxy.turns.upstream import address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mitmproxy.options import Options


CHECKED = {
    *("stream_large_bodies", "proxy_debug", "validate_inbound_headers", "ssl_insecure", "http2")
}
"""The options that `check_options` reads."""


def set_options(options: Options) -> None:
    """Set what cannot be left to the user.

    Lazy: no host is dialled before the addon has chosen one. Kept Host: the flow shows where the
    client went, not the sink that a reverse proxy is pointed at. HTTP/1: for a client of HTTP/2
    mitmproxy would connect to GLM anew for each turn, and have five turns at once at most (12.2.3).
    """
    options.update(connection_strategy="lazy", keep_host_header=True, http2=False)


def check_options(options: Options, bases: Iterable[str]) -> None:
    """Raise OptionsError for the first such option; `bases` is where keys are sent."""
    if options.stream_large_bodies:
        raise OptionsError("stream_large_bodies would send requests on untranslated")
    if options.proxy_debug:
        raise OptionsError("proxy_debug would write keys and credentials into the log")
    if not options.validate_inbound_headers:
        raise OptionsError("validate_inbound_headers=false would let requests be smuggled in")
    if options.http2:
        raise OptionsError("http2 would cost each turn a new connection to GLM")
    if options.ssl_insecure and not all(is_loopback(address(base)[0]) for base in bases):
        raise OptionsError(
            "ssl_insecure would give the key to whoever answers in GLM's place; for a certificate"
            " authority of your own there is ssl_verify_upstream_trusted_ca"
        )
