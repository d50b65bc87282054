from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.recording import record_request, record_stream
from codex_glm.translation.redaction import Private, Redactor
from codex_glm.translation.request.translate import translate_request
from hypothesis import given
from hypothesis import strategies as st

from .support import CODEX, GLM, SETTINGS, call, delta, events_of, replay, request, sse
from .test_redaction import GLM_KEY, HERE, UUID, planted_texts

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

HEADERS = {
    "User-Agent": "codex_exec/0.163.0 (Debian 12.0.0; x86_64) xterm (codex_exec; 0.163.0)",
    "Authorization": f"Bearer {GLM_KEY}",
    "Host": "laptop7:18765",
    "Content-Length": "77",
    "x-codex-turn-metadata": json.dumps({"session_id": UUID, "workspaces": {"/home/jo/x": {}}}),
    "thread-id": UUID,
    "x-new-of-jo@x.example": "something new",
    "x-openai-subagent": "review",
}


def recorded(body: JsonObject, **options: int) -> JsonObject:
    lower = {name.lower(): value for name, value in HEADERS.items()}
    redactor = Redactor(HERE, **options)
    return record_request("0001-turn", "a turn", "/v1/responses?x=1", lower, body, redactor)


def test_a_request_has_the_shape_of_a_fixture() -> None:
    body = request(prompt_cache_key=UUID, input="I am jo")
    fixture = recorded(body)
    kept = json.loads((CODEX / "review.json").read_text("utf-8"))
    assert list(fixture) == list(kept)
    assert (fixture["codex_version"], fixture["path"]) == ("0.163.0", "/v1/responses")
    same = "00000000-0000-4000-8000-000000000001"
    assert fixture["headers"] == {
        "user-agent": HEADERS["User-Agent"],
        "authorization": "Bearer [key]",
        "host": "127.0.0.1:8080",
        "x-codex-turn-metadata": f'{{"session_id":"{same}","workspaces":{{"/home/user/x":{{}}}}}}',
        "thread-id": same,
        "person1@example.com": "[13 chars]",
        "x-openai-subagent": "review",
    }
    assert fixture["body"] == {**body, "prompt_cache_key": same, "input": "I am user"}


def test_a_request_of_another_client_has_no_version() -> None:
    fixture = record_request("n", "d", "/v1/responses", {}, request(), Redactor())
    assert (fixture["codex_version"], fixture["headers"]) == ("", {})


@pytest.mark.parametrize("path", sorted(CODEX.glob("*.json")), ids=lambda path: path.stem)
def test_what_was_recorded_translates_as_before(path: object) -> None:
    kept = json.loads((CODEX / getattr(path, "name", "")).read_text("utf-8"))
    if kept["body"] and kept["body"].get("input"):
        before = translate_request(kept["body"], SETTINGS, kept["headers"])
        fixture = recorded(kept["body"])
        assert isinstance(fixture["body"], dict)
        after = translate_request(fixture["body"], SETTINGS, kept["headers"])
        assert roles(after.chat_body) == roles(before.chat_body)
        rules = [[e.rule for e in each.context.receipt.entries] for each in (before, after)]
        assert set(rules[1]) == set(rules[0])


def roles(chat: JsonObject) -> list[object]:
    messages = chat["messages"]
    assert isinstance(messages, list)
    return [message["role"] for message in messages]


@pytest.mark.parametrize("path", sorted(GLM.glob("*.sse")), ids=lambda path: path.stem)
def test_streams_of_nobody_stay_as_they_are(path: object) -> None:
    body = (GLM / getattr(path, "name", "")).read_bytes()
    assert record_stream(body, Redactor()).count(b"\n") == body.count(b"\n")
    before, after = replay([body]), replay([record_stream(body, Redactor())])
    assert after.types == before.types
    assert after.rules == before.rules


SECRET = "sk-abcdefgh12345678"


def test_a_secret_in_pieces_is_found() -> None:
    thinking = [delta(reasoning_content=piece) for piece in ("the key sk-ab", "cdefgh", "1234 is")]
    text = [delta(content=piece) for piece in ("use ", "sk", "-abcdefgh1234", " now")]
    first = call('{"cmd":"echo sk-abc', name="shell_command", id="call_1")
    body = sse(*thinking, *text, first, call('defgh1234"}'), delta(finish="tool_calls"), "[DONE]")
    clean = record_stream(body, Redactor())
    replayed = replay([clean])
    assert b"sk-" not in clean
    assert b"abcdefgh" not in clean
    thought, said, called = replayed.output
    assert "the key [secret 1] is" in json.dumps(thought)
    assert "use [secret 1] now" in json.dumps(said)
    assert called["arguments"] == '{"cmd":"echo [secret 1]"}'


@pytest.mark.parametrize(
    ("arguments", "clean"),
    [
        ('{"password":"12345678"}', '{"password":"[secret 1]"}'),
        ('{"password": "p\'ssw0rd", "n": 1}', '{"password": "[secret 1]", "n": 1}'),
        (r'{"password":"\"\u0041\\"}', '{"password":"[secret 1]"}'),
        ('{"cookie":"sid=ab12cd"}', '{"cookie":"[secret 1]"}'),
        (
            '{"headers":{"Authorization":"Basic dXNlcjpwYXNz"},"cmd":"x"}',
            '{"headers":{"Authorization":"[secret 1]"},"cmd":"x"}',
        ),
        ('{"account_id":"4711-0815"}', '{"account_id":"[secret 1]"}'),
        ('{"remote_urls":["a","b"]}', '{"remote_urls":["[secret 1]","[secret 2]"]}'),
        (
            '{"a":"/home/ann/","token":"t","b":"t"}',
            '{"a":"/home/user/","token":"[secret 1]","b":"t"}',
        ),
        (
            r'{"arguments":"{\"token\":\"12345678\"}"}',
            r'{"arguments":"{\"token\":\"[secret 1]\"}"}',
        ),
        (r'{"arguments":"{ }","token":""}', r'{"arguments":"{ }","token":""}'),
        ('{"password":"12345678', '{"password":"[secret 1]'),
    ],
)
def test_fields_of_arguments_in_pieces_are_judged_by_name(arguments: str, clean: str) -> None:
    """In GLM's chunks and in our events, however they are cut, and as where they stand whole."""
    whole = Redactor().json({"arguments": arguments})
    assert isinstance(whole, dict)
    assert str(whole["arguments"]).replace(" ", "") == clean.replace(" ", "")
    for size in (1, 5, 1000):
        pieces = [arguments[i : i + size] for i in range(0, len(arguments), size)]
        chunks = record_stream(sse(*(call(piece) for piece in pieces)), Redactor())
        frames = [frame for frame in chunks.split(b"\n\n") if frame]
        assert "".join(map(piece_of, frames)) == clean
        kind = "response.function_call_arguments.delta"
        ours = [{"type": kind, "item_id": "fc_1", "delta": piece} for piece in pieces]
        events = record_stream(sse(*ours), Redactor()).splitlines()[::2]
        deltas = [json.loads(line.removeprefix(b"data: "))["delta"] for line in events]
        assert "".join(deltas) == clean


def test_our_own_events_too() -> None:
    body = sse(delta(content="I am sk-abcd"), delta(content="efgh1234."), delta(finish="stop"))
    sent = replay([body, sse("[DONE]")]).body
    clean = record_stream(sent, Redactor())
    events = events_of(clean)
    deltas = [str(e["delta"]) for e in events if e["type"] == "response.output_text.delta"]
    done = [e["text"] for e in events if e["type"] == "response.output_text.done"]
    assert "".join(deltas) == done[0] == "I am [secret 1]."
    assert b"abcd" not in clean


@pytest.mark.parametrize(
    "line",
    [
        b'data: {"cut": "' + SECRET.encode(),
        b": comment of " + SECRET.encode(),
        b'{"error":{"code":"1305","message":"' + SECRET.encode() + b'"}}',
        b"data: [" + SECRET.encode() + b"]",
        b'data: {"choices":[{"delta":{"content":"x ' + SECRET.encode() + b'"}}data: {',
    ],
)
def test_what_is_no_frame_is_read_as_text(line: bytes) -> None:
    body = b"id: 1\r\n" + line + b"\r\n\r\n\xff\xfe\r"
    clean = record_stream(body, Redactor())
    assert b"abcdefgh" not in clean
    assert clean.startswith(b"id: 1\r\n")
    assert clean.endswith(b"\r\n\r\n\xff\xfe\r")


def test_odd_frames_are_no_defect() -> None:
    odd: list[object] = [
        {"choices": 5},
        {"choices": [None, {"delta": 5}, {"delta": {"content": 5, "tool_calls": [5, {}]}}]},
        {
            "choices": [
                {"delta": {"tool_calls": [{"function": 5}, {"function": {"arguments": {}}}]}}
            ]
        },
        {"delta": {"text": "x"}},
        {"text": "\ud800"},
    ]
    body = sse(*odd)
    assert record_stream(body, Redactor()) == body
    home = record_stream(sse({"text": "\ud800 /home/jo/"}), Redactor())
    assert home == b'data: {"text":"\\ud800 /home/user/"}\n\n'


@given(planted_texts(), st.lists(st.integers(0, 400), max_size=6), st.booleans())
def test_no_secret_survives_in_a_stream(
    planted: tuple[str, list[str]], cuts: list[int], arguments: bool
) -> None:
    text, secrets = planted
    if arguments:
        text = json.dumps({"cmd": text}, ensure_ascii=False)
    places = [0, *sorted({min(cut, len(text)) for cut in cuts}), len(text)]
    pieces = [text[a:b] for a, b in itertools.pairwise(places)]
    chunks = [call(p, name="shell") if arguments else delta(content=p) for p in pieces]
    clean = record_stream(sse(*chunks), Redactor(HERE))
    told = "".join(
        str(json.loads(frame.removeprefix(b"data: "))["choices"][0]["delta"])
        for frame in clean.split(b"\n\n")
        if frame
    )
    joined = "".join(piece_of(frame) for frame in clean.split(b"\n\n") if frame)
    assert [s for s in secrets if s in joined or s in told or s.encode() in clean] == []
    assert joined == Redactor(HERE).text(text)


def piece_of(frame: bytes) -> str:
    found = json.loads(frame.removeprefix(b"data: "))["choices"][0]["delta"]
    if "content" in found:
        return str(found["content"])
    return str(found["tool_calls"][0]["function"]["arguments"])


def test_the_same_value_has_the_same_placeholder_in_request_and_stream() -> None:
    redactor = Redactor(Private(people=("ann",)))
    body = request(input=f"{UUID} {SECRET}")
    fixture = record_request("n", "d", "/v1/responses", {}, body, redactor)
    clean = record_stream(sse(delta(content=f"{SECRET} {UUID} ann")), redactor)
    assert isinstance(fixture["body"], dict)
    uuid, secret = str(fixture["body"]["input"]).split(maxsplit=1)
    assert f"{secret} {uuid} user".encode() in clean
