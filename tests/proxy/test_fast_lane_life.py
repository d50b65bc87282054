"""The fast lane from connection to connection: leaving, slow and kept clients, TLS, reloads."""

from __future__ import annotations

import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Self

import httpx
import pytest
from codex_glm.proxy.inside_mitmproxy.fast_lane.lane import Lane
from codex_glm.proxy.inside_mitmproxy.fast_lane.wire import Wire
from codex_glm.proxy.turns.turn import Turn

from .certificate import make_certificate
from .fake_upstream import CUT, HOLD, chunk
from .paced_upstream import GOODBYE, PacedUpstream, RawClient, Script
from .support import served, text_of, turn_body, wait_until
from .test_fast_lane import END, HEAD, HELLO, ONE_EACH, STOP, frame

if TYPE_CHECKING:
    from .conftest import StartProxy

TEXT = "Grün ist, d."


@pytest.fixture
def wires(monkeypatch: pytest.MonkeyPatch) -> list[Wire]:
    """Give the wire of each piece that went from socket to socket."""
    found: list[Wire] = []
    received = Wire.data_received

    def counted(wire: Wire, data: bytes) -> None:
        found.append(wire)
        received(wire, data)

    monkeypatch.setattr(Wire, "data_received", counted)
    return found


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def held(glm: PacedUpstream) -> None:
    """Let GLM begin a reply and go silent."""
    glm.scripts = [Script((HEAD, *HELLO), HOLD)]


def test_a_client_that_leaves(start_proxy: StartProxy, wires: list[Wire]) -> None:
    with PacedUpstream(Script(ONE_EACH)) as glm:
        proxy = glm.proxy = served(start_proxy, glm)
        proxy.post()
        wait_until(lambda: len(proxy.flows) == 1)
        before = descriptors()
        held(glm)
        clients = [RawClient(proxy.port) for _ in range(4)]
        for client in clients:
            client.send()
        wait_until(lambda: len(set(wires)) == 5)
        wait_until(lambda: sum(wire in set(wires[-16:]) for wire in wires) >= 12)
        for client in clients:
            client.close()
        wait_until(lambda: len(proxy.flows) == 5)
        wait_until(glm.left.is_set)
        for one in glm._open:
            one.close()
        wait_until(lambda: descriptors() <= before)
    assert {flow.error.msg for flow in proxy.flows[1:] if flow.error} == {"Client disconnected."}


def test_a_kept_connection(start_proxy: StartProxy, wires: list[Wire]) -> None:
    with PacedUpstream(Script(ONE_EACH)) as glm:
        proxy = glm.proxy = served(start_proxy, glm)
        client = RawClient(proxy.port)
        bodies = {client.ask().steady.body for _ in range(5)}
        client.close()
        assert (glm.connections, len(glm.seen), len(bodies)) == (1, 5, 1)
    assert len(set(wires)) == 5, "a wire for each reply"


def test_many_at_once(start_proxy: StartProxy, wires: list[Wire]) -> None:
    with PacedUpstream(Script(ONE_EACH)) as glm:
        proxy = glm.proxy = served(start_proxy, glm, glm_concurrency="100")
        with ThreadPoolExecutor(24) as pool:
            texts = list(pool.map(lambda _: text_of(proxy.post()), range(48)))
    assert texts == [TEXT] * 48
    assert len(set(wires)) == 48


def test_tls(start_proxy: StartProxy, tmp_path: Path, wires: list[Wire]) -> None:
    certificate = make_certificate(tmp_path)
    with PacedUpstream(Script(ONE_EACH), certificate=certificate) as glm:
        trust = {"ssl_verify_upstream_trusted_ca": str(certificate)}
        proxy = glm.proxy = served(start_proxy, glm, **trust)
        client = RawClient(proxy.port)
        got = {client.ask().steady for _ in range(2)}
        assert glm.connections == 1
        assert len(set(wires)) == 2
        proxy.set(glm_fast_lane=False)
        used = len(wires)
        got.add(client.ask().steady)
        assert (len(got), len(wires)) == (1, used)
        client.close()


@pytest.mark.parametrize("end", [CUT, GOODBYE])
def test_tls_that_ends_early(
    start_proxy: StartProxy, tmp_path: Path, wires: list[Wire], end: str
) -> None:
    """By a goodbye of TLS and without one: both are cuts."""
    certificate = make_certificate(tmp_path)
    with PacedUpstream(certificate=certificate) as glm:
        trust = {"ssl_verify_upstream_trusted_ca": str(certificate)}
        proxy = glm.proxy = served(start_proxy, glm, **trust)
        got = []
        for fast in (False, True):
            proxy.set(glm_fast_lane=fast)
            glm.scripts = [Script((HEAD, *HELLO[:3], HELLO[3][:9]), end)]
            client = RawClient(proxy.port)
            got.append(client.ask().steady)
            client.close()
    assert got[0] == got[1]
    assert b"response.failed" in got[0].body
    assert wires


def test_a_slow_client(start_proxy: StartProxy, wires: list[Wire]) -> None:
    """What it does not read is held back at GLM: the proxy's memory stays where it was."""
    count, big = 4000, frame(chunk("|" + "x" * 4000))
    pieces = (HEAD, *HELLO[:2], *[big * 40] * (count // 40), *STOP, END)
    with PacedUpstream(Script(pieces)) as glm:
        proxy = served(start_proxy, glm)
        client = RawClient(proxy.port, receive_buffer=4096)
        client.send()
        wait_until(lambda: wires)
        (turn,) = proxy.addon.turns.under_way.values()
        taken = -1
        while taken < (taken := sum(map(len, turn.exchange.received))):
            time.sleep(0.3)
        assert taken < len(big) * count / 2
        (handler,) = proxy.master.addons.get("proxyserver").connections.values()
        writers = [end.writer.transport for end in handler.transports.values()]
        assert max(writer.get_write_buffer_size() for writer in writers) < 2 << 20
        assert client.count(b"|x") == count * 5, "in the deltas, and four times at the end"
        client.close()


def test_a_callable_that_raises(
    start_proxy: StartProxy, wires: list[Wire], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The piece is lost and told of, as in mitmproxy; the stream goes on."""
    relay = Turn.relay

    def raising(turn: Turn, data: bytes) -> bytes | list[bytes]:
        if b"ist" in data:
            raise RuntimeError("a defect")
        return relay(turn, data)

    monkeypatch.setattr(Turn, "relay", raising)
    with PacedUpstream() as glm:
        proxy = glm.proxy = served(start_proxy, glm)
        texts = []
        for fast in (False, True):
            proxy.set(glm_fast_lane=fast)
            glm.scripts = [Script(ONE_EACH)]
            texts.append(text_of(proxy.post()))
    assert texts == [TEXT.replace("ist, ", "")] * 2
    assert wires


class Http2(ssl.SSLContext):
    """Trusts everybody, and speaks HTTP/2 alone."""

    def __new__(cls) -> Self:
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self) -> None:
        self.check_hostname = False
        self.verify_mode = ssl.CERT_NONE

    def set_alpn_protocols(self, _: object) -> None:
        super().set_alpn_protocols(["h2"])


@pytest.mark.parametrize("http2", [True, False])
def test_tls_clients(
    start_proxy: StartProxy, wires: list[Wire], monkeypatch: pytest.MonkeyPatch, http2: bool
) -> None:
    """They are served in the layers, also if they would like to speak HTTP/2."""
    relayed: list[bytes] = []
    relay = Lane.relay

    def counted(lane: Lane, data: bytes) -> bytes:
        relayed.append(data)
        return relay(lane, data)

    monkeypatch.setattr(Lane, "relay", counted)
    with PacedUpstream(Script(ONE_EACH)) as glm:
        mode = ["regular@127.0.0.1:0"]
        proxy = glm.proxy = served(start_proxy, glm, mode=mode)
        trust = Http2() if http2 else False
        with httpx.Client(proxy=proxy.url, http2=http2, verify=trust, trust_env=False) as client:
            response = client.post("https://api.openai.com/v1/responses", json=turn_body())
    assert response.http_version == "HTTP/1.1"
    assert text_of(response) == TEXT
    assert (bool(relayed), wires) == (True, [])
