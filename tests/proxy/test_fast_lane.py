"""The fast lane gives the client the bytes that mitmproxy's own way gives, as without it the
rounds do."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple

import pytest
from codex_glm.proxy.inside_mitmproxy.client_parser import ClientParser
from codex_glm.proxy.inside_mitmproxy.fast_lane.lane import Lane
from codex_glm.proxy.inside_mitmproxy.fast_lane.wire import Wire
from codex_glm.proxy.inside_mitmproxy.rounds import RoundStream
from mitmproxy.proxy.layers.http._events import ResponseData
from mitmproxy.proxy.layers.http._http1 import Http1Server

from tests.translation.grammar import assert_valid
from tests.translation.support import join_events

from .fake_upstream import CUT, HOLD, RESET, chunk, chunked, error, thinking
from .paced_upstream import Got, PacedUpstream, RawClient, Script
from .support import KEY, ProxyThread, events, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mitmproxy.proxy import commands
    from mitmproxy.proxy import events as proxy_events

HEAD = chunked(ended=False)
END = b"0\r\n\r\n"


def frame(payload: bytes, header: bytes = b"%x") -> bytes:
    return header % len(payload) + b"\r\n" + payload + b"\r\n"


HELLO = [frame(chunk(word).replace(b"UE", "ü".encode())) for word in ("GrUEn ", "ist, ", "d", ".")]
STOP = [frame(chunk(finish="stop")), frame(b"data: [DONE]\n\n")]
FRAMES = [frame(thinking("Hm. ")), *HELLO, *STOP]
ONE_EACH = (HEAD, *FRAMES, END)
TEXT = b"".join(FRAMES)
UMLAUT = b"".join(HELLO).index("ü".encode()) + 1


def cut_every(size: int) -> tuple[bytes, ...]:
    return (HEAD, *(TEXT[i : i + size] for i in range(0, len(TEXT), size)), END)


def odd(header: bytes) -> tuple[bytes, ...]:
    """Give a reply with a chunk whose header is written in another way."""
    framed = frame(chunk("odd"), header)
    return (HEAD, *HELLO[:2], framed, framed, *HELLO[2:], *STOP, END)


def broken(piece: bytes) -> tuple[bytes, ...]:
    """Give a reply that goes on with something that is no chunk."""
    return (HEAD, *HELLO[:2], piece, *HELLO[2:])


FAILURE = frame(b'data: {"error":{"code":"1234","message":"m"}}\n\n')
LENGTH = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: %d\r\n\r\n"

WHOLE_REPLIES = {
    "a write for each event": ONE_EACH,
    "one write": (HEAD + TEXT + END,),
    "head and first event in one write": (HEAD + FRAMES[0], *FRAMES[1:], END),
    "two events a write": (HEAD, HELLO[0] + HELLO[1], HELLO[2] + HELLO[3], *STOP, END),
    "end with the last event": (HEAD, *FRAMES[:-1], FRAMES[-1] + END),
    "cut every 7 bytes": cut_every(7),
    "cut every 64 bytes": cut_every(64),
    "cut every 150 bytes": cut_every(150),
    "one chunk for all": (HEAD, frame(chunk("a") + chunk("b") + chunk(finish="stop")), END),
    "a header in two": (HEAD, FRAMES[0], FRAMES[1][:1], FRAMES[1][1:], *FRAMES[2:], END),
    "a header's line end in two": (HEAD, FRAMES[0], FRAMES[1][:3], FRAMES[1][3:], *FRAMES[2:], END),
    "a foot in two": (HEAD, FRAMES[0][:-1], FRAMES[0][-1:] + FRAMES[1], *FRAMES[2:], END),
    "a foot late": (HEAD, FRAMES[0][:-2], FRAMES[0][-2:] + FRAMES[1], *FRAMES[2:], END),
    "a letter in two": (HEAD, b"".join(HELLO)[:UMLAUT], b"".join(HELLO)[UMLAUT:], *STOP, END),
    "the end in pieces": (HEAD, *FRAMES, b"0", b"\r\n", b"\r", b"\n"),
    "comments": (HEAD, frame(b": one\n\n"), HELLO[0], frame(b": two\n\n"), *HELLO[1:], *STOP, END),
    "upper case": odd(b"%X"),
    "zeros before": odd(b"000%x"),
    "an extension": odd(b"%x;name=value"),
    "a space after": odd(b"%x  "),
    "after the last event": (HEAD, *HELLO, *STOP, frame(chunk("late")), END),
    "an error in the stream": (HEAD, *HELLO[:2], FAILURE, END),
    "no JSON": (HEAD, *HELLO[:2], frame(b"data: {oops\n\n"), *STOP, END),
    "closed after": (HEAD.replace(b"OK\r\n", b"OK\r\nconnection: close\r\n"), *FRAMES, END),
    "a length": (LENGTH % len(chunk("a") + chunk("b")), chunk("a"), chunk("b")),
}  # fmt: skip

JOINED = {"two events a write", "cut every 150 bytes", "a letter in two"}
"""Where one write holds several deltas of an item."""

CUT_REPLIES = {
    "after an event": (HEAD, *HELLO[:2]),
    "after a header": (HEAD, *HELLO[:2], HELLO[2][:4]),
    "in a header": (HEAD, *HELLO[:2], HELLO[2][:1]),
    "in a header's line end": (HEAD, *HELLO[:2], HELLO[2][:3]),
    "in an event": (HEAD, *HELLO[:2], HELLO[2][:40]),
    "before a foot": (HEAD, *HELLO[:2], HELLO[2][:-2]),
    "in a foot": (HEAD, *HELLO[:2], HELLO[2][:-1]),
    "in the end": (HEAD, *FRAMES, b"0\r\n"),
    "before the end": (HEAD, *FRAMES),
    "before an event": (HEAD,),
    "while thinking": (HEAD, frame(thinking()), frame(thinking("More."))),
    "no header": broken(b"zz\r\nabc\r\n"),
    "a negative size": broken(b"-1\r\nabc\r\n"),
    "a prefix": broken(b"0x3\r\nabc\r\n"),
    "an underscore": broken(b"0_3\r\nabc\r\n"),
    "a sign": broken(b"+3\r\nabc\r\n"),
    "a size beyond measure": broken(b"f" * 30 + b"\r\nabc"),
    "a large size": broken(b"fffffff\r\nabc"),
    "no foot": broken(b"3\r\nabcdef"),
    "trailers": (HEAD, *FRAMES, b"0\r\nname: value\r\n\r\n"),
    "half a foot": broken(b"3\r\nabc\rX"),
    "an empty line": broken(b"\r\n"),
}


class Uses(NamedTuple):
    """What the lane relayed: in the layers, and between the sockets."""

    relayed: list[int]
    wired: list[int]

    def clear(self) -> None:
        self.relayed.clear()
        self.wired.clear()


@pytest.fixture
def uses(monkeypatch: pytest.MonkeyPatch) -> Uses:
    """Count each use of the lane."""
    found = Uses([], [])
    relay, received = Lane.relay, Wire.data_received

    def counted_relay(lane: Lane, data: bytes) -> bytes:
        found.relayed.append(len(data))
        return relay(lane, data)

    def counted_received(wire: Wire, data: bytes) -> None:
        found.wired.append(len(data))
        received(wire, data)

    monkeypatch.setattr(Lane, "relay", counted_relay)
    monkeypatch.setattr(Wire, "data_received", counted_received)
    return found


class Pair(NamedTuple):
    """A proxy and the GLM behind it."""

    proxy: ProxyThread
    glm: PacedUpstream

    def ask(self, scripts: list[Script], *, fast: bool) -> Got:
        """Ask on a new connection, with the lane or without."""
        self.glm.scripts = list(scripts)
        self.proxy.set(glm_fast_lane=fast)
        ended, asked = len(self.proxy.flows), len(self.glm.seen)
        client = RawClient(self.proxy.port)
        got = client.ask()
        client.close()
        wait_until(lambda: len(self.proxy.flows) > ended)
        assert len(self.glm.seen) > asked
        return got.steady

    def record(self) -> tuple[object, ...]:
        """Give what is kept of the last turn, without times."""
        flow = self.proxy.flow()
        assert flow.response
        kept = flow.metadata["glm"]
        rounds = [(r["status"], r["reply"], r["rule"], r["said"]) for r in kept["rounds"]]
        error = flow.error.msg if flow.error else None
        content = Got(b"", flow.response.content or b"", whole=True).steady.body
        return content, rounds, kept["receipt"], kept["outcome"], flow.marked, error


@pytest.fixture(scope="module")
def pair(confdir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Give one proxy for all replies; with and without the lane in turn."""
    config = tmp_path_factory.mktemp("lane") / "none.yaml"
    config.write_text("")
    with PacedUpstream() as glm, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["mitmdump"])
        patch.delenv("GLM_API_KEY", raising=False)
        places = {"confdir": str(confdir), "glm_config": str(config)}
        with ProxyThread(glm_api_base=glm.base_url, glm_api_key=KEY, **places) as proxy:
            glm.proxy = proxy
            yield Pair(proxy, glm)


def assert_same(pair: Pair, uses: Uses, *scripts: Script, joined: bool = False) -> Got:
    """Ask all three ways, and compare what the client got and what is kept.

    mitmproxy hands chunks over one by one, the lane all that came in one read. `joined` is for
    replies where that makes one delta of several; else the bytes are the same.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RoundStream, "_streams", lambda _: False)
        patch.setattr(RoundStream, "_relay", mitmproxys_own_relay)
        patch.delattr(ClientParser, "handle_event")
        stock = pair.ask([*scripts], fast=False)
        kept = pair.record()
    assert pair.ask([*scripts], fast=False) == stock
    assert pair.record() == kept
    assert uses == Uses([], [])
    fast = pair.ask([*scripts], fast=True)
    assert said(fast) == said(stock) if joined else fast == stock
    assert pair.record()[joined:] == kept[joined:]
    return fast


def mitmproxys_own_relay(stream: RoundStream, data: bytes) -> Iterator[commands.Command]:
    """Pass a piece on as a stream of mitmproxy's does that has no rounds."""
    event = ResponseData(stream.stream_id, data)
    yield from stream.original.state_stream_response_body(stream, event)


def said(got: Got) -> tuple[bytes, bool, list[dict[str, object]]]:
    """Give what a reply says, with the deltas that came together as one."""
    return got.head, got.whole, join_events(events(got.body))


@pytest.mark.parametrize("name", WHOLE_REPLIES)
def test_whole_replies(pair: Pair, uses: Uses, name: str) -> None:
    got = assert_same(pair, uses, Script(WHOLE_REPLIES[name]), joined=name in JOINED)
    assert got.whole
    alone = name in ("one write", "a length")
    assert bool(uses.relayed) is not alone, "what comes with the head is mitmproxy's"


@pytest.mark.parametrize("end", [CUT, RESET])
@pytest.mark.parametrize("name", CUT_REPLIES)
def test_cut_replies(pair: Pair, uses: Uses, name: str, end: str) -> None:
    cut = Script(CUT_REPLIES[name], end)
    got = assert_same(pair, uses, cut, Script(ONE_EACH))
    assert got.whole
    assert b"response.completed" in got.body or b"response.failed" in got.body


def test_what_streams_goes_past_mitmproxys_generators(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but what comes while the hook for the head is under way."""
    seen: list[proxy_events.Event] = []
    handle_event = RoundStream.original.handle_event

    def noted(stream: RoundStream, event: proxy_events.Event) -> Iterator[commands.Command]:
        seen.append(event)
        yield from handle_event(stream, event)

    def noted_at_the_client(
        parser: ClientParser, event: proxy_events.Event
    ) -> Iterator[commands.Command]:
        assert not isinstance(event, ResponseData)
        yield from handle_event(parser, event)

    monkeypatch.setattr(RoundStream.original, "handle_event", noted)
    monkeypatch.setattr(Http1Server, "handle_event", noted_at_the_client)
    assert pair.ask([Script(ONE_EACH)], fast=False).whole
    assert sum(isinstance(event, ResponseData) for event in seen) < 2
    assert pair.ask([Script(WHOLE_REPLIES["one write"])], fast=False).whole
    assert sum(isinstance(event, ResponseData) for event in seen) > 2


@pytest.mark.parametrize(
    ("differs", "streams"),
    [
        ({}, True),
        ({"_paused": object()}, False),
        ({"debug": "  "}, False),
        ({"server_state": "done"}, False),
        ({"turns": {}}, False),
    ],
)
def test_when_pieces_are_passed_on_at_once(differs: dict[str, object], streams: bool) -> None:
    usual = {
        "_paused": None,
        "debug": None,
        "server_state": "streaming",
        "state_stream_response_body": "streaming",
        "turns": {"id": object()},
        "flow": SimpleNamespace(id="id"),
    }
    stream = SimpleNamespace(**{**usual, **differs})
    assert RoundStream._streams(stream) is streams  # type: ignore[arg-type]


def test_between_the_sockets(pair: Pair, uses: Uses) -> None:
    """All but the head, which begins the stream, and what comes with or right after it."""
    assert_same(pair, uses, Script(ONE_EACH))
    assert len(uses.wired) > len(FRAMES) - 2


@pytest.mark.parametrize("first", [ONE_EACH[:2], (HEAD, frame(thinking()), frame(thinking()))])
def test_second_rounds(pair: Pair, uses: Uses, first: tuple[bytes, ...]) -> None:
    cut = Script(first, CUT)
    got = assert_same(pair, uses, cut, Script((error("1302"),)), cut, Script(ONE_EACH))
    assert b"response.completed" in got.body
    assert len(uses.wired) > len(FRAMES) - 2


@pytest.fixture
def quick_pulse(pair: Pair) -> Iterator[None]:
    pair.proxy.set(glm_keepalive="0.1")
    yield
    pair.proxy.set(glm_keepalive="10")


@pytest.mark.usefixtures("quick_pulse")
def test_a_reply_that_failed_and_is_kept_open(pair: Pair, uses: Uses) -> None:
    """The proxy closes the connection then, and asks again."""
    failed = Script((HEAD, frame(thinking()), frame(thinking()), FAILURE), HOLD)
    got = pair.ask([failed, Script(ONE_EACH)], fast=True)
    assert b"response.completed" in got.body
    assert uses.wired


@pytest.mark.usefixtures("quick_pulse")
def test_signs_of_life(pair: Pair, uses: Uses) -> None:
    """They come between events, whoever writes these."""
    got = pair.ask([Script((HEAD, *HELLO, *STOP, END), pause=0.15)], fast=True)
    assert uses.wired
    told = events(got.body)
    assert_valid(told)
    kinds = [event["type"] for event in told]
    assert kinds.count("response.in_progress") > 3
    assert kinds.count("response.output_text.delta") == len(HELLO)


def test_bodies_that_mitmproxy_stores_go_its_own_way(pair: Pair, uses: Uses) -> None:
    pair.proxy.set(store_streamed_bodies=True)
    try:
        assert_same(pair, uses, Script(ONE_EACH))
    finally:
        pair.proxy.set(store_streamed_bodies=False)
    assert uses == Uses([], [])


def test_an_unknown_mitmproxy_goes_its_own_way(
    pair: Pair, uses: Uses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "codex_glm.proxy.inside_mitmproxy.known.EXACTLY", frozenset({("12.2.2", "0.16.0")})
    )
    assert_same(pair, uses, Script(ONE_EACH))
    assert uses == Uses([], [])


def test_the_lane_without_its_sockets(
    pair: Pair, uses: Uses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codex_glm.proxy.inside_mitmproxy.fast_lane.lane.wire_for", lambda _: None)
    assert_same(pair, uses, Script(ONE_EACH))
    assert len(uses.relayed) > len(FRAMES) - 2
    assert uses.wired == []
