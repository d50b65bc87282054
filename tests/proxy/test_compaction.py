"""The endpoint for compaction, asked by the openai SDK and answered by raw bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import openai
import pytest
from codex_glm.translation.compaction import REQUEST

from .fake_upstream import CUT, WHOLE, FakeUpstream, chunk, chunked, error
from .support import KEY, codex_request

if TYPE_CHECKING:
    from .conftest import StartProxy
    from .support import ProxyThread

WORK: Any = [
    {"role": "user", "content": "do it"},
    {"role": "assistant", "content": "I did."},
    {"role": "user", "content": "and this"},
]
HALF = chunked(chunk("They"), chunk(finish="length"), b"data: [DONE]\n\n")


def client(proxy: ProxyThread) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{proxy.url}/v1", api_key="none", max_retries=0)


def test_the_sdk_compacts_and_goes_on(proxy: ProxyThread, glm: FakeUpstream) -> None:
    with client(proxy) as sdk:
        compacted = sdk.responses.compact(model="gpt-5", input=WORK, instructions="Be good.")
        assert compacted.object == "response.compaction"
        assert [item.type for item in compacted.output] == ["message", "message", "compaction"]
        output: Any = [item.model_dump(exclude_unset=True) for item in compacted.output]
        sdk.responses.create(model="gpt-5", input=[*output, {"role": "user", "content": "go on"}])
    first, second = (json.loads(seen.body)["messages"] for seen in glm.seen)
    assert first[0] == {"role": "system", "content": "Be good."}
    assert first[-1]["content"] == REQUEST
    assert [message["content"] for message in second][:2] == ["do it", "and this"]
    assert second[2]["content"].endswith("Hello.")
    assert second[3]["content"] == "go on"


def test_a_recorded_request(proxy: ProxyThread, glm: FakeUpstream) -> None:
    with proxy.client() as http:
        body = codex_request("compaction-endpoint-request")
        response = http.post("/v1/responses/compact?a=b", json=body)
    answer = response.json()
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert [item.get("role") for item in answer["output"]] == ["developer", "user", "user", None]
    assert answer["id"].startswith("resp_")
    assert json.loads(proxy.flow().response.content or b"") == answer  # type: ignore[union-attr]
    assert "tools" not in json.loads(glm.seen[0].body)
    receipt: Any = proxy.flow().metadata["glm"]["receipt"]
    assert "compaction" in {entry["rule"] for entry in receipt}


@pytest.mark.parametrize(
    ("answer", "exception", "code"),
    [
        (error("1000", 401), openai.AuthenticationError, "invalid_prompt"),
        (error("1261", 400), openai.BadRequestError, "context_length_exceeded"),
        (error("1302", 429), openai.RateLimitError, "rate_limit_exceeded"),
        (HALF, openai.InternalServerError, "server_error"),
        (chunked(chunk("They"), ended=False), openai.InternalServerError, "server_error"),
    ],
)
def test_errors(
    start_proxy: StartProxy, answer: bytes, exception: type[openai.APIStatusError], code: str
) -> None:
    with FakeUpstream(answer, end=CUT) as glm:
        proxy = start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY, glm_retries="0")
        with client(proxy) as sdk, pytest.raises(exception) as caught:
            sdk.responses.compact(model="gpt-5", input=WORK)
    assert caught.value.code == code


def test_what_is_wrong_with_the_request(proxy: ProxyThread, glm: FakeUpstream) -> None:
    with client(proxy) as sdk, pytest.raises(openai.BadRequestError) as caught:
        sdk.responses.compact(model="gpt-5", previous_response_id="resp_1", input=WORK)
    assert (caught.value.param, glm.seen) == ("previous_response_id", [])


def test_a_cut_is_tried_again(start_proxy: StartProxy) -> None:
    with FakeUpstream(chunked(ended=False), WHOLE, end=CUT) as glm:
        proxy = start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY)
        with client(proxy) as sdk:
            compacted = sdk.responses.compact(model="gpt-5", input=WORK)
        assert (compacted.output[-1].type, len(glm.seen)) == ("compaction", 2)
