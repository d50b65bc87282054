"""One good and one bad request for every rule."""

from typing import Any

import pytest
from codex_glm.simulator.judge import judge
from hypothesis import given
from hypothesis import strategies as st

from .judge_cases import BAD, GOOD, schema
from .samples import KEY, body, called, output, user

RESPONSES_KEYS = [
    "input",
    "instructions",
    "include",
    "store",
    "client_metadata",
    "prompt_cache_key",
    "previous_response_id",
    "parallel_tool_calls",
    "reasoning",
    "text",
    "truncation",
    "metadata",
    "service_tier",
    "max_output_tokens",
    "max_completion_tokens",
    "n",
    "user",
    "seed",
    "logprobs",
]


@pytest.mark.parametrize("request_body", GOOD.values(), ids=GOOD)
def test_good_request_passes(request_body: dict[str, Any]) -> None:
    assert judge(KEY, request_body).violations == ()


@pytest.mark.parametrize(("request_body", "code", "status"), BAD.values(), ids=BAD)
def test_bad_request_is_refused(request_body: dict[str, Any], code: str, status: int) -> None:
    found = judge(KEY, request_body).violations
    # Exactly one: the case stands for one rule and falls with it.
    assert [(one.code, one.status, one.refuses) for one in found] == [(code, status, True)]
    assert found[0].message


@pytest.mark.parametrize("key", RESPONSES_KEYS)
def test_unknown_field_is_refused(key: str) -> None:
    refusal = judge(KEY, body(**{key: None})).refusal
    assert refusal is not None
    assert (refusal.code, refusal.message) == ("1210", f"Unknown parameter: {key}")


def test_documented_sentences() -> None:
    roles = judge(KEY, body({"role": "developer", "content": "a"}, user("b")))
    assert [found.message for found in roles.violations] == ["Incorrect role information"]
    thinking = judge(KEY, body(thinking={"type": "disabled"})).refusal
    assert thinking is not None
    assert thinking.message == (
        "This model always engages in thinking and cannot be disabled; please use low, high, or max"
    )
    model = judge(KEY, body(model="x")).refusal
    assert model is not None
    assert model.message == "Unknown Model, please check the model code."


@pytest.mark.parametrize(
    ("authorization", "code"), [("", "1001"), ("id.secret", "1002"), ("Bearer ", "1002")]
)
def test_key_is_checked_before_the_body(authorization: str, code: str) -> None:
    refusal = judge({"authorization": authorization}, None).refusal
    assert refusal is not None
    assert (refusal.code, refusal.status) == (code, 401)
    missing = judge({}, body()).refusal
    assert missing is not None
    assert missing.code == "1001"


@pytest.mark.parametrize(
    "name",
    [
        "ChatGPT-Account-ID",
        "OpenAI-Beta",
        "x-openai-subagent",
        "x-codex-window-id",
        "session-id",
        "session_id",
        "thread-id",
        "originator",
        "x-client-request-id",
        "cookie",
        "x-api-key",
    ],
)
def test_header_of_a_client_is_noticed_not_refused(name: str) -> None:
    verdict = judge({**KEY, name: "v"}, body())
    assert [name.lower() in found.message for found in verdict.violations] == [True]
    assert verdict.refusal is None


def test_ordinary_headers_pass() -> None:
    headers = {**KEY, "User-Agent": "codex_exec/1", "Accept": "text/event-stream", "Host": "h"}
    assert judge(headers, body()).violations == ()


def test_foreign_key_is_noticed() -> None:
    verdict = judge({"Authorization": "Bearer sk-abc"}, body())
    assert len(verdict.violations) == 1
    assert verdict.refusal is None


def test_null_content_of_an_assistant_is_noticed() -> None:
    verdict = judge(KEY, body(user("a"), {**called("c1"), "content": None}, output("c1")))
    assert len(verdict.violations) == 1
    assert verdict.refusal is None


def test_every_violation_is_listed() -> None:
    verdict = judge(KEY, body(store=False, include=[], temperature=2))
    assert [found.code for found in verdict.violations] == ["1210", "1210", "1214"]


def test_only_schemas_empty_a_stream() -> None:
    spoilt = judge(KEY, body(tools=schema(anyOf=[]))).refusal
    assert spoilt is not None
    assert spoilt.empties_stream
    plain = judge(KEY, body(temperature=2)).refusal
    assert plain is not None
    assert not plain.empties_stream


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda child: st.lists(child, max_size=3) | st.dictionaries(st.text(max_size=5), child),
    max_leaves=8,
)
FIELDS = [
    "model",
    "messages",
    "tools",
    "tool_choice",
    "thinking",
    "stop",
    "stream_options",
    "response_format",
    "temperature",
    "max_tokens",
    "reasoning_effort",
    "request_id",
    "tool_stream",
]


@given(st.dictionaries(st.sampled_from(FIELDS), JSON) | JSON)
def test_judge_never_fails(request_body: object) -> None:
    judge(KEY, request_body)


@given(
    st.fixed_dictionaries(
        {"role": JSON | st.sampled_from(["user", "assistant", "tool", "system"])},
        optional=dict.fromkeys(("content", "tool_calls", "tool_call_id"), JSON),
    ),
    st.fixed_dictionaries({"type": st.just("function") | JSON, "function": JSON}),
    JSON,
)
def test_judge_never_fails_on_odd_parts(message: Any, declared: Any, choice: Any) -> None:
    judge(KEY, body(message, user([declared]), tools=[declared], tool_choice=choice))
