"""The openai SDK for Python: turns, streamed and whole."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import openai
import pytest
from pydantic import BaseModel

from tests.translation.open_responses import lacks, lacks_of

from .support import (
    EVENT,
    HELLO,
    MODEL,
    NO_BALANCE,
    PICTURE,
    SEEING,
    asked,
    async_client,
    pictures,
)

if TYPE_CHECKING:
    from codex_glm.simulator.thread import SimulatorThread

    from tests.e2e.proxy_process import ProxyProcess

pytestmark = pytest.mark.client("openai, Python")
feature = pytest.mark.feature

HELLO_TURN: Any = {"model": MODEL, "input": "hello"}


class Event(BaseModel):
    name: str
    date: str
    participants: list[str]


@feature("text")
def test_text(client: openai.OpenAI) -> None:
    response = client.responses.create(**HELLO_TURN, instructions="Be kind.", metadata={"a": "b"})
    assert (response.output_text, response.status) == (HELLO, "completed")
    assert (response.instructions, response.metadata) == ("Be kind.", {"a": "b"})
    assert response.completed_at
    raw = client.responses.with_raw_response.create(**HELLO_TURN)
    assert lacks_of("Response", json.loads(raw.text)) == []


@feature("text, streamed")
def test_text_streamed(client: openai.OpenAI) -> None:
    events = list(client.responses.create(**HELLO_TURN, stream=True))
    with client.responses.with_streaming_response.create(**HELLO_TURN, stream=True) as raw:
        *told, end = [line[6:] for line in raw.iter_lines() if line.startswith("data: ")]
    assert [lacks(json.loads(data)) for data in told] == [[]] * len(events)
    assert end == "[DONE]"
    with client.responses.stream(**HELLO_TURN) as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
    assert "".join(deltas) == stream.get_final_response().output_text == HELLO


@feature("text")
def test_text_async(proxy: ProxyProcess) -> None:
    async def ask() -> tuple[str, str]:
        async with async_client(proxy.base) as client:
            whole = await client.responses.create(**HELLO_TURN)
            async with client.responses.stream(**HELLO_TURN) as stream:
                return whole.output_text, (await stream.get_final_response()).output_text

    assert asyncio.run(ask()) == (HELLO, HELLO)


@feature("structured output")
def test_parse(client: openai.OpenAI, simulator: SimulatorThread) -> None:
    response = client.responses.parse(model=MODEL, input="event", text_format=Event)
    assert response.output_parsed == Event(**EVENT)
    (body,) = asked(simulator)
    assert body["response_format"] == {"type": "json_object"}
    assert "participants" in body["messages"][-1]["content"]


@feature("structured output, streamed")
def test_parse_streamed(client: openai.OpenAI) -> None:
    with client.responses.stream(model=MODEL, input="event", text_format=Event) as stream:
        assert stream.get_final_response().output_parsed == Event(**EVENT)


@feature("structured output")
def test_json_object(client: openai.OpenAI) -> None:
    text: Any = {"format": {"type": "json_object"}}
    response = client.responses.create(model=MODEL, input="event, as JSON", text=text)
    assert json.loads(response.output_text) == EVENT


@feature("image")
def test_image(client: openai.OpenAI, simulator: SimulatorThread) -> None:
    parts = [
        {"type": "input_text", "text": "picture"},
        {"type": "input_image", "image_url": PICTURE, "detail": "auto"},
    ]
    said: Any = [{"role": "user", "content": parts}]
    client.responses.create(model=SEEING, input=said)
    assert [pictures(body) for body in asked(simulator)] == [[PICTURE]]


@feature("thinking, shown and passed back")
def test_thinking(client: openai.OpenAI, simulator: SimulatorThread) -> None:
    said: Any = [{"role": "user", "content": "hello"}]
    first = client.responses.create(
        model=MODEL, input=said, include=["reasoning.encrypted_content"]
    )
    thought = first.output[0]
    assert thought.type == "reasoning"
    assert thought.summary[0].text == "A greeting. I greet back."
    said += [item.to_dict() for item in first.output]
    said += [{"role": "user", "content": "again"}]
    client.responses.create(model=MODEL, input=said, reasoning={"effort": "low"})
    last = asked(simulator)[-1]
    assert last["messages"][1]["reasoning_content"] == thought.summary[0].text
    assert last["reasoning_effort"] == "low"


@feature("too few tokens")
def test_incomplete(client: openai.OpenAI) -> None:
    response = client.responses.create(**HELLO_TURN, max_output_tokens=10)
    assert response.status == "incomplete"
    assert response.incomplete_details
    assert response.incomplete_details.reason == "max_output_tokens"
    assert response.output[-1].to_dict()["status"] == "incomplete"
    events = list(client.responses.create(model=MODEL, input="simulate length", stream=True))
    assert events[-1].type == "response.incomplete"


@feature("usage")
def test_usage(client: openai.OpenAI) -> None:
    usage = client.responses.create(**HELLO_TURN).usage
    assert usage
    assert usage.input_tokens + usage.output_tokens == usage.total_tokens
    assert 0 < usage.output_tokens_details.reasoning_tokens < usage.output_tokens
    assert usage.input_tokens_details.cached_tokens >= 0


@feature("GLM fails")
def test_failure(client: openai.OpenAI) -> None:
    with pytest.raises(openai.RateLimitError, match="Top up") as raised:
        client.responses.create(model=MODEL, input=NO_BALANCE)
    assert raised.value.type == "insufficient_quota"


@feature("GLM fails, streamed")
@pytest.mark.parametrize("prompt", [NO_BALANCE, "simulate sensitive"])
def test_failure_streamed(client: openai.OpenAI, prompt: str) -> None:
    *_, last = client.responses.create(model=MODEL, input=prompt, stream=True)
    assert last.type == "response.failed"
    assert last.response.error
    with client.responses.stream(model=MODEL, input=prompt) as stream:
        assert list(stream)[-1].type == "response.failed"
