"""Rounds of one turn: what is tried again, what the client sees of it, and what stays."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation import errors

from tests.translation.grammar import assert_valid

from .fake_upstream import CUT, RESET, WHOLE, FakeUpstream, Step, chunk, chunked, reply
from .support import KEY, events, failure_code, last_event, turn_body, wait_until

if TYPE_CHECKING:
    import socket

    import httpx

    from .conftest import StartProxy
    from .fake_upstream import Reply
    from .support import ProxyThread


def error(code: str, status: int = 429) -> bytes:
    body = json.dumps({"error": {"code": code, "message": "m"}}).encode()
    return reply(body, status)


def thinking(text: str = "Hm. ") -> bytes:
    choice = {"index": 0, "delta": {"reasoning_content": text}}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


BUSY = error("1302")
PAGE = reply(b"<html>oh</html>", 502, "text/html")


def served(start_proxy: StartProxy, glm: FakeUpstream, **options: object) -> ProxyThread:
    return start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY, **options)


def text_of(response: httpx.Response) -> str:
    """Give the text of a whole or a streamed reply that went well; checks the grammar."""
    if response.headers["content-type"] == "application/json":
        final = response.json()
    else:
        told = events(response.content)
        assert_valid(told)
        final = told[-1]["response"]
    assert final["status"] == "completed"
    return str(final["output"][-1]["content"][0]["text"])


def rules(proxy: ProxyThread) -> list[object]:
    wait_until(lambda: proxy.flows)
    return [each["rule"] for each in proxy.flow().metadata["glm"]["rounds"]]


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
    assert (kept["outcome"], kept["status"], kept["failure"]) == ("completed", 200, "")
    assert all(each["wait"] > 0 and "1302" in each["said"] for each in kept["rounds"])
    assert ("retried", "concurrency") in [(e["kind"], e["rule"]) for e in kept["receipt"]]
    assert "2 tried again (concurrency)" in flow.comment
    assert (len(proxy.flows), flow.request.path) == (1, "/v1/responses")
    assert flow.response
    assert flow.response.content == response.content
    json.dumps(kept)


RETRIED: list[tuple[Reply, str]] = [
    *((error(code), "concurrency") for code in ("1302",)),
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
                wait_until(lambda: [t for t in addon._turns.values() if len(t.rounds) == 2])
                glm.listen()

            threading.Thread(target=listen_later).start()
            response = client.post("/v1/responses", json=turn_body(stream=stream))
    assert text_of(response) == "Hello."
    assert set(rules(proxy)) == {"unreachable"}
    assert len(rules(proxy)) in (2, 3)


class NoTls(FakeUpstream):
    """Answers a handshake with something else."""

    def _answer(self, connection: socket.socket, _: int) -> bool:
        connection.recv(1)
        connection.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")
        connection.close()
        return False


def test_no_tls_at_glm(start_proxy: StartProxy) -> None:
    with NoTls() as glm:
        base = glm.base_url.replace("http:", "https:")
        proxy = start_proxy(glm_api_base=base, glm_api_key=KEY, glm_retries="2")
        streamed, whole = proxy.post(), proxy.post(turn_body(stream=False))
    assert failure_code(streamed) == "invalid_prompt"
    assert "could not be reached" in streamed.text
    assert "Tried 3 times" in streamed.text
    assert (whole.status_code, whole.json()["error"]["code"]) == (502, "server_error")
    assert rules(proxy) == ["unreachable"] * 2


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("end", [CUT, RESET])
def test_a_dead_kept_connection_is_not_noticed(
    start_proxy: StartProxy, stream: bool, end: str
) -> None:
    with FakeUpstream(Step(WHOLE, end), WHOLE, Step(b"", end), WHOLE) as glm:
        proxy = served(start_proxy, glm)
        with proxy.client() as client:
            for _ in range(3):  # closed while idle, and closed as the third turn comes
                body = turn_body(stream=stream)
                assert text_of(client.post("/v1/responses", json=body)) == "Hello."
                time.sleep(0.05)
    assert [seen.connection for seen in glm.seen] == [1, 2, 2, 3]
    counts = [len(flow.metadata["glm"]["rounds"]) for flow in proxy.flows]
    assert counts == [0, 0, 1]


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
    assert "Tried 4 times in 0 s." in streamed.text
    assert (whole.status_code, whole.json()["error"]["code"]) == (status, code)
    assert "Tried 4 times in 0 s." in whole.json()["error"]["message"]
    assert proxy.flow().marked
    assert "Tried 4 times" in proxy.flow().comment


def test_no_tries_of_its_own(start_proxy: StartProxy) -> None:
    with FakeUpstream(BUSY) as glm:
        proxy = served(start_proxy, glm, glm_retries="0")
        assert failure_code(proxy.post()) == "rate_limit_exceeded", "Codex may try again"
        assert len(glm.seen) == 1


def test_tries_end_with_the_time(start_proxy: StartProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(errors._TABLE["pace"], "soon", [0.2] * 7)
    with FakeUpstream(BUSY) as glm:
        proxy = served(start_proxy, glm, glm_retry_seconds="0.6")
        begun = time.monotonic()
        assert "Tried 3 times" in proxy.post().text
        assert time.monotonic() - begun < 1
        assert len(glm.seen) == 3


class TestFailover:
    """Further places, in order, and never in silence."""

    @pytest.fixture(autouse=True)
    def keys(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SPARE", "of.spare")

    @pytest.mark.parametrize("stream", [True, False])
    @pytest.mark.parametrize("code", ["1308", "1113", "1000"])
    def test_goes_on(self, start_proxy: StartProxy, stream: bool, code: str) -> None:
        with FakeUpstream(error(code)) as first, FakeUpstream(WHOLE) as second:
            proxy = served(start_proxy, first, glm_failover=[f"{second.base_url}=SPARE"])
            response = proxy.post(turn_body(stream=stream))
            assert (len(first.seen), len(second.seen)) == (1, 1)
            assert second.seen[0].headers["authorization"] == "Bearer of.spare"
            assert first.seen[0].headers["authorization"] == f"Bearer {KEY}"
            assert second.seen[0].headers["host"] == f"127.0.0.1:{second.port}"
        assert text_of(response) == "Hello."
        kept = proxy.flow().metadata["glm"]
        assert kept["url"] == f"{second.base_url}/chat/completions"
        told = [entry["detail"] for entry in kept["receipt"] if entry["rule"] == "failover"]
        assert len(told) == 1
        assert first.base_url in told[0]
        assert second.base_url in told[0]
        assert "billed" not in told[0], "both are of one kind"
        assert "of.spare" not in str(proxy.flow().get_state())

    def test_another_product_is_told(
        self, start_proxy: StartProxy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kinds = {"first": "zai-plan", "second": "zai-payg"}
        with FakeUpstream(error("1308")) as first, FakeUpstream(WHOLE) as second:
            by_base = {first.base_url: kinds["first"], second.base_url: kinds["second"]}
            monkeypatch.setattr(
                "codex_glm.proxy.upstream.base_kind", lambda base: by_base.get(base, "other")
            )
            proxy = served(start_proxy, first, glm_failover=[f"{second.base_url}=SPARE"])
            assert text_of(proxy.post()) == "Hello."
        receipt = proxy.flow().metadata["glm"]["receipt"]
        assert any("which is billed differently" in entry["detail"] for entry in receipt)
        assert "noted" in proxy.flow().comment

    def test_retries_come_first_and_all_places_may_fail(self, start_proxy: StartProxy) -> None:
        with FakeUpstream(PAGE) as first, FakeUpstream(error("1308")) as second:
            places = [f"{second.base_url}=SPARE"]
            proxy = served(start_proxy, first, glm_failover=places, glm_retries="2")
            response = proxy.post()
            assert (len(first.seen), len(second.seen)) == (3, 1)
        assert failure_code(response) == "invalid_prompt"
        assert "The limit of the GLM plan is reached." in response.text
        assert rules(proxy) == ["internal"] * 3

    def test_not_for_what_is_wrong_everywhere(self, start_proxy: StartProxy) -> None:
        with FakeUpstream(error("1210", 400)) as first, FakeUpstream(WHOLE) as second:
            proxy = served(start_proxy, first, glm_failover=[f"{second.base_url}=SPARE"])
            assert failure_code(proxy.post()) == "invalid_prompt"
            assert second.seen == []

    def test_without_a_key_of_its_own_the_next_place_serves(self, start_proxy: StartProxy) -> None:
        with FakeUpstream(WHOLE) as first, FakeUpstream(WHOLE) as second:
            places = [f"{second.base_url}=SPARE"]
            proxy = start_proxy(glm_api_base=first.base_url, glm_failover=places)
            assert text_of(proxy.post()) == "Hello."
            assert (len(first.seen), len(second.seen)) == (0, 1)


def test_a_held_stream_is_not_ended_by_a_fault_of_its_own(start_proxy: StartProxy) -> None:
    late = chunk("Late.") + chunk(finish="stop")
    with FakeUpstream(Step(chunked(b"data: {oops\n\n", late), ""), WHOLE) as glm:
        assert text_of(served(start_proxy, glm).post()) == "Hello."
