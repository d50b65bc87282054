"""Rounds of one turn: what is tried again, what the client sees of it, and what stays."""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation import errors

from tests.translation.grammar import assert_valid

from .fake_upstream import (
    CUT,
    RESET,
    WHOLE,
    FakeUpstream,
    Step,
    chunk,
    chunked,
    error,
    reply,
    thinking,
)
from .support import (
    events,
    failure_code,
    last_event,
    rules,
    served,
    text_of,
    turn_body,
    wait_until,
)

if TYPE_CHECKING:
    from .conftest import StartProxy
    from .fake_upstream import Reply


BUSY = error("1302")
PAGE = reply(b"<html>oh</html>", 502, "text/html")


@pytest.mark.parametrize("stream", [True, False])
def test_one_connection_serves_429_429_200(start_proxy: StartProxy, stream: bool) -> None:
    with FakeUpstream(BUSY, BUSY, WHOLE) as glm:
        proxy = served(start_proxy, glm)
        response = proxy.post(turn_body(stream=stream))
    assert text_of(response) == "Hello."
    assert [seen.connection for seen in glm.seen] == [1, 1, 1]
    assert len({seen.body for seen in glm.seen}) == 1
    assert len({seen.head for seen in glm.seen}) == 1
    assert rules(proxy) == ["concurrency"] * 2
    flow = proxy.flow()
    kept = flow.metadata["glm"]
    assert (kept["outcome"], kept["rounds"][-1]["status"], kept["failure"]) == (
        "completed",
        200,
        "",
    )
    assert all(each["wait"] > 0 and "1302" in each["said"] for each in kept["rounds"][:-1])
    assert ("retried", "concurrency") in [(e["kind"], e["rule"]) for e in kept["receipt"]]
    assert "2 tried again (concurrency)" in flow.comment
    assert (len(proxy.flows), flow.request.path) == (1, "/v1/responses")
    assert flow.response
    assert flow.response.content == response.content
    json.dumps(kept)


RETRIED: list[tuple[Reply, str]] = [
    (BUSY, "concurrency"),
    (error("1303"), "rate"),
    (error("1305"), "overload"),
    (error("1312"), "overload"),
    (error("1234", 500), "network"),
    (error("1230", 500), "internal"),
    (error("1200", 500), "internal"),
    (error("1231", 400), "duplicate"),
    *((reply(b"<html>", status, "text/html"), "internal") for status in (500, 502, 503, 504)),
    (reply(b"<html>", 529, "text/html"), "overload"),
    (reply(b"slow down", 429, "text/plain"), "rate"),
    (reply(b'{"error":{"code":"1305","message":"m"}}'), "overload"),
    (reply(b"<html>log in</html>", 200, "text/html"), "not_a_stream"),
    (Step(end=CUT), "stale"),
    (Step(end=RESET), "stale"),
    (Step(b"HTTP/1.1 200", end=CUT), "stale"),
    (Step(b"no HTTP at all\r\n\r\n", end=CUT), "stale"),
    (Step(chunked(ended=False), end=CUT), "cut"),
    (Step(chunked(ended=False), end=RESET), "cut"),
    (Step(chunked(thinking(), ended=False), end=CUT), "cut"),
    (Step(chunked(thinking(), ended=False), end=RESET), "cut"),
    (chunked(thinking()), "cut"),
    (chunked(thinking(), b"data: {oops\n\n"), "bad_chunk"),
    (chunked(thinking(), chunk(finish="network_error")), "network_error"),
    (chunked(thinking(), chunk(finish="stop")), "empty"),
    (chunked(b'data: {"error":{"code":"1302","message":"m"}}\n\n'), "concurrency"),
    (chunked(thinking(), b'data: {"error":{"code":"1234","message":"m"}}\n\n'), "network"),
]


@pytest.mark.parametrize(("fault", "rule"), RETRIED)
def test_faults_that_are_tried_again(start_proxy: StartProxy, fault: Reply, rule: str) -> None:
    with FakeUpstream(fault, WHOLE, fault, WHOLE) as glm:
        proxy = served(start_proxy, glm)
        with proxy.client() as client:
            for stream in (True, False):
                body = turn_body(stream=stream)
                assert text_of(client.post("/v1/responses", json=body)) == "Hello."
                assert rules(proxy) == [rule]
        assert len(glm.seen) == 4
    assert len(proxy.flows) == 2


HALF = chunked(thinking(), chunk("Hel"), ended=False)


@pytest.mark.parametrize("end", [CUT, RESET])
def test_a_cut_after_text_is_not_tried_again(start_proxy: StartProxy, end: str) -> None:
    with FakeUpstream(Step(HALF, end, pause=0.05), WHOLE) as glm:
        proxy = served(start_proxy, glm)
        with proxy.client() as client:
            response = client.post("/v1/responses", json=turn_body())
            assert text_of(client.post("/v1/responses", json=turn_body())) == "Hello."
        assert len(glm.seen) == 2
    told = events(response.content)
    assert_valid(told)
    assert failure_code(response) == "server_error"
    assert "closed the reply before it was finished. (" in response.text
    output = told[-1]["response"]["output"]  # type: ignore[index]
    assert [item["type"] for item in output] == ["reasoning"], "what is finished stays"


@pytest.mark.parametrize("end", [CUT, RESET])
def test_a_reply_that_is_not_streamed_is_tried_again_whatever_came(
    start_proxy: StartProxy, end: str
) -> None:
    with FakeUpstream(Step(HALF, end, pause=0.05), WHOLE) as glm:
        proxy = served(start_proxy, glm)
        assert text_of(proxy.post(turn_body(stream=False))) == "Hello."
        assert len(glm.seen) == 2


def test_thinking_of_both_rounds_is_one_item(start_proxy: StartProxy) -> None:
    again = chunked(thinking("So. "), chunk("Hello."), chunk(finish="stop"))
    with FakeUpstream(Step(chunked(thinking(), ended=False), CUT), again) as glm:
        response = served(start_proxy, glm).post()
    assert text_of(response) == "Hello."
    output = last_event(response)["response"]["output"]  # type: ignore[index]
    assert output[0]["summary"][0]["text"] == "Hm. So. "
    assert output[0]["encrypted_content"].endswith("\nSo. ")


@pytest.mark.parametrize("stream", [True, False])
def test_refused_connections_are_tried_again(
    start_proxy: StartProxy, stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(errors._TABLE["pace"], "soon", [0.15] * 7)
    with FakeUpstream(WHOLE, listens=False) as glm:
        proxy = served(start_proxy, glm)
        with proxy.client() as client:
            assert client.get("/health").is_success
            addon = proxy.addon

            def listen_later() -> None:
                turns = addon.turns.under_way
                wait_until(lambda: [t for t in list(turns.values()) if len(t.failed_rounds) >= 2])
                glm.listen()

            threading.Thread(target=listen_later).start()
            response = client.post("/v1/responses", json=turn_body(stream=stream))
    assert text_of(response) == "Hello."
    assert set(rules(proxy)) == {"unreachable"}
    assert len(rules(proxy)) >= 2


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("end", [CUT, RESET])
def test_a_dead_kept_connection_is_not_noticed(
    start_proxy: StartProxy, stream: bool, end: str
) -> None:
    with FakeUpstream(Step(WHOLE, end), WHOLE, Step(b"", end), WHOLE) as glm:
        proxy = served(start_proxy, glm)
        with proxy.client() as client:
            for number in range(3):  # closed while idle, and closed as the third turn comes
                body = turn_body(stream=stream)
                assert text_of(client.post("/v1/responses", json=body)) == "Hello."
                if number == 0:
                    wait_until(lambda: not proxy.flow().server_conn.connected)
    assert [seen.connection for seen in glm.seen] == [1, 2, 2, 3]
    counts = [len(flow.metadata["glm"]["rounds"]) for flow in proxy.flows]
    assert counts == [1, 1, 2]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (BUSY, 429, "rate_limit_exceeded"),
        (error("1305"), 503, "server_is_overloaded"),
        (PAGE, 502, "server_error"),
    ],
)
def test_giving_up(start_proxy: StartProxy, fault: bytes, status: int, code: str) -> None:
    with FakeUpstream(fault) as glm:
        proxy = served(start_proxy, glm, glm_retries="3")
        streamed, whole = proxy.post(), proxy.post(turn_body(stream=False))
        assert len(glm.seen) == 8
    assert_valid(events(streamed.content))
    assert failure_code(streamed) == "invalid_prompt", "Codex must not begin all over"
    assert re.search(r"Tried 4 times in \d+ s\.", streamed.text)
    assert (whole.status_code, whole.json()["error"]["code"]) == (status, code)
    assert re.search(r"Tried 4 times in \d+ s\.", whole.json()["error"]["message"])
    assert proxy.flow().marked
    assert "Tried 4 times" in proxy.flow().comment


def test_no_tries_of_its_own(start_proxy: StartProxy) -> None:
    with FakeUpstream(BUSY) as glm:
        proxy = served(start_proxy, glm, glm_retries="0")
        assert failure_code(proxy.post()) == "rate_limit_exceeded", "Codex may try again"
        assert len(glm.seen) == 1


def test_tries_end_with_the_time(start_proxy: StartProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(errors._TABLE["pace"], "soon", [0.01, 0.01, 100, 0.01])
    with FakeUpstream(BUSY) as glm:
        proxy = served(start_proxy, glm, glm_retry_seconds="60")
        assert "Tried 3 times" in proxy.post().text
        assert len(glm.seen) == 3


def test_a_held_stream_is_not_ended_by_a_fault_of_its_own(start_proxy: StartProxy) -> None:
    late = chunk("Late.") + chunk(finish="stop")
    with FakeUpstream(Step(chunked(b"data: {oops\n\n", late), ""), WHOLE) as glm:
        assert text_of(served(start_proxy, glm).post()) == "Hello."
