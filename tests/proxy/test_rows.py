"""GLM's side as rows of their own: linked, complete, saved, and harmless in a replay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from codex_glm.proxy.config.api_key import PLACEHOLDER
from codex_glm.proxy.shown.rows import ROWS, SIDE_OF
from mitmproxy import io
from mitmproxy.addons.export import curl_command

from .fake_upstream import (
    CUT,
    HOLD,
    WHOLE,
    FakeUpstream,
    Seen,
    Step,
    chunk,
    chunked,
    error,
    thinking,
)
from .support import KEY, rules, served, turn_body, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from mitmproxy.http import HTTPFlow

    from .conftest import StartProxy
    from .support import ProxyThread

CUT_IN_THOUGHT = Step(chunked(thinking(), ended=False), CUT)


def shown(proxy: ProxyThread) -> tuple[HTTPFlow, list[HTTPFlow]]:
    """Give the client's row and GLM's."""
    wait_until(lambda: proxy.flows)
    client, *rows = proxy.view
    assert client is proxy.flow()
    return client, rows


def test_linked_both_ways(start_proxy: StartProxy) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm, view=True)
        proxy.post()
        client, (row,) = shown(proxy)
        assert row.request.content == glm.seen[0].body
    assert row.metadata == {SIDE_OF: client.id}
    assert client.metadata[ROWS] == [row.id]
    assert row.request.url == f"{glm.base_url}/chat/completions"
    assert row.request.headers["authorization"] == f"Bearer {PLACEHOLDER}"
    assert bytes(row.request.headers).count(PLACEHOLDER.encode()) == 1
    assert row.response
    assert (row.response.status_code, row.response.headers["content-type"]) == (
        200,
        "text/event-stream",
    )
    assert row.response.content == chunk("Hello.") + chunk(finish="stop") + b"data: [DONE]\n\n"
    assert row.comment == f"GLM side of {client.id[:8]}, round 1 · 200"
    assert row.server_conn.address == ("127.0.0.1", glm.port)
    assert client.timestamp_start <= row.timestamp_start
    assert KEY not in str(row.get_state()) + curl_command(row)


def test_a_row_for_each_round(start_proxy: StartProxy) -> None:
    with FakeUpstream(error("1302"), CUT_IN_THOUGHT, WHOLE) as glm:
        proxy = served(start_proxy, glm, view=True)
        proxy.post()
        client, rows = shown(proxy)
    assert rules(proxy) == ["concurrency", "cut"]
    assert client.metadata[ROWS] == [row.id for row in rows]
    limited, cut, good = rows
    assert limited.response
    assert limited.response.status_code == 429
    assert json.loads(limited.response.content or b"")["error"]["code"] == "1302"
    assert cut.response
    assert cut.response.content == thinking()
    assert cut.error
    assert (limited.error, good.error) == (None, None)
    ends = [row.comment.partition(", ")[2] for row in rows]
    assert ends == ["round 1 · concurrency", "round 2 · cut", "round 3 · 200"]


def test_no_reply(start_proxy: StartProxy) -> None:
    with FakeUpstream(Step(end=CUT)) as glm:
        proxy = served(start_proxy, glm, view=True, glm_retries="0")
        proxy.post()
        _, (row,) = shown(proxy)
    assert row.response is None
    assert row.error
    assert not row.live


def test_the_client_leaves(start_proxy: StartProxy) -> None:
    with FakeUpstream(chunked(chunk("Hello."), ended=False), end=HOLD) as glm:
        proxy = served(start_proxy, glm, view=True)
        with (
            proxy.client() as client,
            client.stream("POST", "/v1/responses", json=turn_body()) as response,
        ):
            next(piece for piece in response.iter_bytes() if b"Hello" in piece)
            assert len(proxy.view) == 2
        _, (row,) = shown(proxy)
    assert row.error
    assert row.error.msg == "Client disconnected."
    assert row.response
    assert row.response.content == chunk("Hello.")


def test_without_rounds(start_proxy: StartProxy) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm, view=True)
        proxy.addon.turns.rounds = False
        proxy.addon.turns.under_way = {}
        proxy.post()
        _, (row,) = shown(proxy)
    assert row.response
    assert row.response.content


@pytest.mark.parametrize(
    ("options", "count"),
    [({}, 1), ({"glm_rows": "off", "view": True}, 1), ({"glm_rows": "on"}, 2), ({"view": True}, 2)],
    ids=["dump", "off", "on", "auto"],
)
def test_saved(
    start_proxy: StartProxy, tmp_path: Path, options: dict[str, object], count: int
) -> None:
    dump = tmp_path / "turns.flow"
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm, save_stream_file=str(dump), **options)
        proxy.post()
        client = proxy.flow()
        wait_until(lambda: dump.stat().st_size)
        proxy.set(save_stream_file=None)
    with dump.open("rb") as file:
        flows: list[HTTPFlow] = list(io.FlowReader(file).stream())  # type: ignore[arg-type]  # HTTP
    assert len(flows) == count
    assert flows[-1].id == client.id
    assert [flow.metadata[SIDE_OF] for flow in flows[:-1]] == [client.id] * (count - 1)


def test_har(start_proxy: StartProxy, tmp_path: Path) -> None:
    har = tmp_path / "turns.har"
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm, hardump=str(har))
        proxy.post()
        wait_until(lambda: proxy.flows)
        proxy.master.addons.get("savehar").done()
        proxy.set(hardump="")
    text = har.read_text()
    row, client = json.loads(text)["log"]["entries"]
    assert row["request"]["url"] == f"{glm.base_url}/chat/completions"
    assert client["request"]["url"].endswith("/v1/responses")
    assert "[DONE]" in row["response"]["content"]["text"]
    assert KEY not in text


def replay(proxy: ProxyThread, flow: HTTPFlow) -> None:
    async def start() -> None:
        proxy.master.commands.call("replay.client", [flow])

    before = len(proxy.flows)
    proxy.run(start())
    wait_until(lambda: len(proxy.flows) > before)


def test_replay_of_the_clients_row(start_proxy: StartProxy) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm, view=True)
        proxy.post()
        client, (row,) = shown(proxy)
        replay(proxy, client)
        assert len(glm.seen) == 2
        assert glm.seen[1].headers["authorization"] == f"Bearer {KEY}"
    assert glm.seen[0].body == glm.seen[1].body
    assert client.response
    assert b"response.completed" in (client.response.content or b"")
    assert client.metadata[ROWS] == [flow.id for flow in proxy.view[1:]]
    assert client.metadata[ROWS][0] == row.id
    assert len(proxy.view) == 3


def test_replay_outlives_the_first_client(start_proxy: StartProxy) -> None:
    def meanwhile(_: Seen) -> bytes:
        async def leave() -> None:
            proxy.addon.client_disconnected(client.client_conn)

        proxy.run(leave())
        return error("1302")

    with FakeUpstream(WHOLE, meanwhile, WHOLE) as glm:
        proxy = served(start_proxy, glm, view=True)
        proxy.post()
        client, _ = shown(proxy)
        replay(proxy, client)
        assert len(glm.seen) == 3
    assert rules(proxy) == ["concurrency"]
    assert len(proxy.view) == 4
    assert client.response
    assert b"response.completed" in (client.response.content or b"")


@pytest.mark.parametrize("copied", [False, True])
def test_replay_of_glms_row_asks_nobody(start_proxy: StartProxy, *, copied: bool) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm, view=True)
        proxy.post()
        client, (row,) = shown(proxy)
        again = row.copy() if copied else row
        replay(proxy, again)
        assert (len(glm.seen), glm.connections) == (1, 1)
    assert again.response
    assert again.response.status_code == 409
    assert f"Replay the client's row instead ({client.id})" in (again.response.text or "")
