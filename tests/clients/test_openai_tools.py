"""The openai SDK for Python: loops with tools, streamed and whole."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import openai
import pytest
from pydantic import BaseModel

from .support import (
    IN_PARIS,
    MODEL,
    asked,
    async_client,
    check_search_kept,
    check_thinking_kept,
    weather_in,
)

if TYPE_CHECKING:
    from codex_glm.simulator.thread import SimulatorThread

    from tests.e2e.proxy_process import ProxyProcess

pytestmark = pytest.mark.client("openai, Python")
feature = pytest.mark.feature

WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Tells the weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}


class GetWeather(BaseModel):
    city: str


def outputs(response: Any) -> list[Any]:
    """Run the calls of a response, and give what goes on to the next turn: all of it."""
    calls = [item for item in response.output if item.type == "function_call"]
    ran = [(call.call_id, weather_in(**json.loads(call.arguments))) for call in calls]
    results = [{"type": "function_call_output", "call_id": i, "output": out} for i, out in ran]
    return [*response.output, *results]


@feature("tool loop")
def test_tool_loop(client: openai.OpenAI, simulator: SimulatorThread) -> None:
    said: Any = [{"role": "user", "content": "weather in Paris"}]
    first = client.responses.create(model=MODEL, input=said, tools=[WEATHER])
    last = client.responses.create(model=MODEL, input=said + outputs(first), tools=[WEATHER])
    assert last.output_text == IN_PARIS
    check_thinking_kept(simulator)


@feature("tool loop, streamed")
def test_tool_loop_streamed(client: openai.OpenAI, simulator: SimulatorThread) -> None:
    said: Any = [{"role": "user", "content": "weather in Paris"}]
    tools: Any = [openai.pydantic_function_tool(GetWeather, name="get_weather")]
    with client.responses.stream(model=MODEL, input=said, tools=tools) as stream:
        first = stream.get_final_response()
    (call,) = [item for item in first.output if item.type == "function_call"]
    assert call.parsed_arguments == GetWeather(city="Paris")
    said += outputs(first)
    with client.responses.stream(model=MODEL, input=said, tools=tools) as stream:
        assert stream.get_final_response().output_text == IN_PARIS
    check_thinking_kept(simulator)


@feature("web search")
def test_web_search(client: openai.OpenAI, simulator: SimulatorThread) -> None:
    said: Any = [{"role": "user", "content": "search for the newest release"}]
    tools: Any = [{"type": "web_search"}]
    with client.responses.stream(model=MODEL, input=said, tools=tools) as stream:
        first = stream.get_final_response()
    kinds = [item.type for item in first.output]
    assert kinds == ["reasoning", "web_search_call", "reasoning", "message"]
    said += [*first.output, {"role": "user", "content": "again"}]
    client.responses.create(model=MODEL, input=said, tools=tools)
    check_search_kept(simulator)


@feature("two calls in one reply")
def test_two_calls_async(proxy: ProxyProcess) -> None:
    async def ask() -> str:
        said: Any = [{"role": "user", "content": "both Paris and Rome"}]
        async with async_client(proxy.base) as client:
            while True:
                turn = await client.responses.create(model=MODEL, input=said, tools=[WEATHER])
                said += outputs(turn)
                if turn.output[-1].type == "message":
                    return turn.output_text

    assert asyncio.run(ask()) == "[SIMULATOR] The last one: 29 degrees"


@feature("one call at a time")
def test_one_call_at_a_time(client: openai.OpenAI) -> None:
    turn: Any = {"model": MODEL, "input": "both Paris and Rome", "tools": [WEATHER]}
    response = client.responses.create(**turn, parallel_tool_calls=False)
    calls = [item for item in response.output if item.type == "function_call"]
    assert [call.arguments for call in calls] == ['{"city":"Paris"}']
    assert response.parallel_tool_calls is False


NAMED: Any = {"type": "function", "name": "get_weather"}
ALLOWED: Any = {"type": "allowed_tools", "mode": "auto", "tools": [NAMED]}
OTHER: Any = {**WEATHER, "name": "other"}


@feature("choice of tools")
@pytest.mark.parametrize(
    ("choice", "declared", "said"),
    [
        ("auto", ["get_weather", "other"], "auto"),
        ("none", None, None),
        ("required", ["get_weather", "other"], "auto"),
        (
            NAMED,
            ["get_weather", "other"],
            {"type": "function", "function": {"name": "get_weather"}},
        ),
        (ALLOWED, ["get_weather"], "auto"),
    ],
)
def test_tool_choice(
    client: openai.OpenAI,
    simulator: SimulatorThread,
    choice: Any,
    declared: list[str] | None,
    said: object,
) -> None:
    tools = [WEATHER, OTHER]
    client.responses.create(model=MODEL, input="hello", tools=tools, tool_choice=choice)
    (body,) = asked(simulator)
    names = [tool["function"]["name"] for tool in body["tools"]] if "tools" in body else None
    assert (names, body.get("tool_choice")) == (declared, said)
