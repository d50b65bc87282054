"""The shapes of chunks and completions."""

from typing import Any

import pytest
from codex_glm.simulator.habits import suit_request
from codex_glm.simulator.models import known_models
from codex_glm.simulator.reply import Call, Reply
from codex_glm.simulator.stream import (
    CREATED,
    Envelope,
    completion,
    encode_chunk,
    split_tokens,
    stream_chunks,
)
from codex_glm.simulator.tokens import PromptCache, count_tokens
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk

SEED = "0123456789abcdef" * 4
ENVELOPE = Envelope(SEED, "glm-5.3", prompt_tokens=100, cached_tokens=64)
FRAGMENTS = Envelope(SEED, "glm-5.3", prompt_tokens=100, cached_tokens=64, tool_stream=True)
CALLS = (Call("ls", '{"path":"."}'), Call("cat", '{"file":"a b"}'))
REPLY = Reply("s", thinking="I look.", text="Look ing.", calls=CALLS, finish="tool_calls")


def deltas(reply: Reply, envelope: Envelope) -> list[dict[str, Any]]:
    chunks = stream_chunks(reply, envelope)
    return [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]


@given(st.text())
def test_tokens_join_to_the_text(text: str) -> None:
    assert "".join(split_tokens(text)) == text


def test_tokens_are_small() -> None:
    assert split_tokens("Run `cargo test`\n.") == ["Run", " `", "cargo", " test", "`", "\n", "."]


@pytest.mark.parametrize("envelope", [ENVELOPE, FRAGMENTS])
def test_every_chunk_is_a_chunk_to_the_openai_sdk(envelope: Envelope) -> None:
    for chunk in stream_chunks(REPLY, envelope):
        # GLM leaves finish_reason out before the last chunk; the SDK's model wants the key.
        choices = [{"finish_reason": None, **choice} for choice in chunk["choices"]]
        ChatCompletionChunk.model_validate({**chunk, "choices": choices}, strict=True)


def test_order_and_roles() -> None:
    seen = deltas(REPLY, ENVELOPE)
    assert [sorted(delta) for delta in seen] == (
        [["reasoning_content", "role"]] * 3
        + [["content", "role"]] * 3
        + [["tool_calls"]] * 2
        + [["content", "role"]]
    )
    assert "".join(delta.get("reasoning_content", "") for delta in seen) == REPLY.thinking
    assert "".join(delta.get("content", "") for delta in seen) == REPLY.text


def test_envelope_is_the_same_on_every_chunk() -> None:
    chunks = list(stream_chunks(REPLY, ENVELOPE))
    assert {
        (chunk["id"], chunk["created"], chunk["object"], chunk["model"]) for chunk in chunks
    } == {("202611222015010123456789abcdef", CREATED, "chat.completion.chunk", "glm-5.3")}
    assert ["finish_reason" in chunk["choices"][0] for chunk in chunks] == [False] * 8 + [True]
    assert ["usage" in chunk for chunk in chunks] == [False] * 8 + [True]


def test_whole_calls() -> None:
    entries = [delta["tool_calls"] for delta in deltas(REPLY, ENVELOPE) if "tool_calls" in delta]
    assert entries[0] == [
        {
            "id": "call_0123456789abcdef01234567",
            "index": 0,
            "type": "function",
            "function": {"name": "ls", "arguments": '{"path":"."}'},
        }
    ]
    assert [entry[0]["index"] for entry in entries] == [0, 1]
    assert entries[1][0]["id"] == "call_0123456789abcdef01234568"


def test_fragments_of_calls() -> None:
    entries = [
        delta["tool_calls"][0] for delta in deltas(REPLY, FRAGMENTS) if "tool_calls" in delta
    ]
    firsts = [entry for entry in entries if "id" in entry]
    assert [entry["function"] for entry in firsts] == [
        {"name": "ls", "arguments": ""},
        {"name": "cat", "arguments": ""},
    ]
    assert all(set(entry) == {"index", "function"} for entry in entries if entry not in firsts)
    for index, call in enumerate(CALLS):
        pieces = [one["function"]["arguments"] for one in entries if one["index"] == index]
        assert len(pieces) > 3
        assert "".join(pieces) == call.arguments


def test_usage_on_the_finish_chunk() -> None:
    *_, last = stream_chunks(REPLY, ENVELOPE)
    assert last["choices"][0]["finish_reason"] == "tool_calls"
    assert last["usage"] == {
        "prompt_tokens": 100,
        "completion_tokens": 2 + 3 + 4 + 5,
        "total_tokens": 114,
        "prompt_tokens_details": {"cached_tokens": 64},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }


def test_usage_separate_or_none() -> None:
    *_, finish, last = stream_chunks(Reply("s", text="a", usage="separate"), ENVELOPE)
    assert ("usage" in finish, last["choices"], last["usage"]["prompt_tokens"]) == (False, [], 100)
    *_, last = stream_chunks(Reply("s", text="a", usage="none"), ENVELOPE)
    assert (last["choices"][0]["finish_reason"], "usage" in last) == ("stop", False)


def test_chunk_is_one_event() -> None:
    assert encode_chunk({"a": "é\n"}) == 'data: {"a":"é\\n"}\n\n'.encode()


def test_completion() -> None:
    body = completion(REPLY, ENVELOPE)
    ChatCompletion.model_validate(body)
    message = body["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == (REPLY.text, REPLY.thinking)
    ids = [int(call["id"].removeprefix("call_")) for call in message["tool_calls"]]
    assert ids[1] == ids[0] + 1
    assert -(2**63) < ids[0] < 0
    assert body["request_id"] == body["id"]
    assert "tool_calls" not in completion(Reply("s", text="a"), ENVELOPE)["choices"][0]["message"]


@pytest.mark.parametrize(
    ("model", "request_body", "thinking", "text"),
    [
        ("glm-5.3", {}, "I look.", "Look ing."),
        ("glm-4.7", {"thinking": {"type": "disabled"}}, "", "Look ing."),
        ("glm-4-32b-0414-128k", {}, "", "Look ing."),
        ("glm-4.6", {}, "\nI look.", "\nLook ing."),
    ],
)
def test_habits(model: str, request_body: dict[str, Any], thinking: str, text: str) -> None:
    suited = suit_request(REPLY, request_body, known_models()[model])
    assert (suited.thinking, suited.text, suited.calls) == (thinking, text, CALLS)


def test_max_tokens_cut_the_reply() -> None:
    suited = suit_request(REPLY, {"max_tokens": 3}, known_models()["glm-5.3"])
    assert (suited.thinking, suited.text) == ("I look.", "Look ")
    assert (suited.calls, suited.finish) == ((), "length")


def test_cache_finds_the_longest_known_prefix() -> None:
    cache, start = PromptCache(), "".join(chr(97 + n % 26) for n in range(256))
    assert cache.admit("me", start) == 0
    assert cache.admit("me", start + "x" * 500) == 64
    assert cache.admit("me", start[:128] + "y" * 500) == 32
    assert cache.admit("me", "z" + start) == 0
    assert cache.admit("you", start) == 0


def test_cache_forgets() -> None:
    cache = PromptCache(most_blocks=2)
    cache.admit("me", "a" * 128)
    cache.admit("me", "b" * 256)
    assert cache.admit("me", "a" * 128) == 0


def test_token_count_rounds_up() -> None:
    assert [count_tokens(text) for text in ("", "a", "abcd", "abcde")] == [0, 1, 1, 2]
