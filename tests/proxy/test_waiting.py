"""Turns that wait: what the client and the person see, who goes first, and who leaves."""

from __future__ import annotations

import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

import pytest
from codex_glm.proxy.shown import record
from codex_glm.translation import errors

from tests.translation.grammar import assert_valid

from .fake_upstream import HOLD, WHOLE, FakeUpstream, Step, chunk, chunked, reply
from .support import KEY, events, served, turn_body, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from codex_glm.proxy.turns.gate import Gate
    from codex_glm.proxy.turns.turn import Turn
    from mitmproxy.http import HTTPFlow

    from .conftest import StartProxy
    from .fake_upstream import Reply, Seen
    from .support import ProxyThread

BUSY = reply(b'{"error":{"code":"1302","message":"m"}}', 429)
KEEPALIVE = 0.2
SIGN = b"event: response.in_progress"
PULSES = 3
"""So many a client has to hear before what it waits for happens: machines of tests are busy."""
SOON = 5.0
"""A tenth of a second is promised; machines of tests are busy."""


def gate_of(proxy: ProxyThread) -> Gate:
    (gate,) = proxy.addon.turns._gates.values()
    return gate


def turns(proxy: ProxyThread) -> list[Turn]:
    return list(proxy.addon.turns.under_way.values())


@contextmanager
def posting(proxy: ProxyThread, **fields: object) -> Iterator[httpx.Response]:
    """Post a turn and read nothing yet but its headers; leaving the block is leaving the proxy."""
    with (
        proxy.client() as client,
        client.stream("POST", "/v1/responses", json=turn_body(**fields)) as response,
    ):
        yield response


def read(proxy: ProxyThread, heard: Event | None = None) -> tuple[list[dict[str, object]], float]:
    """Read a streamed turn to its end; give the events and how long it took.

    `heard` is set once `PULSES` have come.
    """
    begun, body = time.monotonic(), b""
    with posting(proxy) as response:
        for piece in response.iter_raw():
            body += piece
            if heard and body.count(SIGN) > PULSES:  # the first one opens the stream
                heard.set()
    told = events(body)
    assert_valid(told)
    return told, time.monotonic() - begun


def once(heard: Event) -> Reply:
    """Make a reply that GLM gives once the client has heard enough."""

    def hold(_: Seen) -> bytes:
        heard.wait(SOON)
        return WHOLE

    return hold


def check_kept_alive(told: list[dict[str, object]], seconds: float, least: int = PULSES) -> None:
    assert told[-1]["type"] == "response.completed"
    pulses = sum(event["type"] == "response.in_progress" for event in told) - 1
    assert least <= pulses <= seconds / (KEEPALIVE - 0.01)


@pytest.fixture
def slow_paces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a further try be a matter of a second."""
    monkeypatch.setitem(errors._TABLE["pace"], "soon", [0.9] * 7)


def test_kept_alive_while_glm_says_nothing(start_proxy: StartProxy) -> None:
    heard = Event()
    with FakeUpstream(once(heard)) as glm:
        proxy = served(start_proxy, glm, glm_keepalive=str(KEEPALIVE))
        check_kept_alive(*read(proxy, heard))


def test_kept_alive_in_a_silence_of_the_stream(start_proxy: StartProxy) -> None:
    heard = Event()

    class Dripping(FakeUpstream):
        def _answer(self, connection: socket.socket, _: int) -> bool:
            connection.recv(65536)
            connection.sendall(chunked(chunk("Hel"), ended=False))
            heard.wait(SOON)
            rest = chunked(chunk("lo."), chunk(finish="stop")).partition(b"\r\n\r\n")[2]
            connection.sendall(rest)
            return False

    with Dripping() as glm:
        proxy = served(start_proxy, glm, glm_keepalive=str(KEEPALIVE))
        check_kept_alive(*read(proxy, heard))


@pytest.mark.usefixtures("slow_paces")
def test_kept_alive_during_back_off(start_proxy: StartProxy) -> None:
    with FakeUpstream(BUSY, WHOLE) as glm:
        proxy = served(start_proxy, glm, glm_keepalive=str(KEEPALIVE))
        check_kept_alive(*read(proxy), least=1)


def test_kept_alive_in_the_queue(start_proxy: StartProxy) -> None:
    heard, seen = Event(), Event()
    with FakeUpstream(once(seen), WHOLE) as glm:
        proxy = served(start_proxy, glm, glm_keepalive=str(KEEPALIVE), glm_concurrency="1")
        with posting(proxy):
            wait_until(lambda: glm.seen)
            with ThreadPoolExecutor(1) as pool:
                second = pool.submit(read, proxy, heard)
                wait_until(lambda: len(turns(proxy)) == 2)
                comments = [turn.gate.ahead_of(turn.ticket) for turn in turns(proxy)]
                assert heard.wait(SOON)
                seen.set()
                told, seconds = second.result()
    assert comments[0] == 0
    check_kept_alive(told, seconds)


def test_kept_alive_while_a_connection_is_made(start_proxy: StartProxy) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        takers = [socket.socket() for _ in range(3)]
        for taker in takers:  # they fill the listener's queue, so that a further one must wait
            taker.setblocking(False)
            taker.connect_ex(("127.0.0.1", port))
        proxy = start_proxy(
            glm_api_base=f"http://127.0.0.1:{port}/v4",
            glm_api_key=KEY,
            glm_keepalive=str(KEEPALIVE),
        )
        with posting(proxy) as response:
            pieces, body = response.iter_raw(), b""
            while body.count(SIGN) <= PULSES:
                body += next(pieces)
        wait_until(lambda: not gate_of(proxy)._inside)
        for taker in takers:
            taker.close()


def test_the_person_sees_the_wait(
    start_proxy: StartProxy,
    slow_paces: None,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    comments: list[str] = []
    show = record.record_wait

    def shown(flow: HTTPFlow, turn: Turn) -> None:
        show(flow, turn)
        comments.append(f"{flow.request.path} {flow.comment}")

    monkeypatch.setattr(record, "record_wait", shown)
    with FakeUpstream(BUSY, WHOLE) as glm:
        proxy = served(start_proxy, glm, glm_concurrency="1")
        with caplog.at_level("INFO", logger="glm"), ThreadPoolExecutor(2) as pool:
            for asked in [pool.submit(read, proxy) for _ in range(2)]:
                asked.result()
        wait_until(lambda: len(proxy.flows) == 2)
    said = r"trying again in [01] s after concurrency"
    assert [each for each in comments if re.fullmatch(f"/v1/responses {said}", each)]
    assert re.search(said, caplog.text)
    assert {flow.metadata["glm"]["outcome"] for flow in proxy.flows} == {"completed"}


def test_a_name_cannot_steer_the_terminal(
    start_proxy: StartProxy, slow_paces: None, caplog: pytest.LogCaptureFixture
) -> None:
    evil = "gpt\x1b[31m\x07\n[00:00:00.000] forged"
    with FakeUpstream(BUSY, WHOLE) as glm, caplog.at_level("INFO", logger="glm"):
        proxy = served(start_proxy, glm)
        proxy.post(turn_body(model=evil, tools=[{"type": evil}]))
        wait_until(lambda: len(proxy.flows) == 1 and "never seen before" in caplog.text)
    said = [each.message for each in caplog.records]
    assert any("trying again" in line for line in said)
    assert not [line for line in said if "\x1b" in line or "\x07" in line or "\n" in line]


def free_in(proxy: ProxyThread, taken: int) -> float:
    """Give the seconds until the gate has forgotten all but `taken` turns."""
    begun = time.monotonic()
    gate = gate_of(proxy)
    while len(gate._inside) + len(gate._waiting) > taken:
        assert time.monotonic() - begun < 10
        time.sleep(0.001)
    return time.monotonic() - begun


@pytest.mark.usefixtures("slow_paces")
def test_leaving_during_back_off(start_proxy: StartProxy) -> None:
    with FakeUpstream(BUSY, WHOLE) as glm:
        proxy = served(start_proxy, glm)
        with posting(proxy):
            wait_until(lambda: turns(proxy)[0].failed_rounds)
        assert free_in(proxy, 0) < SOON
        wait_until(lambda: proxy.flows, SOON)
        time.sleep(1)
        assert len(glm.seen) == 1, "no further try is made"
    assert proxy.flow().error
    assert not turns(proxy)


def test_leaving_the_queue(start_proxy: StartProxy) -> None:
    with FakeUpstream(Step(b"", HOLD), WHOLE) as glm:
        proxy = served(start_proxy, glm, glm_concurrency="1")
        with posting(proxy):
            wait_until(lambda: glm.seen)
            with posting(proxy):
                wait_until(lambda: gate_of(proxy)._waiting)
            assert free_in(proxy, 1) < SOON
            assert len(glm.seen) == 1
            (never_sent,) = proxy.flow().metadata["glm"]["rounds"]
            assert never_sent["begun"] is None
        assert free_in(proxy, 0) < SOON
        assert glm.left.wait(SOON), "GLM's connection is closed too"


def test_leaving_lets_the_next_one_in(start_proxy: StartProxy) -> None:
    held = chunked(chunk("Hel"), ended=False)
    with FakeUpstream(Step(held, HOLD), WHOLE) as glm:
        proxy = served(start_proxy, glm, glm_concurrency="1")
        with ThreadPoolExecutor(1) as pool:
            with posting(proxy) as first:
                pieces = first.iter_raw()
                assert any(b"Hel" in next(pieces) for _ in range(9))
                second = pool.submit(read, proxy)
                wait_until(lambda: gate_of(proxy)._waiting)
            wait_until(lambda: len(glm.seen) == 2, SOON)
            assert glm.left.wait(SOON)
            assert second.result()[0][-1]["type"] == "response.completed"
    gone = next(flow for flow in proxy.flows if flow.error)
    assert gone.metadata["glm"]["outcome"] == "failed"
    assert "closed the reply before" in gone.metadata["glm"]["failure"]


def test_a_failed_reply_that_glm_keeps_open_is_closed(start_proxy: StartProxy) -> None:
    failed = chunked(b'data: {"error":{"code":"1234","message":"m"}}\n\n', ended=False)
    with FakeUpstream(Step(failed, HOLD), WHOLE) as glm:
        proxy = served(start_proxy, glm, glm_keepalive=str(KEEPALIVE))
        got, _ = read(proxy)
        assert_valid(got)
        assert got[-1]["type"] == "response.completed"
        assert len(glm.seen) == 2
    rounds = proxy.flow().metadata["glm"]["rounds"]
    assert [each["rule"] for each in rounds] == ["network", ""]
