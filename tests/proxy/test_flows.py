"""What a turn leaves behind: the flow, its receipt, saved files, and nowhere a secret."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from codex_glm.proxy.config.api_key import PLACEHOLDER
from mitmproxy import ctx, io
from mitmproxy.addons.export import curl_command, raw_request
from mitmproxy.addons.savehar import SaveHar

from .fake_upstream import CUT, HOLD, WHOLE, FakeUpstream, chunk, chunked, reply
from .support import KEY, codex_request, last_event, served, turn_body, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from mitmproxy.http import HTTPFlow

    from .conftest import StartProxy
    from .support import ProxyThread

OPENAI = "eyJhbGciOi.JSUzI1NiIs.c2VjcmV0"
HEADERS = {"authorization": f"Bearer {OPENAI}", "chatgpt-account-id": "acc-42", "x-kept": "yes"}
CUT_SHORT = chunked(chunk("Hello."), ended=False)


def a_call(name: str, arguments: str = "{}") -> bytes:
    function = {"name": name, "arguments": arguments}
    calls = [{"index": 0, "id": "c", "type": "function", "function": function}]
    chunk = {"choices": [{"index": 0, "delta": {"tool_calls": calls}}]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


HALF = b'{"error":{"code":"%b","message":"cut \\ud83d"}}'
FOUND = b'{"search_result":[{"title":"\\ud83d","link":"l","content":"c"}]}'
END = chunk(finish="tool_calls")


@pytest.mark.parametrize(
    "replies",
    [
        [reply(HALF % b"1210", 400)],
        [reply(HALF % b"1305", 503), WHOLE],
        [chunked(b"data: " + HALF % b"1210" + b"\n\n")],
        [chunked(chunk("a"), chunk(finish="odd\ud83d"))],
        [chunked(a_call("she\ud83dll"), END)],
        [chunked(a_call("web_search", '{"query":"\\ud83d"}'), END), reply(FOUND), WHOLE],
        [chunked(a_call("web_search", '{"query":"x"}'), END), reply(HALF % b"1210", 400), WHOLE],
    ],
)
def test_half_characters_of_glm_do_no_harm(
    start_proxy: StartProxy, caplog: pytest.LogCaptureFixture, replies: list[bytes]
) -> None:
    with FakeUpstream(*replies) as upstream, caplog.at_level("INFO", logger="glm"):
        proxy = served(start_proxy, upstream)
        last_event(proxy.post(turn_body(tools=[{"type": "web_search"}])))
        flow = proxy.flow()
        wait_until(lambda: any("first" in each.getMessage() for each in caplog.records))
    io.FlowWriter(BytesIO()).add(flow)
    assert (flow.comment + caplog.text).encode()


def read_flows(path: Path) -> list[HTTPFlow]:
    with path.open("rb") as file:
        return list(io.FlowReader(file).stream())  # type: ignore[arg-type]  # turns are HTTP


def test_flow_speaks_codex_and_keeps_glm(proxy: ProxyThread, glm: FakeUpstream) -> None:
    sent = codex_request("first-turn-gpt-5.5")
    response = proxy.post(sent, headers=HEADERS)
    flow = proxy.flow()
    kept = flow.metadata["glm"]
    assert (flow.request.path, flow.request.host_header) == ("/v1/responses", proxy.url[7:])
    assert json.loads(flow.request.content or b"") == sent
    assert flow.request.headers["x-kept"] == "yes"
    assert flow.response
    assert flow.response.content == response.content
    assert kept["rounds"][-1]["request"].encode() == glm.seen[0].body
    assert kept["rounds"][-1]["reply"].count("data: ") == 3
    assert kept["rounds"][-1]["url"] == f"{glm.base_url}/chat/completions"
    assert (kept["asked_model"], kept["model"]) == (
        sent["model"],
        json.loads(kept["rounds"][-1]["request"])["model"],
    )
    assert (kept["rounds"][-1]["status"], kept["outcome"], kept["failure"]) == (
        200,
        "completed",
        "",
    )
    assert ("renamed", "model") in [(e["kind"], e["rule"]) for e in kept["receipt"]]
    assert flow.metadata["glm"]["outcome"] == "completed"
    assert not flow.marked


def test_a_side_request_is_told_apart(proxy: ProxyThread) -> None:
    proxy.post(headers={"x-openai-subagent": "review"})
    kept = proxy.flow().metadata["glm"]
    assert kept["kind"] == "review"
    assert proxy.flow().comment.startswith("review · ")
    proxy.post()
    wait_until(lambda: len(proxy.flows) == 2)
    assert proxy.flow().metadata["glm"]["kind"] == "turn"


def test_drops_are_in_the_receipt(proxy: ProxyThread) -> None:
    proxy.post(turn_body(model="glm-5.3", truncation="auto", tools=[{"type": "made_up"}]))
    kinds = {entry["kind"] for entry in proxy.flow().metadata["glm"]["receipt"]}
    assert "dropped" in kinds


def test_saved_and_read_back(start_proxy: StartProxy, glm: FakeUpstream, tmp_path: Path) -> None:
    dump = tmp_path / "turns.flow"
    proxy = start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY, save_stream_file=str(dump))
    response = proxy.post(headers=HEADERS)
    wait_until(lambda: dump.exists() and dump.stat().st_size)
    proxy.set(save_stream_file=None)
    flow = read_flows(dump)[0]
    assert flow.response
    assert flow.response.content == response.content
    assert flow.metadata == proxy.flow().metadata
    assert flow.comment == proxy.flow().comment


def everywhere(flow: HTTPFlow, dump: Path) -> bytes:
    """Give whatever a person may save, copy or see of a flow."""
    har = json.dumps(SaveHar().make_har([flow])) if flow.response else ""
    places = [
        har,
        curl_command(flow),
        str(flow.get_state()),
        repr(flow),
        str(flow.copy().get_state()),
    ]
    return "".join(places).encode() + raw_request(flow) + dump.read_bytes()


@pytest.mark.parametrize(
    ("answer", "end"), [(WHOLE, ""), (CUT_SHORT, CUT), (b"", CUT)], ids=["good", "cut", "no-reply"]
)
def test_no_secret_is_kept(
    start_proxy: StartProxy, tmp_path: Path, answer: bytes, end: str
) -> None:
    dump = tmp_path / "turns.flow"
    with FakeUpstream(answer, end=end) as glm:
        proxy = start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY, save_stream_file=str(dump))
        with (
            proxy.client() as client,
            client.stream("POST", "/v1/responses", json=turn_body(), headers=HEADERS) as response,
        ):
            response.read()
        wait_until(lambda: proxy.flows)
        proxy.set(save_stream_file=None)
        assert glm.seen[0].headers["authorization"] == f"Bearer {KEY}"
    found = everywhere(proxy.flow(), dump)
    assert b"say hello" in found
    assert [secret for secret in (KEY, OPENAI, "acc-42") if secret.encode() in found] == []
    assert KEY not in str(list(proxy.master.options.items()))


def test_no_secret_while_the_turn_runs(start_proxy: StartProxy, tmp_path: Path) -> None:
    dump = tmp_path / "none"
    dump.touch()
    with FakeUpstream(b"", end=HOLD) as glm:
        proxy = start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY)
        seen: list[HTTPFlow] = []

        class Watching:
            def update(self, flows: list[HTTPFlow]) -> None:
                seen.extend(flows)

        async def add() -> None:
            proxy.master.addons.add(Watching())

        proxy.run(add())
        with (
            proxy.client() as client,
            client.stream("POST", "/v1/responses", json=turn_body(), headers=HEADERS),
        ):
            wait_until(lambda: glm.seen)
            running = next(flow for flow in seen if flow.metadata)
            found = everywhere(running, dump)
        assert glm.seen[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY.encode() not in found
    assert OPENAI.encode() not in found


def test_replay_goes_through_the_addon(proxy: ProxyThread, glm: FakeUpstream) -> None:
    proxy.post()
    first = proxy.flow()

    async def replay() -> None:
        ctx.master.commands.call("replay.client", [first])

    proxy.run(replay())
    wait_until(lambda: len(glm.seen) == 2 and len(proxy.flows) == 2)
    assert glm.seen[1].body == glm.seen[0].body
    assert glm.seen[1].headers["authorization"] == f"Bearer {KEY}"
    again = proxy.flow()
    assert again.response
    assert b"response.completed" in (again.response.content or b"")
    assert PLACEHOLDER not in str(again.get_state())


def test_loaded_flows_are_left_alone(proxy: ProxyThread, glm: FakeUpstream, tmp_path: Path) -> None:
    proxy.post()
    loaded = proxy.flow().copy()
    loaded.live = False
    before = loaded.get_state()
    unanswered = loaded.copy()
    unanswered.response = None
    unanswered.metadata.clear()
    unanswered.request.headers["authorization"] = "of another time"

    async def load() -> None:
        for flow in (loaded, unanswered):
            await proxy.master.load_flow(flow)

    proxy.run(load())
    assert len(glm.seen) == 1
    assert loaded.metadata == before["metadata"]
    assert loaded.response
    assert unanswered.response is None
    assert unanswered.metadata == {}
    assert unanswered.request.headers["authorization"] == "of another time"
    with proxy.client() as client:
        assert client.get("/health").json()["turns_served"] == 1


def test_turns_do_not_mix(proxy: ProxyThread) -> None:
    with proxy.client() as client:
        for number in range(3):
            answer = client.post("/v1/responses", json=turn_body(input=f"turn {number}"))
            assert last_event(answer)["type"] == "completed"
    ids = [
        json.loads(flow.metadata["glm"]["rounds"][-1]["request"])["messages"]
        for flow in proxy.flows
    ]
    assert [m[0]["content"] for m in ids] == ["turn 0", "turn 1", "turn 2"]
