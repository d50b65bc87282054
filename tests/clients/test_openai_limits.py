"""The openai SDK for Python: what is listed, and what is refused, in words that help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openai
import pytest

from .support import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from codex_glm.simulator.thread import SimulatorThread

pytestmark = pytest.mark.client("openai, Python")
feature = pytest.mark.feature

TURN: Any = {"model": MODEL, "input": "hello"}


@feature("list of models")
def test_models(client: openai.OpenAI) -> None:
    listed = list(client.models.list())
    assert MODEL in [model.id for model in listed]
    assert client.models.retrieve(MODEL) in listed
    with pytest.raises(openai.NotFoundError, match="gpt-5") as raised:
        client.models.retrieve("gpt-5")
    assert (raised.value.code, raised.value.param) == ("model_not_found", "model")


@feature("the model that answered is named")
def test_model_name(client: openai.OpenAI) -> None:
    assert client.responses.create(model="gpt-5", input="hello").model == "glm-5.3"


@feature("state is refused")
@pytest.mark.parametrize(
    "state",
    [
        {"previous_response_id": "resp_1"},
        {"conversation": "conv_1"},
        {"prompt": {"id": "pmpt_1"}},
        {"background": True},
        {"input": [{"type": "item_reference", "id": "msg_1"}]},
    ],
    ids=lambda state: next(iter(state)),
)
def test_state(client: openai.OpenAI, simulator: SimulatorThread, state: dict[str, Any]) -> None:
    for more in ({}, {"stream": True}):
        with pytest.raises(openai.BadRequestError) as raised:
            client.responses.create(**{**TURN, **state, **more})
        assert raised.value.code == "unsupported_parameter"
        assert (raised.value.param or "").startswith(next(iter(state)))
        assert (
            "tored" in raised.value.message
            or "Ask for" in raised.value.message
            or ("send the text" in raised.value.message)
        )
    assert simulator.received == []


@feature("nothing is stored, and that is said")
def test_store(client: openai.OpenAI) -> None:
    response = client.responses.create(**TURN, store=True, truncation="auto")
    assert response.to_dict()["store"] is False
    assert response.truncation == "disabled"


ASK_FOR_STORED: list[Callable[[openai.OpenAI], object]] = [
    lambda client: client.responses.retrieve("resp_1"),
    lambda client: list(client.responses.retrieve("resp_1", stream=True)),
    lambda client: client.responses.delete("resp_1"),
    lambda client: client.responses.cancel("resp_1"),
    lambda client: list(client.responses.input_items.list("resp_1")),
]


@feature("nothing is stored, and that is said")
@pytest.mark.parametrize("ask", ASK_FOR_STORED)
def test_stored(
    client: openai.OpenAI, simulator: SimulatorThread, ask: Callable[[openai.OpenAI], object]
) -> None:
    with pytest.raises(openai.NotFoundError, match="nothing is stored"):
        ask(client)
    assert simulator.received == []


@feature("what there is not")
def test_unknown(client: openai.OpenAI, simulator: SimulatorThread) -> None:
    with pytest.raises(openai.NotFoundError, match="usage"):
        client.responses.input_tokens.count(model=MODEL, input="hello")
    with pytest.raises(openai.NotFoundError, match="Served are"):
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "a"}])
    with pytest.raises(openai.NotFoundError, match="Served are"):
        client.embeddings.create(model=MODEL, input="hello")
    assert simulator.received == []


@feature("what there is not")
@pytest.mark.parametrize(
    "wrong",
    [
        {"tool_choice": "sometimes"},
        {"text": {"format": {"type": "grammar"}}},
        {"metadata": "m"},
        {"input": []},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_wrong_parameters(client: openai.OpenAI, wrong: dict[str, Any]) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.responses.create(**{**TURN, **wrong})
    assert (raised.value.param or "").startswith(next(iter(wrong)))
