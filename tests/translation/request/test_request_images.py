"""Images in a whole request: who answers, and what stands in their place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from codex_glm.simulator.judge import judge
from codex_glm.translation.request.images import read_image
from codex_glm.translation.request.sight import Description, ImageSettings
from codex_glm.translation.request.translate import images_to_describe, translate_request

from ..pictures import data_url, input_image, png
from ..support import KEY_HEADER, SETTINGS, receipt_lines

if TYPE_CHECKING:
    from codex_glm.translation.request.context import TranslationSettings
    from codex_glm.translation.wire.wire_json import JsonObject

ANSWERED: list[JsonObject] = [
    {"role": "user", "content": [input_image()]},
    {"role": "assistant", "content": "I see."},
    {"role": "user", "content": "And now?"},
]
PIXEL_ID = read_image(data_url(png())).id


def asking(items: list[JsonObject], model: str = "gpt-5") -> JsonObject:
    return {"model": model, "input": items, "stream": True}


def with_images(**fields: Any) -> TranslationSettings:
    return replace(SETTINGS, images=ImageSettings(**fields))


@pytest.mark.parametrize(
    ("items", "asked", "vision_model", "model"),
    [
        (ANSWERED[:1], "gpt-5", "", "glm-5.3-flash"),
        (ANSWERED[:1], "gpt-5", "glm-4.6v", "glm-4.6v"),
        (ANSWERED[:1], "gpt-5", "self-hosted", "self-hosted"),
        (ANSWERED[:1], "glm-5v-turbo", "glm-4.6v", "glm-5v-turbo"),
        (ANSWERED[:2], "gpt-5", "", "glm-5.3-flash"),
        (ANSWERED, "gpt-5", "", "glm-5.3"),
    ],
)
def test_routing(items: list[JsonObject], asked: str, vision_model: str, model: str) -> None:
    settings = with_images(mode="route", vision_model=vision_model)
    translated = translate_request(asking(items, asked), settings)
    context, chat = translated.context, translated.chat_body
    assert (context.asked_model, context.model, chat["model"]) == (asked, model, model)
    assert context.images == (() if model == "glm-5.3" else (PIXEL_ID,))
    routed = [line for line in receipt_lines(context.receipt) if "image-route" in line]
    words = f"glm-5.3 reads text only: {model} answers this turn, which holds an image"
    expected = asked == "gpt-5" and model != "glm-5.3"
    assert routed == [f"changed image-route: {words}"] * expected
    assert judge(KEY_HEADER, {**chat, "model": "glm-5.3-flash"}).violations == ()


def test_nobody_to_route_to() -> None:
    settings = replace(with_images(mode="route"), base="nowhere")
    context = translate_request(asking(ANSWERED[:1]), settings).context
    assert (context.model, context.images) == ("glm-5.3", ())
    assert "dropped media: image: glm-5.3 reads text only" in receipt_lines(context.receipt)


@pytest.mark.parametrize("mode", ["describe", "omit"])
def test_without_routing_the_model_stays(mode: str) -> None:
    context = translate_request(asking(ANSWERED), with_images(mode=mode)).context
    assert (context.model, context.images) == ("glm-5.3", ())


def test_a_description_reaches_the_message() -> None:
    known = {PIXEL_ID: Description("glm-4.6v", "One red pixel.")}
    chat = translate_request(asking(ANSWERED), with_images(descriptions=known)).chat_body
    messages = chat["messages"]
    assert isinstance(messages, list)
    assert messages[0]["content"] == "[Image, described by glm-4.6v: One red pixel.]"
    assert judge(KEY_HEADER, chat).violations == ()


TWICE: list[JsonObject] = [
    {"role": "user", "content": [input_image(), input_image(png(2)), input_image(url="data:,")]},
    {"type": "function_call_output", "call_id": "c", "output": [input_image()]},
]


@pytest.mark.parametrize(
    ("body", "settings", "count"),
    [
        (asking(TWICE), SETTINGS, 2),
        (asking(TWICE, "glm-5.3-flash"), SETTINGS, 0),
        (asking(TWICE, "glm-5.3"), with_images(vision_model="glm-5.3"), 0),
        (asking(TWICE), with_images(mode="omit"), 0),
        (asking(TWICE), with_images(mode="route"), 0),
        ({"model": "gpt-5", "input": "hi"}, SETTINGS, 0),
        ({"model": 7, "input": TWICE}, SETTINGS, 0),
        ({}, SETTINGS, 0),
    ],
)
def test_images_to_describe(body: JsonObject, settings: TranslationSettings, count: int) -> None:
    ids = [image.id for image in images_to_describe(body, settings)]
    assert ids == [PIXEL_ID, read_image(data_url(png(2))).id][:count]
    # The small model, which answers reviews, sees them itself.
    assert images_to_describe(body, settings, {"x-openai-subagent": "review"}) == []
