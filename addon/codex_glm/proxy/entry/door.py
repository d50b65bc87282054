"""The door: who may come in, under which name, and with which key for GLM.

Nothing that a browser's page can send is let in: a page may reach this machine, by a name that an
attacker has pointed here (DNS rebinding) too. And nobody from elsewhere without a token.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mitmproxy import ctx, http
from mitmproxy.exceptions import OptionsError
from mitmproxy.proxy.mode_specs import ReverseMode

from codex_glm.proxy import replies
from codex_glm.proxy.config.api_key import bearer_key
from codex_glm.proxy.entry.addresses import OS_CAPTURE, exposed, is_loopback, is_own_host
from codex_glm.proxy.entry.client_headers import mask, read_headers, without_private
from codex_glm.proxy.entry.client_tokens import OPTION, find_client
from codex_glm.proxy.routing import Route, route
from codex_glm.translation import errors
from codex_glm.translation.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mitmproxy.connection import Client

    from codex_glm.proxy.config.api_key import ApiKey
    from codex_glm.proxy.config.settings import Settings

_log = logging.getLogger("glm")

CLIENT = "glm_client"
"""In a flow's metadata: the name of the token that the client showed."""

_BIND_OPTIONS = {"mode", "listen_host", OPTION}
_MOST_WARNINGS = 64
_LONGEST_HOST = 64


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that was let in."""

    key: ApiKey | None
    """The client's own for GLM, if it brought one."""
    headers: Mapping[str, str]
    """Its headers, names in lower case; without credentials and the like."""


class Door:
    """An addon that answers what may not come in, and hides the credentials of what may."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._open = False
        self._admitted: dict[str, Admitted] = {}
        self._tunnels: dict[str, str] = {}
        """Names of the clients that showed their token as they asked for a tunnel."""
        self._warned: set[str] = set()

    def running(self) -> None:
        """Stop the start where others than this machine could come in without a token."""
        self._open = True
        try:
            self._check_bind()
        except OptionsError as error:
            _log.error("%s", error)

    def configure(self, updated: set[str]) -> None:
        """The same for what is changed later; until it runs, the settings file is not read."""
        if self._open and updated & _BIND_OPTIONS:
            self._check_bind()

    def client_connected(self, client: Client) -> None:
        """Drop what comes in from elsewhere before the start was stopped, or the change undone."""
        captured = isinstance(client.proxy_mode, OS_CAPTURE)
        if not captured and not self._settings().tokens and not is_loopback(client.sockname[0]):
            client.error = "The GLM addon serves this machine alone, as it has no client tokens."

    def http_connect(self, flow: http.HTTPFlow) -> None:
        """Ask for the token where a tunnel begins: what is in it can show none of ours."""
        tokens = self._settings().tokens
        if tokens and not flow.response:
            if client := find_client(tokens, read_headers(flow.request.headers)):
                self._tunnels[flow.client_conn.id] = client.name
            else:
                self._warn(_NO_TOKEN, flow)
                flow.response = http.Response.make(407, b"", {"proxy-authenticate": "Basic"})
        mask(flow.request.headers)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Let a request in or answer it, and mask its credentials before anybody sees them."""
        if not flow.live:
            return
        try:
            self._enter(flow)
        except Exception:  # noqa: BLE001  # mitmproxy would go on as if it had been let in
            _log.exception("a defect of the addon stopped this request")
            flow.response = replies.error_reply(errors.failure("proxy"))
        finally:
            mask(flow.request.headers)

    def knows(self, flow: http.HTTPFlow) -> bool:
        """Tell whether a request came by this door."""
        return flow.id in self._admitted

    def take(self, flow: http.HTTPFlow) -> Admitted:
        """Give what a request brought, once; raises KeyError if it did not come by this door."""
        return self._admitted.pop(flow.id)

    def error(self, flow: http.HTTPFlow) -> None:
        """Forget a request that broke off."""
        self._admitted.pop(flow.id, None)

    def response(self, flow: http.HTTPFlow) -> None:
        """Forget a request that another addon answered."""
        self._admitted.pop(flow.id, None)

    def client_disconnected(self, client: Client) -> None:
        """Forget a tunnel that ended."""
        self._tunnels.pop(client.id, None)

    def _check_bind(self) -> None:
        places = exposed(ctx.options.mode, ctx.options.listen_host)
        if places and not self._settings().tokens:
            raise OptionsError(
                f"{', '.join(places)} would let others than this machine in. Listen on 127.0.0.1"
                f" (listen_host, or @127.0.0.1:PORT behind the mode), or set {OPTION}."
            )

    def _enter(self, flow: http.HTTPFlow) -> None:
        headers = read_headers(flow.request.headers)
        if flow.is_replay:  # a person's doing, in the window of mitmproxy
            self._admitted[flow.id] = Admitted(None, without_private(headers))
            return
        tokens = self._settings().tokens
        client = find_client(tokens, headers) if tokens else None
        name = client.name if client else self._tunnels.get(flow.client_conn.id, "")
        if refused := self._refused(flow, headers, name):
            self._warn(refused, flow)
            flow.response = replies.error_reply(refused)
            return
        if name:
            flow.metadata[CLIENT] = name
        key = bearer_key(headers.get("authorization", ""))
        if key and key.value in {token.value for token in tokens}:
            key = None  # a token may have the shape of a GLM key, and is not to be sent there
        self._admitted[flow.id] = Admitted(key, without_private(headers))

    def _refused(
        self, flow: http.HTTPFlow, headers: Mapping[str, str], client: str
    ) -> Failure | None:
        request, sockname = flow.request, flow.client_conn.sockname
        if _is_of_a_page(headers):
            return _OF_A_PAGE
        if isinstance(flow.client_conn.proxy_mode, ReverseMode):
            names = self._settings().host_names
            if not is_own_host(request.host_header or "", sockname, names):
                return _OTHER_HOST
        if self._settings().tokens and not client and not _is_own_health_check(flow):
            return _NO_TOKEN
        return None

    def _warn(self, refused: Failure, flow: http.HTTPFlow) -> None:
        asked = (flow.request.host_header or "")[:_LONGEST_HOST]
        words = f"Refused {flow.client_conn.peername[0]} (Host {asked!r}): {refused.message}"
        if words not in self._warned and len(self._warned) < _MOST_WARNINGS:
            self._warned.add(words)
            _log.warning("%s", words)


def _is_of_a_page(headers: Mapping[str, str]) -> bool:
    """Tell whether a page in a browser sent this; its preflights carry an Origin as well.

    `Sec-Fetch-Mode` tells nothing: Node.js sends it too (undici). A request that a browser sends
    without an Origin can change nothing here, and its page cannot read the answer.
    """
    return "origin" in headers or headers.get("sec-fetch-site") in ("cross-site", "same-site")


def _is_own_health_check(flow: http.HTTPFlow) -> bool:
    request = flow.request
    asks = route(request.method, request.path, request.headers) is Route.HEALTH
    return asks and is_loopback(flow.client_conn.peername[0])


def _refusal(code: str, words: str, status: int = 403) -> Failure:
    return Failure(code, words, status, "invalid_request_error")


_OF_A_PAGE = _refusal("cross_site_request", "Requests of web pages are not served.")
_OTHER_HOST = _refusal(
    "host_not_allowed",
    "The proxy is not known by the name in the Host header; glm_host_names can add one.",
)
_NO_TOKEN = _refusal(
    "invalid_api_key",
    "A client token is needed, as `Authorization: Bearer`, as `x-api-key`, or as the password of a"
    " forward proxy.",
    401,
)
