from __future__ import annotations

import pytest
from codex_glm.translation import models
from codex_glm.translation.models import (
    FLAGSHIP,
    MODELS,
    SMALL,
    TABLE_DATE,
    VISION,
    base_kind,
    find_model,
    resolve_model,
    say_effort,
    thinking_fields,
    vision_model,
)

KEPT = {"thinking": {"type": "enabled", "clear_thinking": False}}
BASES = ["zai-plan", "zai-payg", "bigmodel-plan", "bigmodel-payg", "other"]


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://api.z.ai/api/coding/paas/v4", "zai-plan"),
        ("https://api.z.ai/api/paas/v4", "zai-payg"),
        ("https://open.bigmodel.cn/api/coding/paas/v4/", "bigmodel-plan"),
        ("https://open.bigmodel.cn/api/paas/v4", "bigmodel-payg"),
        ("https://api.z.ai/api/coding", "zai-plan"),
        ("http://localhost:8000/v1", "other"),
        ("nonsense", "other"),
    ],
)
def test_base_kind(url: str, kind: str) -> None:
    assert base_kind(url) == kind


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(
    ("asked", "model"),
    [
        ("gpt-4", "glm-5.3"),
        ("gpt-4-turbo", "glm-5.3"),
        ("gpt-4o-mini", "glm-5.3-flash"),
        ("gpt-3.5-turbo", "glm-5.3-flash"),
        ("gpt-5-codex", "glm-5"),
        ("gpt-5.1-codex-max", "glm-5"),
        ("gpt-5.1-codex-mini", "glm-5.3-flash"),
        ("gpt-5.5", "glm-5.3"),
        ("gpt-6.1-sol", "glm-5.3"),
        ("gpt-6.1-luna", "glm-5.3-flash"),
        ("o3", "glm-5.3"),
        ("claude", "glm-5.3"),
        ("", "glm-5.3"),
        ("GLM-5.3[1m]", "glm-5.3"),
        ("  z-ai/glm-4.7 ", "glm-4.7"),
        ("glm-9-of-tomorrow", "glm-9-of-tomorrow"),
    ],
)
def test_resolve_model(asked: str, model: str, base: str) -> None:
    assert resolve_model(asked, base) == model


@pytest.mark.parametrize(
    ("base", "model"),
    [
        ("bigmodel-payg", "glm-4-plus"),
        ("other", "glm-4-plus"),
        ("bigmodel-plan", "glm-5.3"),
        ("zai-plan", "glm-5.3"),
        ("zai-payg", "glm-5.3"),
    ],
)
def test_gpt_4o_where_glm_4_plus_is_still_served(base: str, model: str) -> None:
    assert resolve_model("gpt-4o", base) == model


@pytest.mark.parametrize(
    ("asked", "model"),
    [
        ("gpt-5-codex", "glm-4.7"),
        ("gpt-5", "glm-9"),
        ("glm-5.3", "glm-5.3"),
        ("gpt-4", "glm-5.3"),
    ],
)
def test_own_rules_come_first(asked: str, model: str) -> None:
    rules = [("gpt-5-*", "glm-4.7"), ("gpt-5*", "glm-9"), ("GPT-4", "glm-4.5")]
    assert resolve_model(asked, "other", rules) == model


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("glm-5.3", "glm-5.3"),
        ("GLM-5.3[1m]", "glm-5.3"),
        ("z-ai/glm-5.3", "glm-5.3"),
        ("glm-5.3-fp8", "glm-5.3"),
        ("glm-5.3-flash-0915", "glm-5.3-flash"),
        ("glm-4.5v-x", "glm-4.5v"),
    ],
)
def test_find_model_gives_the_nearest_relative(name: str, like: str) -> None:
    found, known = find_model(name), MODELS[like]
    assert (found.context, found.output, found.images) == (
        known.context,
        known.output,
        known.images,
    )
    assert (found.thinking, found.effort) == (known.thinking, known.effort)
    assert found.name == (like if found.display == known.display else name)


def test_find_model_of_an_unknown_family() -> None:
    found = find_model("llama-9")
    assert (found.name, found.display) == ("llama-9", "llama-9")
    assert (found.images, found.thinking, say_effort(found, "high")) == (False, "switch", "on")


EFFORTS = [None, "none", "minimal", "low", "medium", "high", "xhigh", "max", "ultra", "HIGH", "odd"]
THREE = ["max", "low", "low", "low", "high", "high", "max", "max", "max", "high", "high"]
SEVEN = ["max", "off", "off", "high", "high", "high", "max", "max", "max", "high", "high"]
SWITCH = ["on", "off", *["on"] * 9]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("glm-5.3", THREE),
        ("glm-5.3-flash", THREE),
        ("glm-5.3-flashx", THREE),
        ("glm-5.2", SEVEN),
        ("glm-5", SWITCH),
        ("glm-4.5-air", SWITCH),
        ("glm-4-plus", ["off"] * 11),
    ],
)
def test_say_effort(name: str, said: list[str]) -> None:
    assert [say_effort(MODELS[name], asked) for asked in EFFORTS] == said


@pytest.mark.parametrize(
    ("base", "name"),
    [*((base, "glm-5.3-flash") for base in BASES), ("nowhere", "")],
)
def test_vision_model(base: str, name: str) -> None:
    assert vision_model(base) == name


def test_the_next_choice_is_taken_where_the_first_is_not_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(models, "VISION", ("glm-4.6v", "glm-5v-turbo"))
    assert [vision_model(base) for base in ("zai-plan", "zai-payg")] == ["glm-5v-turbo", "glm-4.6v"]


@pytest.mark.parametrize(
    ("name", "said", "fields"),
    [
        ("glm-5.3", "low", {**KEPT, "reasoning_effort": "low"}),
        ("glm-4.7", "on", KEPT),
        ("glm-4.6v", "on", {"thinking": {"type": "enabled"}}),
        ("glm-4.6v", "off", {"thinking": {"type": "disabled"}}),
        ("glm-4-plus", "off", {}),
    ],
)
def test_thinking_fields(name: str, said: str, fields: dict[str, object]) -> None:
    assert thinking_fields(MODELS[name], said) == fields


def test_the_table_is_sound() -> None:
    assert all(MODELS[name].images for name in VISION)
    assert MODELS[FLAGSHIP].thinking == MODELS[SMALL].thinking == "always"
    assert MODELS[SMALL].images
    assert len(TABLE_DATE) == 10
    for model in MODELS.values():
        assert model.display.lower().startswith("glm")
        assert 0 < model.output < model.context
        assert set(model.served) < set(BASES)
        assert bool(model.effort) == (model.thinking != "none")


@pytest.mark.parametrize("base", BASES[:-1])
def test_every_successor_is_served(base: str) -> None:
    for asked in ("gpt-4", "gpt-4o", "gpt-4o-mini", "gpt-5-codex", "gpt-6.1-sol"):
        assert base in MODELS[resolve_model(asked, base)].served
