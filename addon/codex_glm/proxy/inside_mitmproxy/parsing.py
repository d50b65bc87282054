"""Clients' requests are read by `ClientParser`, and no further than a body may be long."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from mitmproxy import ctx
from mitmproxy.exceptions import OptionsError
from mitmproxy.proxy import layers
from mitmproxy.proxy.layers.http import _http1

from codex_glm.proxy.config.options import read_size
from codex_glm.proxy.inside_mitmproxy.client_parser import (
    RELIED_ON,
    ClientParser,
    error_response,
)
from codex_glm.proxy.inside_mitmproxy.known import is_known

if TYPE_CHECKING:
    from mitmproxy.addonmanager import AddonManager, Loader
    from mitmproxy.connection import Client

_PAGE = getattr(_http1.make_error_response, "original", _http1.make_error_response)
error_response.original = _PAGE  # type: ignore[attr-defined]  # for the next load


class Parsing:
    """An addon that puts the parser in place, and bounds bodies as they come in."""

    def __init__(self) -> None:
        self._addons: AddonManager | None = None

    def load(self, loader: Loader) -> None:
        """Take mitmproxy's place, where it is the mitmproxy that is known."""
        self._addons = loader.master.addons  # `ctx` may tell of another proxy of this process
        if not is_known(_http1.Http1Server, RELIED_ON, "what is no HTTP is answered in HTML"):
            return
        layers.http.Http1Server = ClientParser  # type: ignore[attr-defined]  # the very point
        _http1.make_error_response = error_response

    def configure(self, updated: set[str]) -> None:
        """Let mitmproxy stop reading where a body is too large."""
        if "glm_max_body" in updated:
            with contextlib.suppress(OptionsError):  # which the addon itself tells
                most = read_size("glm_max_body", ctx.options.glm_max_body)
                ctx.options.update(body_size_limit=str(most) if most else None)

    def client_disconnected(self, client: Client) -> None:
        """Close a socket that mitmproxy left open.

        It does so where the connection is to be closed just as more data waits to be taken
        (12.2.3): the client's sending then hangs, and nobody ever reads it.
        """
        proxies = self._addons.get("proxyserver") if self._addons else None
        handler = proxies.connections.get(client.id) if proxies else None
        left = handler.transports.get(client) if handler else None
        if left and left.writer:
            left.writer.close()

    def done(self) -> None:
        """Give mitmproxy its own back; connections that are open keep what they have."""
        layers.http.Http1Server = _http1.Http1Server  # type: ignore[attr-defined]  # as in `load`
        _http1.make_error_response = _PAGE
