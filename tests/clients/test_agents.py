"""The OpenAI Agents SDK: agents with tools, handoffs and typed output, streamed and whole."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import agents
import openai
import pytest
from agents.exceptions import ModelBehaviorError
from pydantic import BaseModel

from .support import (
    EVENT,
    HELLO,
    IN_PARIS,
    MODEL,
    NO_BALANCE,
    PICTURE,
    SEEING,
    asked,
    async_client,
    check_search_kept,
    check_thinking_kept,
    pictures,
    weather_in,
)

if TYPE_CHECKING:
    from codex_glm.simulator.thread import SimulatorThread

    from tests.e2e.proxy_process import ProxyProcess

pytestmark = pytest.mark.client("openai-agents")
feature = pytest.mark.feature

agents.set_tracing_disabled(True)  # it would report to OpenAI


class Event(BaseModel):
    name: str
    date: str
    participants: list[str]


def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    return weather_in(city)


WEATHER = agents.function_tool(get_weather)


class Runs:
    """Runs agents against the proxy, each with a client of its own."""

    def __init__(self, base: str) -> None:
        self._base = base

    def __call__(self, said: Any, *, model: str = MODEL, **fields: Any) -> Any:
        """Run an agent to its end."""
        settings = fields.pop("run", {})

        async def run() -> Any:
            async with async_client(self._base) as client:
                agent = self._agent(client, model, fields)
                return await agents.Runner.run(agent, said, **settings)

        return asyncio.run(run())

    def streamed(self, said: Any, **fields: Any) -> tuple[Any, list[str]]:
        """Run an agent to its end; give the result, and the types of the raw events."""

        async def run() -> tuple[Any, list[str]]:
            async with async_client(self._base) as client:
                result = agents.Runner.run_streamed(self._agent(client, MODEL, fields), said)
                types = [e.data.type async for e in result.stream_events() if hasattr(e, "data")]
                return result, types

        return asyncio.run(run())

    def _agent(
        self, client: openai.AsyncOpenAI, name: str, fields: dict[str, Any]
    ) -> agents.Agent[Any]:
        model = agents.OpenAIResponsesModel(model=name, openai_client=client)
        helpers = [agents.Agent(name=each, model=model) for each in fields.pop("handoffs", ())]
        return agents.Agent(name="Asked", model=model, handoffs=list(helpers), **fields)


@pytest.fixture
def run(proxy: ProxyProcess) -> Runs:
    return Runs(proxy.base)


@feature("text")
def test_text(run: Runs) -> None:
    assert run("hello", instructions="Be kind.").final_output == HELLO


@feature("text, streamed")
def test_text_streamed(run: Runs) -> None:
    result, types = run.streamed("hello")
    assert result.final_output == HELLO
    assert types.count("response.output_text.delta") > 1


@feature("tool loop")
def test_tool_loop(run: Runs, simulator: SimulatorThread) -> None:
    assert run("weather in Paris", tools=[WEATHER]).final_output == IN_PARIS
    check_thinking_kept(simulator)


@feature("tool loop, streamed")
def test_tool_loop_streamed(run: Runs, simulator: SimulatorThread) -> None:
    result, types = run.streamed("weather in Paris", tools=[WEATHER])
    assert result.final_output == IN_PARIS
    assert types.count("response.completed") == 2
    check_thinking_kept(simulator)


@feature("two calls in one reply")
def test_two_calls(run: Runs, simulator: SimulatorThread) -> None:
    result = run("both Paris and Rome", tools=[WEATHER])
    assert result.final_output == "[SIMULATOR] The last one: 29 degrees"
    outputs = [m["content"] for m in asked(simulator)[-1]["messages"] if m["role"] == "tool"]
    assert outputs == ["21 degrees", "29 degrees"]


@feature("one call at a time")
def test_one_call_at_a_time(run: Runs) -> None:
    settings = agents.ModelSettings(parallel_tool_calls=False)
    result = run("both Paris and Rome", tools=[WEATHER], model_settings=settings)
    first = result.raw_responses[0].output
    assert [item.type for item in first].count("function_call") == 1


@feature("choice of tools")
@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("required", {"type": "function", "function": {"name": "get_weather"}}),
        ("get_weather", {"type": "function", "function": {"name": "get_weather"}}),
        ("none", None),
    ],
)
def test_tool_choice(run: Runs, simulator: SimulatorThread, choice: str, said: object) -> None:
    settings = agents.ModelSettings(tool_choice=choice)
    run("weather in Paris" if said else "hello", tools=[WEATHER], model_settings=settings)
    assert asked(simulator)[0].get("tool_choice") == said


@feature("web search")
def test_web_search(run: Runs, simulator: SimulatorThread) -> None:
    first = run("search for the newest release", tools=[agents.WebSearchTool()])
    assert first.final_output.startswith("[SIMULATOR] It says: [1]")
    history = [*first.to_input_list(), {"role": "user", "content": "again"}]
    run(history, tools=[agents.WebSearchTool()])
    check_search_kept(simulator)


@feature("handoffs")
def test_handoffs(run: Runs, simulator: SimulatorThread) -> None:
    result = run("verse", handoffs=["Painter", "Poet"])
    assert (result.last_agent.name, result.final_output) == ("Poet", "[SIMULATOR] Roses are red.")
    names = [tool["function"]["name"] for tool in asked(simulator)[0]["tools"]]
    assert names == ["transfer_to_painter", "transfer_to_poet"]


@feature("structured output")
def test_output_type(run: Runs) -> None:
    assert run("event", output_type=Event).final_output == Event(**EVENT)


@feature("structured output, streamed")
def test_output_type_streamed(run: Runs) -> None:
    result, _ = run.streamed("event", output_type=Event)
    assert result.final_output == Event(**EVENT)


@feature("image")
def test_image(run: Runs, simulator: SimulatorThread) -> None:
    parts = [
        {"type": "input_text", "text": "picture"},
        {"type": "input_image", "image_url": PICTURE, "detail": "auto"},
    ]
    run([{"role": "user", "content": parts}], model=SEEING)
    assert [pictures(body) for body in asked(simulator)] == [[PICTURE]]


@feature("thinking, shown and passed back")
def test_thinking(run: Runs, simulator: SimulatorThread) -> None:
    first = run("weather in Paris", tools=[WEATHER])
    history = [*first.to_input_list(), {"role": "user", "content": "again"}]
    assert run(history, tools=[WEATHER]).final_output == "[SIMULATOR] As I said."
    speakers = [m for m in asked(simulator)[-1]["messages"] if m["role"] == "assistant"]
    thought = [m["reasoning_content"] for m in speakers]
    assert thought == ["I need the weather of Paris.", "The tool has told me."]


@feature("thinking, shown and passed back")
def test_session(run: Runs, simulator: SimulatorThread) -> None:
    session = agents.SQLiteSession("of the tests")
    run("hello", run={"session": session})
    run("again", run={"session": session})
    session.close()
    spoken = [m["content"] for m in asked(simulator)[-1]["messages"]]
    assert spoken == ["hello", HELLO, "again"]
    assert asked(simulator)[-1]["messages"][1]["reasoning_content"] == "A greeting. I greet back."


@feature("too few tokens")
def test_incomplete(run: Runs) -> None:
    with pytest.raises(ModelBehaviorError, match="max_output_tokens"):
        run.streamed("hello", model_settings=agents.ModelSettings(max_tokens=10))


@feature("usage")
def test_usage(run: Runs) -> None:
    usage = run("weather in Paris", tools=[WEATHER]).context_wrapper.usage
    assert usage.requests == 2
    assert usage.input_tokens + usage.output_tokens == usage.total_tokens
    assert usage.output_tokens_details.reasoning_tokens > 0


@feature("GLM fails")
def test_failure(run: Runs) -> None:
    with pytest.raises(openai.RateLimitError, match="Top up"):
        run(NO_BALANCE)


@feature("GLM fails, streamed")
def test_failure_streamed(run: Runs) -> None:
    with pytest.raises(ModelBehaviorError, match="Top up"):
        run.streamed(NO_BALANCE)


@feature("state is refused")
def test_state(run: Runs, simulator: SimulatorThread) -> None:
    with pytest.raises(openai.BadRequestError, match="send the whole input again"):
        run("hello", run={"previous_response_id": "resp_1"})
    assert simulator.received == []


@feature("nothing is stored, and that is said")
def test_chained(run: Runs, simulator: SimulatorThread) -> None:
    with pytest.raises(openai.BadRequestError, match="Nothing is stored"):
        run("weather in Paris", tools=[WEATHER], run={"auto_previous_response_id": True})
    assert len(asked(simulator)) == 1
