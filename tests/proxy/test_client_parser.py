"""Requests that do not come to their end: each is answered, and its connection is closed."""

from __future__ import annotations

import json
import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from codex_glm.proxy.inside_mitmproxy.client_parser import ClientParser
from mitmproxy import ctx
from mitmproxy.addonmanager import AddonManager
from mitmproxy.connection import Client, ConnectionState
from mitmproxy.http import Response
from mitmproxy.options import Options
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http._events import ResponseEndOfMessage, ResponseHeaders
from mitmproxy.proxy.server_hooks import ClientDisconnectedHook

from .support import KEY, turn_body, wait_until

if TYPE_CHECKING:
    from .conftest import StartProxy
    from .support import ProxyThread

HEAD = b"POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
BODY = json.dumps(turn_body(stream=False)).encode()
WITH_LENGTH = HEAD + b"content-length: %d\r\n\r\n" % len(BODY)
IN_CHUNKS = HEAD + b"transfer-encoding: chunked\r\n\r\n"
HALVES = {
    "a letter": b"P",
    "half a line": HEAD[:12],
    "half a head": HEAD,
    "no body": WITH_LENGTH,
    "half a body": WITH_LENGTH + BODY[:5],
    "half a chunk": IN_CHUNKS + b"40\r\nabc",
    "no last chunk": IN_CHUNKS + b"2\r\n{}\r\n",
}

half = pytest.mark.parametrize("sent", HALVES.values(), ids=HALVES)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ClientParser, "patience", 0.3)


def connect(proxy: ProxyThread) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), 10)


def read_error(connection: socket.socket) -> tuple[int, str]:
    """Read until the proxy closes; gives the last reply's status and message."""
    with connection.makefile("rb") as file:
        *_, last = (b"\n" + file.read()).split(b"\nHTTP/1.1 ")
    error = json.loads(last.partition(b"\r\n\r\n")[2])["error"]
    assert error["type"] == "invalid_request_error"
    return int(last[:3]), error["message"]


@half
@pytest.mark.usefixtures("impatient")
def test_nothing_more_comes(start_proxy: StartProxy, sent: bytes) -> None:
    proxy = start_proxy(glm_api_key=KEY)
    with connect(proxy) as connection:
        connection.sendall(sent)
        assert read_error(connection) == (408, "The request did not come within 0.3 seconds.")


@half
def test_the_client_sends_no_more(start_proxy: StartProxy, sent: bytes) -> None:
    proxy = start_proxy(glm_api_key=KEY)
    with connect(proxy) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert read_error(connection)[0] == 400


@half
def test_the_client_goes(start_proxy: StartProxy, sent: bytes) -> None:
    proxy = start_proxy(glm_api_key=KEY)
    proxies = proxy.master.addons.get("proxyserver")
    with connect(proxy) as connection:
        connection.sendall(sent)
        wait_until(lambda: proxies.connections)
    wait_until(lambda: not proxies.connections)


def test_the_client_goes_while_another_proxy_starts(
    start_proxy: StartProxy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """In one process `ctx` is the newest proxy's, which has no addons at first."""
    proxy = start_proxy(glm_api_key=KEY)
    proxies = proxy.master.addons.get("proxyserver")
    with connect(proxy), monkeypatch.context() as patched:
        wait_until(lambda: proxies.connections)
        patched.setattr(ctx, "master", SimpleNamespace(addons=AddonManager(proxy.master)))
        left = next(iter(proxies.connections.values())).client
        proxy.run(proxy.master.addons.trigger_event(ClientDisconnectedHook(left)))
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


class Parsed:
    """A parser without a socket: what is sent to it, and the time that passes for it."""

    def __init__(self) -> None:
        self.client = Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2))
        self.client.state = ConnectionState.OPEN
        self.parser = ClientParser(Context(self.client, Options()))
        self._wakeups: list[commands.RequestWakeup] = []
        self._give(events.Start())

    def _give(self, event: events.Event) -> list[commands.Command]:
        done = list(self.parser.handle_event(event))
        self._wakeups += [each for each in done if isinstance(each, commands.RequestWakeup)]
        return done

    def read(self, data: bytes) -> None:
        self._give(events.DataReceived(self.client, data))

    def answer(self) -> None:
        """Let the request under way be answered."""
        reply = Response.make(200, b"fine")
        number = self.parser.stream_id
        self._give(ResponseHeaders(number, reply))
        self._give(ResponseEndOfMessage(number))

    def a_while_passes(self) -> bytes:
        """Let each wake-up come that is asked for; gives what the client gets then."""
        asked, self._wakeups = self._wakeups, []
        told = [command for each in asked for command in self._give(events.Wakeup(each))]
        return b"".join(each.data for each in told if isinstance(each, commands.SendData))

    @property
    def watched(self) -> bool:
        return bool(self._wakeups)


def test_a_head_has_its_time_as_a_whole() -> None:
    parsed = Parsed()
    parsed.read(HEAD[:20])
    parsed.read(HEAD[20:30])
    assert parsed.a_while_passes().startswith(b"HTTP/1.1 408")


def test_a_body_has_time_for_each_piece() -> None:
    parsed = Parsed()
    parsed.read(WITH_LENGTH)
    for at in range(4):
        parsed.read(BODY[at : at + 1])
        assert parsed.a_while_passes() == b""
    assert parsed.a_while_passes().startswith(b"HTTP/1.1 408")


def test_a_body_gets_its_time_where_the_head_was_slow() -> None:
    parsed = Parsed()
    parsed.read(WITH_LENGTH[:20])
    parsed.read(WITH_LENGTH[20:])
    assert parsed.a_while_passes() == b""
    assert parsed.a_while_passes().startswith(b"HTTP/1.1 408")


def test_nobody_watches_a_whole_request() -> None:
    parsed = Parsed()
    parsed.read(WITH_LENGTH + BODY)
    assert not parsed.watched


def test_a_reply_and_a_kept_connection_may_take_their_time() -> None:
    parsed = Parsed()
    parsed.read(WITH_LENGTH)
    parsed.read(BODY)
    assert (parsed.a_while_passes(), parsed.watched) == (b"", False)
    parsed.answer()
    assert (parsed.a_while_passes(), parsed.watched) == (b"", False)


@pytest.mark.parametrize("begun", [HEAD, WITH_LENGTH, WITH_LENGTH + BODY[:5]])
def test_the_next_request_has_its_own_time(begun: bytes) -> None:
    parsed = Parsed()
    parsed.read(WITH_LENGTH)
    parsed.read(BODY)
    parsed.answer()
    parsed.read(begun)
    assert parsed.a_while_passes() == b"", "that was the time of the one before"
    assert parsed.a_while_passes().startswith(b"HTTP/1.1 408")


def test_a_refused_body_is_not_answered_twice() -> None:
    parsed = Parsed()
    parsed.read(WITH_LENGTH)
    parsed.parser.response = Response.make(413)
    assert parsed.a_while_passes() == b""
    assert (parsed.a_while_passes(), parsed.watched) == (b"", False)
