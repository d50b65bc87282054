"""The official SDK raises its own exception for each failure, and reads each that is streamed."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import openai
import pytest

from .fake_upstream import WHOLE, FakeUpstream, chunk, chunked, reply
from .support import KEY

if TYPE_CHECKING:
    from .conftest import StartProxy
    from .support import ProxyThread


def error(code: str, status: int) -> bytes:
    return reply(json.dumps({"error": {"code": code, "message": "m"}}).encode(), status)


PAGE = b"<html>oh</html>"
RESET = "Your limit will reset at 2026-11-23 06:28:10"
LIMIT = reply(json.dumps({"error": {"code": "1308", "message": RESET}}).encode(), 429)
FAILURES = [
    # GLM's answer, exception, status, code, type, code in a stream
    (error("1000", 401), openai.AuthenticationError, 401, "invalid_prompt", "authentication_error"),
    (error("1220", 403), openai.PermissionDeniedError, 403, "invalid_prompt", "permission_error"),
    (error("1211", 400), openai.NotFoundError, 404, "model_not_found", "invalid_request_error"),
    (error("1210", 400), openai.BadRequestError, 400, "invalid_prompt", "invalid_request_error"),
    (
        error("1261", 400),
        openai.BadRequestError,
        400,
        "context_length_exceeded",
        "invalid_request_error",
    ),
    (
        error("1301", 400),
        openai.BadRequestError,
        400,
        "content_policy_violation",
        "invalid_request_error",
    ),
    (reply(PAGE, 422), openai.BadRequestError, 400, "invalid_prompt", "invalid_request_error"),
    (error("1302", 429), openai.RateLimitError, 429, "rate_limit_exceeded", "rate_limit_error"),
    (error("1113", 429), openai.RateLimitError, 429, "invalid_prompt", "insufficient_quota"),
    (LIMIT, openai.RateLimitError, 429, "invalid_prompt", "insufficient_quota"),
    (error("1305", 429), openai.InternalServerError, 503, "server_is_overloaded", "server_error"),
    (error("1234", 500), openai.InternalServerError, 502, "server_error", "server_error"),
    (reply(PAGE, 504), openai.InternalServerError, 502, "server_error", "server_error"),
    (reply(PAGE, 200), openai.InternalServerError, 502, "server_error", "server_error"),
    (chunked(chunk("Hel")), openai.InternalServerError, 502, "server_error", "server_error"),
    (
        chunked(chunk("Hel"), chunk(finish="sensitive")),
        openai.BadRequestError,
        400,
        "content_policy_violation",
        "invalid_request_error",
    ),
]
IN_STREAM = {"model_not_found": "invalid_prompt", "content_policy_violation": "invalid_prompt"}
TURN: Any = {"model": "gpt-5", "input": "say hello"}

each_failure = pytest.mark.parametrize(
    ("answer", "exception", "status", "code", "kind"),
    FAILURES,
    ids=[f"{n}-{failure[1].__name__}" for n, failure in enumerate(FAILURES)],
)


def served(start_proxy: StartProxy, glm: FakeUpstream) -> ProxyThread:
    return start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY, glm_retries="0")


def client(proxy: ProxyThread) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{proxy.url}/v1", api_key="none", max_retries=0)


def async_client(proxy: ProxyThread) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{proxy.url}/v1", api_key="none", max_retries=0)


def check_raised(raised: Any, status: int, code: str, kind: str) -> None:
    assert (raised.status_code, raised.code, raised.type) == (status, code, kind)
    assert raised.message
    assert "<html" not in str(raised)
    assert raised.body["message"].startswith(("GLM", "The "))


@each_failure
def test_exceptions(
    start_proxy: StartProxy,
    answer: bytes,
    exception: type[openai.APIStatusError],
    status: int,
    code: str,
    kind: str,
) -> None:
    with FakeUpstream(answer) as glm:
        proxy = served(start_proxy, glm)
        with client(proxy) as sdk, pytest.raises(exception) as raised:
            sdk.responses.create(**TURN)
        assert type(raised.value) is exception
        check_raised(raised.value, status, code, kind)

        async def ask() -> None:
            async with async_client(proxy) as sdk:
                await sdk.responses.create(**TURN)

        with pytest.raises(exception) as raised:
            asyncio.run(ask())
        check_raised(raised.value, status, code, kind)


@each_failure
def test_streams(
    start_proxy: StartProxy,
    answer: bytes,
    exception: type[openai.APIStatusError],
    status: int,
    code: str,
    kind: str,
) -> None:
    with FakeUpstream(answer) as glm:
        proxy = served(start_proxy, glm)
        with client(proxy) as sdk:
            plain: list[Any] = list(sdk.responses.create(**TURN, stream=True))
            with sdk.responses.stream(**TURN) as helped:
                helper: list[Any] = list(helped)

        async def ask() -> list[Any]:
            async with async_client(proxy) as sdk:
                return [event async for event in await sdk.responses.create(**TURN, stream=True)]

        for told in (plain, helper, asyncio.run(ask())):
            assert told[-1].type == "response.failed"
            failed = told[-1].response
            assert failed.status == "failed"
            wanted = {"server_is_overloaded": "rate_limit_exceeded"}.get(code, code)
            assert failed.error.code == IN_STREAM.get(wanted, wanted)
            assert failed.error.message.startswith(("GLM", "The "))


def test_no_key(start_proxy: StartProxy) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = start_proxy(glm_api_base=glm.base_url)
        with client(proxy) as sdk, pytest.raises(openai.AuthenticationError, match="GLM_API_KEY"):
            sdk.responses.create(**TURN)


def test_a_request_of_the_clients_own_making(start_proxy: StartProxy) -> None:
    with FakeUpstream(WHOLE) as glm:
        with client(served(start_proxy, glm)) as sdk, pytest.raises(openai.BadRequestError) as bad:
            sdk.responses.create(model="gpt-5", input=[{"type": "nonsense"}])  # type: ignore[list-item,misc]
        assert glm.seen == []
    assert bad.value.param


def test_after_the_proxys_own_tries(start_proxy: StartProxy) -> None:
    with FakeUpstream(error("1302", 429)) as glm:
        proxy = start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY, glm_retries="2")
        with client(proxy) as sdk, pytest.raises(openai.RateLimitError, match="Tried 3 times"):
            sdk.responses.create(**TURN)


@pytest.mark.parametrize(
    ("answer", "own_tries", "asked"),
    [
        (LIMIT, "0", 1),
        (error("1113", 429), "0", 1),
        (error("1302", 429), "1", 2),
        (error("1302", 429), "0", 2),
        (error("1234", 500), "0", 2),
    ],
)
def test_the_sdk_tries_again_only_where_that_is_worth_while(
    start_proxy: StartProxy, answer: bytes, own_tries: str, asked: int
) -> None:
    with FakeUpstream(answer) as glm:
        proxy = start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY, glm_retries=own_tries)
        with client(proxy).with_options(max_retries=1) as sdk, pytest.raises(openai.APIStatusError):
            sdk.responses.create(**TURN)
        assert len(glm.seen) == asked
