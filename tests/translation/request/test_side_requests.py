from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from codex_glm.translation.models import MODELS
from codex_glm.translation.request.side_requests import (
    KINDS,
    MAIN,
    SideChoice,
    SideKind,
    read_facts,
    side_kind,
    side_model,
    small_model,
)
from codex_glm.translation.request.translate import translate_request

from ..support import CODEX, SETTINGS, receipt_lines, request

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

BASES = ["zai-plan", "zai-payg", "bigmodel-plan", "bigmodel-payg"]
RECORDED = {
    "thread-title-tui": "title",
    "review": "review",
    "guardian-auto-review": "guardian",
    "memories-side-request": "memories",
    "subagent-child-request": "sub-agent",
    "subagent-model-override-request": "sub-agent",
    "compaction-local-request": "compaction",
    "compaction-local-manual-tui": "compaction",
    "compaction-remote-v2-request": "compaction",
    "first-turn-tui": "",
    "compaction-local-after": "",
    "subagent-wait-followup": "",
}
PLAIN = SideChoice()


def recorded(name: str) -> tuple[dict[str, str], JsonObject]:
    """Give a recorded request's headers, as an HTTP library names them, and its body."""
    fixture: dict[str, Any] = json.loads((CODEX / f"{name}.json").read_text("utf-8"))
    return {k.lower(): v for k, v in fixture["headers"].items()}, fixture["body"]


@pytest.mark.parametrize(("name", "kind"), RECORDED.items())
def test_recorded_requests(name: str, kind: str) -> None:
    headers, body = recorded(name)
    metadata = body["client_metadata"]
    assert side_kind(read_facts(headers, {"client_metadata": metadata}), PLAIN).name == kind
    assert side_kind(read_facts(headers, {"client_metadata": None}), PLAIN).name == kind
    assert side_kind(read_facts({}, {"client_metadata": metadata}), PLAIN).name == kind


def test_every_kind_was_recorded() -> None:
    assert set(RECORDED.values()) == {*KINDS, ""}


def turn_metadata(**facts: object) -> dict[str, str]:
    return {"x-codex-turn-metadata": json.dumps(facts)}


@pytest.mark.parametrize(
    ("headers", "metadata", "kind"),
    [
        ({}, None, ""),
        ({}, "text", ""),
        ({}, {}, ""),
        ({"x-openai-subagent": "review"}, {}, "review"),
        ({"x-openai-subagent": "compact"}, {}, "compaction"),
        ({"x-openai-subagent": "unheard-of"}, {}, ""),
        ({}, {"x-openai-subagent": 5}, ""),
        ({}, {"x-openai-subagent": ["review"]}, ""),
        (turn_metadata(thread_source="thread_title"), None, "title"),
        (turn_metadata(thread_source={"thread_title": 1}), None, ""),
        (turn_metadata(thread_source=None), {"x-openai-subagent": "guardian"}, "guardian"),
        ({"x-codex-turn-metadata": "no JSON"}, {"x-openai-subagent": "guardian"}, "guardian"),
        ({"x-codex-turn-metadata": "[]"}, None, ""),
        ({"x-codex-turn-metadata": ""}, turn_metadata(subagent_kind="review"), "review"),
        (turn_metadata(request_kind="compaction", subagent_kind="thread_spawn"), None, "sub-agent"),
        # The header is nearer to the truth than the body.
        (turn_metadata(thread_source="user"), turn_metadata(thread_source="thread_title"), ""),
    ],
)
def test_kinds(headers: dict[str, str], metadata: object, kind: str) -> None:
    assert side_kind(read_facts(headers, {"client_metadata": metadata}), PLAIN).name == kind


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(
    ("name", "asked", "model"),
    [
        ("title", "glm-5.3", "glm-5.3-flash"),
        ("title", "gpt-5.5", "glm-5.3-flash"),
        ("review", "glm-5.3", "glm-5.3-flash"),
        ("guardian", "codex-auto-review", "glm-5.3-flash"),
        ("memories", "gpt-6.1-terra", "glm-5.3-flash"),
        ("sub-agent", "gpt-6.1-sol", "glm-5.3-flash"),
        ("sub-agent", "glm-5.3", "glm-5.3"),
        ("sub-agent", "z-ai/GLM-4.7[1m]", "glm-4.7"),
        ("compaction", "gpt-5.5", "glm-5.3"),
        ("compaction", "glm-5", "glm-5"),
    ],
)
def test_models(base: str, name: str, asked: str, model: str) -> None:
    kind = side_kind(read_facts({}, {"client_metadata": recorded_metadata(name)}), PLAIN)
    assert kind.name == name
    assert side_model(kind, asked, base, (), PLAIN) == model
    assert side_model(MAIN, "gpt-5.5", base, (), PLAIN) == "glm-5.3"


def recorded_metadata(kind: str) -> object:
    name = next(name for name, held in RECORDED.items() if held == kind)
    return recorded(name)[1]["client_metadata"]


@pytest.mark.parametrize("base", BASES)
def test_the_small_model_is_served(base: str) -> None:
    assert base in MODELS[small_model(base, PLAIN)].served


@pytest.mark.parametrize(
    ("base", "choice", "small"),
    [
        ("other", PLAIN, ""),
        ("unheard-of", PLAIN, ""),
        ("other", SideChoice("own-glm"), "own-glm"),
        ("zai-plan", SideChoice("glm-4.5-air"), "glm-4.5-air"),
        ("zai-plan", SideChoice("off"), ""),
    ],
)
def test_small_model(base: str, choice: SideChoice, small: str) -> None:
    assert small_model(base, choice) == small
    title = SideKind("title", "small")
    assert side_model(title, "glm-5.3", base, (), choice) == (small or "glm-5.3")


@pytest.mark.parametrize(
    ("models", "kind", "model"),
    [
        ([("review", "asked")], "review", "glm-5.1"),
        ([("review", "asked")], "title", "glm-5.3-flash"),
        ([("*", "asked")], "title", "glm-5.1"),
        ([("title", "glm-4.7"), ("*", "asked")], "title", "glm-4.7"),
        ([("*", "asked"), ("title", "glm-4.7")], "title", "glm-5.1"),
        ([("compaction", "small")], "compaction", "glm-5.3-flash"),
        ([("sub-agent", "small")], "sub-agent", "glm-5.3-flash"),
        ([("sub-agent", "a-model-of-mine")], "sub-agent", "a-model-of-mine"),
    ],
)
def test_own_choices(models: list[tuple[str, str]], kind: str, model: str) -> None:
    choice = SideChoice(models=models)
    found = side_kind(read_facts({}, {"client_metadata": recorded_metadata(kind)}), choice)
    assert side_model(found, "glm-5.1", "zai-plan", (), choice) == model


def test_own_names_hold_for_side_requests_too() -> None:
    rules = [("gpt-6.1-sol", "glm-4.7"), ("glm-5.3-flash", "own-small")]
    title, agent = SideKind("title", "small"), SideKind("sub-agent", "others-small")
    assert side_model(title, "glm-5.3", "zai-plan", rules, PLAIN) == "own-small"
    assert side_model(agent, "gpt-6.1-sol", "zai-plan", rules, PLAIN) == "glm-4.7"
    assert side_model(agent, "gpt-5.5", "zai-plan", rules, PLAIN) == "own-small"


def test_a_title_in_the_receipt() -> None:
    headers = turn_metadata(thread_source="thread_title")
    body = request(model="glm-5.3", reasoning={"effort": "max"})
    translated = translate_request(body, SETTINGS, headers)
    assert translated.context.kind.name == "title"
    assert translated.chat_body["model"] == "glm-5.3-flash"
    assert translated.chat_body["reasoning_effort"] == "low"
    assert receipt_lines(translated.context.receipt)[:2] == [
        "renamed side-request: title: glm-5.3 is answered by glm-5.3-flash",
        "changed side-request: title: thinks with effort low",
    ]


def test_a_turn_is_no_side_request() -> None:
    translated = translate_request(request(), SETTINGS, turn_metadata(thread_source="user"))
    assert translated.context.kind.name == ""
    assert "side-request" not in {e.rule for e in translated.context.receipt.entries}
