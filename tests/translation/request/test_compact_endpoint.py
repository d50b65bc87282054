from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from codex_glm.translation.compaction import REQUEST
from codex_glm.translation.errors import RequestError
from codex_glm.translation.reply.translate import ReplyTranslator
from codex_glm.translation.request.compact_endpoint import client_response, translate_compaction
from codex_glm.translation.request.translate import translate_request

from ..support import SETTINGS, TOOLS, USAGE, delta, rules, sse

if TYPE_CHECKING:
    from codex_glm.translation.request.context import TranslatedRequest
    from codex_glm.translation.wire.wire_json import JsonObject


def said(role: str, text: str, **fields: object) -> JsonObject:
    return {
        "type": "message",
        "role": role,
        "content": [{"type": "input_text", "text": text}],
        **fields,
    }


CALL = {"type": "function_call", "call_id": "c", "name": "shell", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c", "output": "o"}
WORK = [
    said("developer", "rules"),
    said("user", "<environment_context>here</environment_context>"),
    {"role": "user", "content": "do it", "id": "msg_own"},
    said("assistant", "I did."),
    CALL,
    OUTPUT,
    said("user", "and this"),
]


def translated(*items: object, **fields: object) -> TranslatedRequest:
    body = {"model": "gpt-5", "input": list(items), "tools": TOOLS, "instructions": "Be good."}
    return translate_compaction({**body, **fields}, SETTINGS, {})


def compacted(request: TranslatedRequest, *frames: object) -> tuple[JsonObject, str]:
    """Give what the client gets, and the rule of the failure if there was one."""
    translator = ReplyTranslator(request.context, "resp_1", 1_700_000_000)
    translator.receive_data(sse(*frames))
    translator.receive_eof()
    failure = translator.stream.failure
    return translator.answer(), failure.rule if failure else ""


def messages(request: TranslatedRequest) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = request.chat_body["messages"]  # type: ignore[assignment]
    return found


def test_glm_is_asked_for_a_summary() -> None:
    request = translated(*WORK, stream=True, parallel_tool_calls=True)
    assert "tools" not in request.chat_body
    assert messages(request)[0] == {"role": "system", "content": "Be good.\n\nrules"}
    assert messages(request)[-1] == {"role": "user", "content": REQUEST}
    assert request.context.stream is False
    assert rules(request.context)[-1] != "unknown-parameter"


def test_it_is_the_turn_that_ends_in_a_trigger() -> None:
    turn = {"model": "gpt-5", "input": [*WORK, {"type": "compaction_trigger"}], "tools": TOOLS}
    asked = translate_request({**turn, "instructions": "Be good."}, SETTINGS)
    assert translated(*WORK).chat_body == asked.chat_body


def test_the_answer_is_a_compaction() -> None:
    frames = [
        delta(reasoning_content="Hm."),
        delta(content="They did"),
        delta("stop", content=" it."),
    ]
    answer, failure = compacted(translated(*WORK), *frames, USAGE)
    assert failure == ""
    assert {**answer, "output": None} == {
        "id": "resp_1",
        "object": "response.compaction",
        "created_at": 1_700_000_000,
        "output": None,
        "usage": {
            "input_tokens": 7,
            "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 3},
            "total_tokens": 12,
        },
    }
    output: Any = answer["output"]
    assert [item["type"] for item in output] == [*["message"] * 4, "compaction"]
    assert [item["content"][0]["text"] for item in output[:4]] == [
        "rules",
        "<environment_context>here</environment_context>",
        "do it",
        "and this",
    ]
    assert [item["role"] for item in output[:4]] == ["developer", "user", "user", "user"]
    assert [item["id"] for item in output] == [
        "msg_1k0",
        "msg_1k1",
        "msg_own",
        "msg_1k3",
        "cmp_100",
    ]


def test_the_answer_serves_as_the_next_input() -> None:
    answer, _ = compacted(translated(*WORK), delta("stop", content="They did it."))
    output: Any = answer["output"]
    assert "usage" not in answer
    again = translate_request({"model": "gpt-5", "input": output}, SETTINGS)
    assert [message["role"] for message in messages(again)] == ["system", *["user"] * 4]
    assert messages(again)[-1]["content"].endswith("They did it.")
    older = [*output[:-1], {**output[-1], "type": "compaction_summary"}]
    assert translate_request({"model": "gpt-5", "input": older}, SETTINGS).chat_body == (
        again.chat_body
    )


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("codex_exec/0.9.0 (Linux)", "compaction_summary"),
        ("codex_cli_rs/0.63.0 (Linux)", "compaction_summary"),
        ("codex-tui/0.64.0", "compaction_summary"),
        ("codex_exec/0.65.0 (Linux)", "compaction"),
        ("codex_exec/0.146.0 (Linux)", "compaction"),
        ("OpenAI/Python 2.0.0", "compaction"),
        ("", "compaction"),
    ],
)
def test_the_summary_has_the_name_that_the_client_knows(agent: str, name: str) -> None:
    body: JsonObject = {"model": "gpt-5", "input": [*WORK]}
    request = translate_compaction(body, SETTINGS, {"user-agent": agent})
    answer, _ = compacted(request, delta("stop", content="They did it."))
    output: Any = answer["output"]
    assert output[-1]["type"] == name
    assert ("compaction-type" in rules(request.context)) == (name != "compaction")


def test_half_a_summary_is_a_failure() -> None:
    _, failure = compacted(translated(*WORK), delta("length", content="They"))
    assert failure == "half_summary"


@pytest.mark.parametrize(
    ("lengths", "kept", "told"),
    [
        ([10, 10], [0, 1], False),
        ([50_000, 20_000, 50_000], [1, 2], True),
        ([10, 50_000, 50_000], [2], True),
        ([10, 90_000], [1], True),
        ([90_000, 10], [1], True),
        ([90_000], [0], False),
        ([], [], False),
    ],
)
def test_the_last_words_of_the_user_are_kept(
    lengths: list[int], kept: list[int], told: bool
) -> None:
    own = [said("developer", "d" * 90_000), said("user", f"# AGENTS.md instructions{'a' * 90_000}")]
    words = [said("user", str(place) + "u" * length) for place, length in enumerate(lengths)]
    request = translated(*own, *words)
    assert request.context.kept == (*own, *(words[place] for place in kept))
    assert (
        "compaction" in [e.rule for e in request.context.receipt.entries if e.kind == "dropped"]
    ) is told


def test_images_are_no_words() -> None:
    image = {"type": "input_image", "image_url": f"data:image/png;base64,{'A' * 150_000}"}
    text = {"type": "input_text", "text": "see"}
    words = [said("user", "never touch prod"), {"role": "user", "content": [text, image]}]
    assert translated(*words, said("user", "go on")).context.kept == (*words, said("user", "go on"))


def test_a_text_for_input() -> None:
    request = translated(input="do it")
    answer = client_response(request.context, {"id": "resp_1", "created_at": 1, "output": []})
    assert answer["output"] == [{**said("user", "do it"), "id": "msg_1k0", "status": "completed"}]


def test_other_responses_stay() -> None:
    context = translate_request({"model": "gpt-5", "input": "hi"}, SETTINGS).context
    response: JsonObject = {"id": "resp_1"}
    assert client_response(context, response) is response


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": []}, "input"),
        ({"input": ""}, "input"),
        ({"input": None}, "input"),
        ({"input": {"role": "user"}}, "input"),
        ({"input": [7]}, "input[0]"),
        ({"input": [{"type": "message", "role": "user", "content": 7}]}, "input[0].content"),
        ({"model": None}, "model"),
        ({"previous_response_id": "resp_0"}, "previous_response_id"),
    ],
)
def test_refused(fields: JsonObject, param: str) -> None:
    with pytest.raises(RequestError) as caught:
        translated(**{"input": WORK, **fields})
    assert caught.value.failure.param == param


def test_a_message_without_content() -> None:
    contents: tuple[object, ...] = (None, 7, "", [])
    for content in contents:
        request = translated({"role": "user", "content": "hi"}, {"role": "developer"})
        assert messages(request)
        with pytest.raises(RequestError) if content == 7 else nullcontext():
            translated({"role": "user", "content": "hi"}, {"role": "user", "content": content})
