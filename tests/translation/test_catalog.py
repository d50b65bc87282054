from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from codex_glm.translation.catalog import catalog
from codex_glm.translation.models import ALIASES, FLAGSHIP, MODELS, SMALL, say_effort
from openai.types import Model
from pydantic import TypeAdapter

from .support import CODEX

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

BASES = ["zai-plan", "zai-payg", "bigmodel-plan", "bigmodel-payg", "other"]


def entries(base: str, key: str = "models") -> list[JsonObject]:
    return cast("list[JsonObject]", catalog(base)[key])


@pytest.mark.parametrize("base", BASES)
def test_both_lists_name_the_same_models(base: str) -> None:
    listed = [entry for entry in entries(base) if entry["visibility"] == "list"]
    slugs = [entry["slug"] for entry in listed]
    assert slugs == [entry["id"] for entry in entries(base, "data")]
    assert slugs[0] == FLAGSHIP
    assert SMALL in slugs
    assert [e["priority"] for e in listed] == list(range(1, len(slugs) + 1))
    for slug in slugs:
        model = MODELS[str(slug)]
        assert not model.hidden
        assert base == "other" or base in model.served


def test_a_base_lists_only_what_it_serves() -> None:
    assert "glm-4.7-flash" not in [entry["slug"] for entry in entries("zai-plan")]
    assert "glm-4.7-flash" in [entry["slug"] for entry in entries("zai-payg")]


@pytest.mark.parametrize("base", BASES)
def test_other_names_are_described_as_the_model_that_answers(base: str) -> None:
    rules = [("my-model", "glm-4.7"), ("any-*", "glm-5"), ("gpt-5.5", "glm-4.6v")]
    described = {
        str(entry["slug"]): entry
        for entry in cast("list[JsonObject]", catalog(base, rules)["models"])
        if entry["visibility"] == "hide"
    }
    assert set(described) == {"my-model", *ALIASES}
    assert described["my-model"]["context_window"] == MODELS["glm-4.7"].context
    assert described["gpt-5.5"]["input_modalities"] == ["text", "image"]
    assert described["gpt-5-mini"]["description"] == "Answered by GLM-5.3-Flash."
    assert all(entry["apply_patch_tool_type"] == "freeform" for entry in described.values())


def test_a_name_of_glm_is_described_as_the_model_that_answers() -> None:
    entries = cast("list[JsonObject]", catalog("zai-plan", [("*", "glm-4.7")])["models"])
    listed = {str(entry["slug"]): entry for entry in entries if entry["visibility"] == "list"}
    assert listed["glm-5.3"]["context_window"] == MODELS["glm-4.7"].context
    assert listed["glm-5.3"]["display_name"] == MODELS["glm-5.3"].display
    assert listed["glm-5.3"]["description"] == "Answered by GLM-4.7."
    assert "Answered" not in str(listed["glm-4.7"]["description"])
    assert [entry["priority"] for entry in listed.values()] == [*range(1, len(listed) + 1)]


def test_every_model_sees_where_the_proxy_helps() -> None:
    described = cast("list[JsonObject]", catalog("other", images=True)["models"])
    assert {tuple(cast("list[str]", e["input_modalities"])) for e in described} == {
        ("text", "image")
    }
    plain = [{**entry, "input_modalities": None} for entry in entries("other")]
    assert [{**entry, "input_modalities": None} for entry in described] == plain


def test_openai_can_read_the_list() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(list[Model])
    adapter.validate_python(entries("other", "data"), strict=True)
    assert catalog("other")["object"] == "list"


def test_every_entry_has_what_codex_demands() -> None:
    reply = TypeAdapter(dict[str, Any]).validate_json(
        (CODEX / "models-reply-minimal.json").read_bytes()
    )["reply"]
    required = set(reply["models"][0])
    for entry in entries("other"):
        assert required <= set(entry)
        assert {type(entry[key]) for key in required} <= {str, int, bool, list, dict}


@pytest.mark.parametrize(
    ("name", "level", "levels", "modalities", "full"),
    [
        ("glm-5.3", "max", ["low", "high", "max"], ["text"], 943_718),
        ("glm-5.3-flash", "max", ["low", "high", "max"], ["text", "image"], 943_718),
        ("glm-5.2", "max", ["none", "high", "max"], ["text"], 943_718),
        ("glm-4.7", "high", ["none", "high"], ["text"], 172_032),
        ("glm-4.5-air", "high", ["none", "high"], ["text"], 98_304),
    ],
)
def test_entries(
    name: str, level: str, levels: list[str], modalities: list[str], full: int
) -> None:
    entry = entry_of(catalog("other"), name)
    assert efforts(entry) == levels
    assert entry["default_reasoning_level"] == level
    assert entry["input_modalities"] == modalities
    assert entry["context_window"] == MODELS[name].context
    assert entry["auto_compact_token_limit"] == full


def test_a_model_that_does_not_think_has_no_levels() -> None:
    entry = entry_of(catalog("other", [("own", "glm-4-plus")]), "own")
    assert efforts(entry) == []
    assert "default_reasoning_level" not in entry
    assert entry["auto_compact_token_limit"] == 117_964


@pytest.mark.parametrize("base", BASES)
def test_a_window_always_holds_one_more_reply(base: str) -> None:
    for entry in entries(base):
        window, full = entry["context_window"], entry["auto_compact_token_limit"]
        assert isinstance(window, int)
        assert isinstance(full, int)
        assert 0.7 * window < full <= 0.9 * window


@pytest.mark.parametrize(
    ("codex", "highest"),
    [
        ("", "max"),
        ("0.169.0", "max"),
        ("0.142.0", "max"),
        ("1.0.0", "max"),
        ("nonsense", "max"),
        ("9" * 9000, "max"),
        ("0.135.0", "xhigh"),
        ("0.141.0-alpha.2", "xhigh"),
        ("0.98.0", "xhigh"),
    ],
)
def test_efforts_are_said_in_words_that_the_reader_knows(codex: str, highest: str) -> None:
    document = catalog("other", codex=codex)
    assert efforts(entry_of(document, "glm-5.3")) == ["low", "high", highest]
    assert entry_of(document, "gpt-5.5")["default_reasoning_level"] == highest
    assert say_effort(MODELS["glm-5.3"], highest) == "max"


def test_the_descriptions_are_sentences_for_a_model_that_chooses_one() -> None:
    document = catalog("other")
    told = "Zhipu's flagship for coding; 1M tokens of context."
    assert entry_of(document, "glm-5.3")["description"] == told
    assert entry_of(document, "glm-4.7")["description"] == "GLM model; 204k tokens of context."


def entry_of(document: JsonObject, slug: str) -> JsonObject:
    return next(e for e in cast("list[JsonObject]", document["models"]) if e["slug"] == slug)


def efforts(entry: JsonObject) -> list[object]:
    return [e["effort"] for e in cast("list[JsonObject]", entry["supported_reasoning_levels"])]
