"""Rounds that follow on a good reply: web searches, and answers that broke a schema."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from codex_glm.inspect.turn_record import read_record
from codex_glm.proxy.shown.memory import let_go
from codex_glm.simulator.scenarios import parse_scenario
from codex_glm.simulator.thread import SimulatorThread

from tests.translation.grammar import assert_valid

from .support import KEY, ProxyThread, events, failure_code, turn_body, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from codex_glm.simulator.engine import Received

    from .conftest import StartProxy

    type Serve = Callable[..., ProxyThread]

SEARCH = {"type": "web_search", "search_context_size": "high"}
SHELL = {
    "type": "function",
    "name": "shell",
    "description": "Runs a command.",
    "parameters": {"type": "object", "properties": {"cmd": {"type": "string"}}},
}
SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string", "maxLength": 5}},
    "required": ["title"],
    "additionalProperties": False,
}
FORMAT = {"format": {"type": "json_schema", "name": "title", "strict": True, "schema": SCHEMA}}


class Glm:
    """The simulator with steps of our own, and a proxy in front of it."""

    def __init__(self, start_proxy: StartProxy) -> None:
        self._start_proxy = start_proxy
        self.simulator: SimulatorThread

    def serve(self, *steps: dict[str, Any], **options: object) -> ProxyThread:
        scenario = parse_scenario({"name": "test", "steps": list(steps)})
        self.simulator = SimulatorThread([scenario]).__enter__()
        return self._start_proxy(glm_api_base=self.simulator.base_url, glm_api_key=KEY, **options)

    @property
    def chats(self) -> list[Received]:
        return [each for each in self.simulator.received if each.path.endswith("completions")]

    @property
    def searches(self) -> list[dict[str, Any]]:
        asked = [each for each in self.simulator.received if each.path.endswith("web_search")]
        return [each.body for each in asked]


@pytest.fixture
def glm(start_proxy: StartProxy) -> Iterator[Glm]:
    made = Glm(start_proxy)
    yield made
    made.simulator.__exit__(None, None, None)
    assert [each.violations for each in made.simulator.received if each.violations] == []


def ask(proxy: ProxyThread, **fields: object) -> dict[str, Any]:
    """Post a turn, streamed and not; give the response object, which is the same but for ids."""
    response = proxy.post(turn_body(**fields))
    assert response.status_code == 200
    if fields.get("stream") is False:
        whole: dict[str, Any] = response.json()
        return whole
    told = events(response.content)
    assert_valid(told)
    final: dict[str, Any] = told[-1]["response"]  # type: ignore[assignment]
    return final


def kinds(response: dict[str, Any]) -> list[str]:
    return [item["type"] for item in response["output"]]


@pytest.mark.parametrize("stream", [True, False])
def test_a_search_is_run_and_its_result_read(glm: Glm, *, stream: bool) -> None:
    proxy = glm.serve(
        {"thinking": "Better look.", "calls": [{"web_search": {"query": "news"}}]},
        {"text": "It says: {last_output}"},
    )
    response = ask(proxy, tools=[SEARCH], stream=stream)
    assert kinds(response) == ["reasoning", "web_search_call", "reasoning", "message"]
    found = response["output"][1]
    assert found["action"] == {"type": "search", "query": "news", "queries": ["news"]}
    assert (found["status"], response["status"]) == ("completed", "completed")
    assert "No search engine was asked" in response["output"][3]["content"][0]["text"]
    assert glm.searches == [
        {
            "search_engine": "search-prime",
            "search_query": "news",
            "count": 10,
            "content_size": "high",
        }
    ]
    called, told = glm.chats[1].body["messages"][-2:]
    assert called["reasoning_content"] == "Better look."
    assert told["role"] == "tool"
    assert told["tool_call_id"] == called["tool_calls"][0]["id"]
    assert len(glm.chats) == 2


def test_both_rounds_are_counted_and_stay_so(glm: Glm) -> None:
    search = {"thinking": "Better look.", "calls": [{"web_search": {"query": "news"}}]}
    proxy = glm.serve(search, {"text": "It says."})
    usage = ask(proxy, tools=[SEARCH])["usage"]
    flow = proxy.flow()
    record = read_record(flow.metadata["glm"])
    assert record.usage
    assert record.usage.completion == usage["output_tokens"]
    assert record.usage.thinking == usage["output_tokens_details"]["reasoning_tokens"] > 0
    billed = record.billed
    assert billed
    assert billed.prompt > record.usage.prompt
    let_go(flow)
    assert read_record(flow.metadata["glm"]).billed == billed


def test_the_next_turn_remembers_and_the_prompt_goes_on_byte_for_byte(glm: Glm) -> None:
    proxy = glm.serve(
        {
            "thinking": "Look.",
            "calls": [{"web_search": {"query": "a"}}, {"web_search": {"query": "b"}}],
        },
        {"thinking": "Now I know.", "text": "Done."},
    )
    first = ask(proxy, tools=[SEARCH])
    words = {"role": "user", "content": "say hello"}
    more = {"role": "user", "content": "and now?"}
    ask(proxy, tools=[SEARCH], input=[words, *first["output"], more])
    before, after = (glm.chats[n].body["messages"] for n in (1, 2))
    assert after[: len(before)] == before
    assert [m["role"] for m in after[len(before) :]] == ["assistant", "user"]
    assert "dropped" not in str(proxy.flow().metadata["glm"]["receipt"])


def test_a_call_of_the_clients_own_ends_the_turn(glm: Glm) -> None:
    proxy = glm.serve(
        {"calls": [{"web_search": {"query": "a"}}, {"shell": {"cmd": "ls"}}]},
        {"text": "Both are here."},
    )
    first = ask(proxy, tools=[SEARCH, SHELL])
    assert sorted(kinds(first)) == ["function_call", "reasoning", "web_search_call"]
    assert len(glm.chats) == 1
    call = next(item for item in first["output"] if item["type"] == "function_call")
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "x.txt"}
    words = {"role": "user", "content": "say hello"}
    second = ask(proxy, tools=[SEARCH, SHELL], input=[words, *first["output"], output])
    assert kinds(second) == ["message"]
    *_, called, one, two = glm.chats[1].body["messages"]
    names = [each["function"]["name"] for each in called["tool_calls"]]
    assert sorted(names) == ["shell", "web_search"]
    outputs = {"shell": "x.txt", "web_search": "[1] [SIMULATOR] a"}
    for name, answer in zip(names, (one, two), strict=True):
        assert answer["content"].startswith(outputs[name])


def test_a_search_that_fails_is_an_error_for_the_model(glm: Glm) -> None:
    proxy = glm.serve(
        {"calls": [{"web_search": {"query": "GLM 1113"}}]}, {"text": "Without it, then."}
    )
    response = proxy.post(turn_body(tools=[SEARCH]))
    final = events(response.content)[-1]["response"]
    assert final["output"][0]["status"] == "failed"  # type: ignore[index]
    told = glm.chats[1].body["messages"][-1]["content"]
    assert told.startswith("Error: the search failed (GLM 1113")
    (call,) = proxy.flow().metadata["glm"]["side_calls"]
    assert call["outcome"].startswith("GLM 1113")
    assert KEY not in json.dumps(proxy.flow().metadata["glm"])
    glm.simulator.received.clear()


def test_searches_are_bounded(glm: Glm) -> None:
    """A model that only searches gets the tool so many times, then none."""
    proxy = glm.serve({"calls": [{"web_search": {"query": "more"}, "shell": {"cmd": "x"}}]})
    final = ask(proxy, tools=[SEARCH, SHELL])
    assert kinds(final)[-1] == "function_call"
    declared = [{t["function"]["name"] for t in each.body["tools"]} for each in glm.chats]
    assert declared == [{"web_search", "shell"}] * 8 + [{"shell"}]
    assert len(glm.searches) == 8


def test_off_by_option(glm: Glm) -> None:
    proxy = glm.serve({"text": "Hi."}, glm_web_search=False)
    ask(proxy, tools=[SEARCH])
    assert "tools" not in glm.chats[0].body


def test_domains_and_engine(glm: Glm) -> None:
    proxy = glm.serve(
        {"calls": [{"web_search": {"query": "a", "recency": "oneWeek"}}]},
        {"text": "{last_output}"},
        glm_search_engine="search_std",
    )
    ask(proxy, tools=[{**SEARCH, "filters": {"allowed_domains": ["docs.example.net"]}}])
    (asked,) = glm.searches
    assert asked["search_engine"] == "search_std"
    assert asked["search_domain_filter"] == "docs.example.net"
    assert asked["search_recency_filter"] == "oneWeek"


def test_a_client_that_leaves_while_a_search_runs(
    glm: Glm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its turn ends at once, and no further round begins."""
    started = []

    async def slow(*_: object) -> dict[str, object]:
        started.append(1)
        await asyncio.sleep(30)
        raise AssertionError("nobody ended it")

    monkeypatch.setattr("codex_glm.sidecalls.client.SideClient.post_json", slow)
    proxy = glm.serve({"calls": [{"web_search": {"query": "a"}}]}, {"text": "Hi."})
    with (
        httpx.Client(base_url=proxy.url, trust_env=False) as client,
        client.stream("POST", "/v1/responses", json=turn_body(tools=[SEARCH])) as response,
    ):
        for line in response.iter_lines():
            if "searching" in line:
                break
        wait_until(lambda: started)
    wait_until(lambda: proxy.flows)
    assert proxy.addon.turns.under_way == {}
    assert (len(started), len(glm.chats)) == (1, 1)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "bad", ["no JSON", '{"title":"too long"}', '{"title":1}', '{"title":"a","more":1}', "[1]"]
)
def test_an_answer_that_breaks_the_schema_is_asked_for_again(
    glm: Glm, bad: str, *, stream: bool
) -> None:
    proxy = glm.serve({"text": bad, "thinking": "Hm."})
    response = proxy.post(turn_body(text=FORMAT, stream=stream))
    if stream:
        assert failure_code(response) == "invalid_prompt"
        assert_valid(events(response.content))
    else:
        assert response.status_code == 502
        assert "breaks the JSON Schema" in response.json()["error"]["message"]
    assert "output_text" not in response.text
    spoken, request, schema = glm.chats[1].body["messages"][-3:]
    assert spoken["content"] == bad
    assert request["content"].startswith("This answer breaks the JSON Schema")
    assert schema["content"].startswith("Give the final answer")
    assert len(glm.chats) == 2


def test_a_second_answer_that_is_right_is_the_only_one_seen(glm: Glm) -> None:
    proxy = glm.serve({"json": {"title": "far too long"}}, {"text": "unused"})
    # The simulator counts rounds by tool calls, so the second answer is chosen by the prompt.
    fixed = {
        "name": "fixed",
        "when": {"prompt": "breaks the JSON Schema"},
        "steps": [{"text": '```json\n{"title": "ok"}\n```'}],
    }
    engine = glm.simulator._simulator._engine
    engine._script = type(engine._script)([parse_scenario(fixed), *engine._script._scenarios])
    final = ask(proxy, text=FORMAT)
    assert [json.loads(final["output"][-1]["content"][0]["text"])] == [{"title": "ok"}]
    assert kinds(final) == ["message"]
    assert final["usage"]["output_tokens"] > 0
    notes = [entry["rule"] for entry in proxy.flow().metadata["glm"]["receipt"]]
    assert "json-schema" in notes
