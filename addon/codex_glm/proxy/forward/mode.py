"""Forward mode: the proxy stands in OpenAI's place, and in nobody else's."""

from __future__ import annotations

import ipaddress
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from mitmproxy import http
from mitmproxy.proxy import layers, mode_specs

from codex_glm.proxy import replies
from codex_glm.proxy.forward.hosts import is_openai
from codex_glm.proxy.forward.local_answers import find_answer
from codex_glm.translation.errors import Failure
from codex_glm.translation.wire.wire_json import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from mitmproxy.proxy.layer import NextLayer

    from codex_glm.proxy.config.settings import Settings
    from codex_glm.proxy.forward.local_answers import Answer

_log = logging.getLogger("glm")

MASKED = "(masked)"
HTTPS = 443
_JSON = "application/json"
_LONGEST_CALL = 64 << 10
"""Bytes; a body that decides on the answer is short."""


class Forward:
    """Answers OpenAI's side calls, refuses other hosts, and lets through those that the user names.

    It has to stand before the addon that serves turns: what it leaves alone, that one serves.
    """

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._accounts: dict[str, str] = {}
        self._refused: set[str] = set()

    def http_connect(self, flow: http.HTTPFlow) -> None:
        """Refuse a tunnel before anything is dialled or decrypted."""
        host, port = flow.request.host, flow.request.port
        if is_openai(host) or _is_this_machine(host):
            return
        if (host, port) not in self._settings().allowed_hosts:
            self._warn(host, port)
            reason = f"codex-glm serves OpenAI's hosts only; glm_allow_hosts={host} lets this pass"
            flow.response = http.Response.make(403, f"{reason}\n", {"content-type": "text/plain"})
            flow.response.reason = reason

    def next_layer(self, data: NextLayer) -> None:
        """Pass the bytes of an allowed tunnel on as they are: not decrypted, not recorded."""
        address = data.context.server.address
        tunnelled = isinstance(data.context.client.proxy_mode, mode_specs.RegularMode)
        if tunnelled and address and address[:2] in self._settings().allowed_hosts:
            data.layer = layers.TCPLayer(data.context, ignore=True)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Note the ChatGPT account before it is masked: Codex wants it back."""
        if flow.live and (account := flow.request.headers.get("chatgpt-account-id")):
            self._accounts[flow.id] = account

    def request(self, flow: http.HTTPFlow) -> None:
        """Answer what is OpenAI's, but for turns and the like; refuse what is nobody's here."""
        account = self._accounts.pop(flow.id, "")
        if flow.response or not flow.live or _is_reverse(flow):
            return
        host = flow.client_conn.sni or flow.request.host
        if is_openai(host):
            self._answer(flow, host, account)
        elif not _is_this_machine(host):
            self._warn(host, flow.request.port)
            flow.response = _refusal(host)

    def error(self, flow: http.HTTPFlow) -> None:
        """Forget the account of a request that broke off."""
        self._accounts.pop(flow.id, None)

    def _answer(self, flow: http.HTTPFlow, host: str, account: str) -> None:
        request = flow.request
        call = _call(request)
        if answer := find_answer(host, request.method, request.path, call):
            flow.response = WireResponse.to(flow, answer, account, call)
            if answer.private:
                request.headers.pop("content-encoding", None)
                request.text = MASKED

    def _warn(self, host: str, port: int) -> None:
        rule = host if port == HTTPS else f"{host}:{port}"
        if rule not in self._refused:
            self._refused.add(rule)
            _log.warning("%s was refused; --set glm_allow_hosts=%s lets it through", rule, rule)


class WireResponse(http.Response):
    """A response that names the client's account while it is sent, and to no reader after that.

    mitmproxy sends `raw_content` once the hooks are done; dumps and copies read the data, where
    the account is masked from the start.
    """

    _flow: http.HTTPFlow | None = None
    _sent = b""

    @classmethod
    def to(
        cls, flow: http.HTTPFlow, answer: Answer, account: str, call: dict[str, object]
    ) -> WireResponse:
        """Make the response for a flow; `call` is what its body holds, if that is an object."""
        body = answer.fill(account, call).encode()
        shown = http.Response.make(
            answer.status, answer.fill(MASKED, call), {"content-type": _JSON}
        )
        shown.headers["content-length"] = str(len(body))
        made = cls(**vars(shown.data))
        made._flow, made._sent = flow, body
        return made

    @property
    def raw_content(self) -> bytes | None:
        """The body: what is sent as long as the flow is live, then what may be shown."""
        return self._sent if self._flow and self._flow.live else self.data.content

    @raw_content.setter
    def raw_content(self, content: bytes | None) -> None:
        self._flow, self.data.content = None, content


def _call(request: http.Request) -> dict[str, object]:
    """Read the body as a JSON object; empty where it is none."""
    if (
        request.headers.get("content-type", "").startswith(_JSON)
        and len(request.raw_content or b"") < _LONGEST_CALL
    ):
        with suppress(ValueError):
            value = parse_json(request.get_content() or b"")
            return value if isinstance(value, dict) else {}
    return {}


def _refusal(host: str) -> http.Response:
    words = (
        f"{host} is none of OpenAI's hosts, and nothing but those is served here."
        f" To let it through, start the proxy with --set glm_allow_hosts={host}."
    )
    return replies.error_reply(Failure("host_not_allowed", words, 403, "invalid_request_error"))


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_reverse(flow: http.HTTPFlow) -> bool:
    return isinstance(flow.client_conn.proxy_mode, mode_specs.ReverseMode)
