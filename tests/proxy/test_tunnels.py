"""Turns inside a tunnel, as Codex's own provider sends them: it would like to speak HTTP/2."""

from __future__ import annotations

import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest
from codex_glm.proxy.inside_mitmproxy.client_parser import ClientParser
from mitmproxy.exceptions import OptionsError

from .fake_upstream import HOLD, WHOLE, FakeUpstream, Step, chunked
from .support import events, last_event, served, text_of, turn_body, wait_until
from .test_forward import connect

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .conftest import StartProxy
    from .fake_upstream import Seen
    from .support import ProxyThread

REGULAR = ["regular@127.0.0.1:0"]
URL = "https://api.openai.com/v1/responses"


class _Http2First(ssl.SSLContext):
    """As Codex asks for it; httpx would rather have HTTP/1.1."""

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        super().set_alpn_protocols(sorted(alpn_protocols))


def client(proxy: ProxyThread, confdir: Path) -> httpx.Client:
    """Make a client that takes the proxy's CA, as Codex does."""
    trusted = _Http2First(ssl.PROTOCOL_TLS_CLIENT)
    trusted.load_verify_locations(confdir / "mitmproxy-ca-cert.pem")
    return httpx.Client(proxy=proxy.url, verify=trusted, trust_env=False, timeout=20, http2=True)


def test_silences_are_broken(start_proxy: StartProxy, confdir: Path) -> None:
    def once_it_pulsed(_: Seen) -> bytes:
        (turn,) = proxy.addon.turns.under_way.values()
        wait_until(lambda: b"".join(turn.sent).count(b"event: response.in_progress") > 2)
        return WHOLE

    with FakeUpstream(once_it_pulsed) as glm:
        proxy = served(start_proxy, glm, mode=REGULAR, glm_keepalive="0.2")
        with client(proxy, confdir) as codex:
            answer = codex.post(URL, json=turn_body())
    assert answer.http_version == "HTTP/1.1"
    assert last_event(answer)["type"] == "completed"
    signs = [event["type"] for event in events(answer.content)].count("response.in_progress")
    assert signs > 2


def test_a_failed_reply_that_is_kept_open_is_closed(start_proxy: StartProxy, confdir: Path) -> None:
    failed = chunked(b'data: {"error":{"code":"1234","message":"m"}}\n\n', ended=False)
    with FakeUpstream(Step(failed, HOLD), WHOLE) as glm:
        proxy = served(start_proxy, glm, mode=REGULAR, glm_keepalive="0.2")
        with client(proxy, confdir) as codex:
            assert text_of(codex.post(URL, json=turn_body())) == "Hello."


def test_a_request_that_stops_half_way(
    start_proxy: StartProxy, confdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ClientParser, "patience", 0.3)
    trusted = ssl.create_default_context(cafile=str(confdir / "mitmproxy-ca-cert.pem"))
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm, mode=REGULAR)
        made, _ = connect(proxy, "api.openai.com:443")
        with trusted.wrap_socket(made, server_hostname="api.openai.com") as tunnel:
            tunnel.sendall(b"POST /v1/responses HTTP/1.1\r\nhost: api.openai.com\r\n")
            assert tunnel.recv(12) == b"HTTP/1.1 408"


def test_the_connection_to_glm_is_kept(start_proxy: StartProxy, confdir: Path) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm, mode=REGULAR)
        with client(proxy, confdir) as codex:
            for _ in range(7):
                assert text_of(codex.post(URL, json=turn_body())) == "Hello."
        assert (len(glm.seen), glm.connections) == (7, 1)


def test_many_turns_at_once(start_proxy: StartProxy, confdir: Path) -> None:
    all_are_there = threading.Event()

    def hold(_: Seen) -> bytes:
        all_are_there.wait(20)
        return WHOLE

    with FakeUpstream(hold) as glm:
        proxy = served(start_proxy, glm, mode=REGULAR, glm_concurrency="8")
        with client(proxy, confdir) as codex, ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(codex.post, URL, json=turn_body()) for _ in range(8)]
            wait_until(lambda: len(glm.seen) == 8)
            assert len(proxy.addon.turns.under_way) == 8, "none had to wait for another"
            all_are_there.set()
            assert {text_of(each.result()) for each in asked} == {"Hello."}


def test_http2_stays_off(start_proxy: StartProxy) -> None:
    proxy = start_proxy()
    with pytest.raises(OptionsError, match="a new connection to GLM"):
        proxy.set(http2=True)
    assert not proxy.master.options.http2
