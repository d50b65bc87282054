from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from codex_glm.translation.catalog import catalog
from codex_glm.translation.models import ALIASES, FLAGSHIP, MODELS, SMALL
from openai.types import Model
from pydantic import TypeAdapter

from .support import CODEX

if TYPE_CHECKING:
    from codex_glm.translation.wire_json import JsonObject

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
    assert described["gpt-5-mini"]["description"] == "Answered by GLM-5.3-Flash"
    assert all(entry["apply_patch_tool_type"] == "freeform" for entry in described.values())


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
    ("name", "level", "levels", "modalities"),
    [
        ("glm-5.3", "max", ["low", "high", "max"], ["text"]),
        ("glm-5.3-flash", "max", ["low", "high", "max"], ["text", "image"]),
        ("glm-4.7", "high", ["none", "high"], ["text"]),
    ],
)
def test_entries(name: str, level: str, levels: list[str], modalities: list[str]) -> None:
    entry = next(entry for entry in entries("other") if entry["slug"] == name)
    offered = cast("list[JsonObject]", entry["supported_reasoning_levels"])
    assert [each["effort"] for each in offered] == levels
    assert entry["default_reasoning_level"] == level
    assert entry["input_modalities"] == modalities
    assert entry["context_window"] == MODELS[name].context
