from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.models import find_model
from codex_glm.translation.receipt import Receipt
from codex_glm.translation.request.images import read_image
from codex_glm.translation.request.sight import (
    Description,
    ImageSettings,
    Sight,
    has_images,
    image_urls,
    turn_has_image,
)

from ..pictures import data_url, input_image, png
from ..support import receipt_lines

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

BLIND, SEEING = "glm-5.3", "glm-5.3-flash"
PIXEL = data_url(png())
ID = read_image(PIXEL).id
BAD = "data:image/png;base64,%"
OMITTED = "[image omitted: glm-5.3 reads text only"


def see(
    *urls: str, model: str = BLIND, settings: ImageSettings | None = None
) -> tuple[list[str | JsonObject], list[str], list[str]]:
    receipt = Receipt()
    items = user(*urls)
    sight = Sight(find_model(model), settings or ImageSettings(), receipt, items)
    return [sight.show(url) for url in urls], receipt_lines(receipt), sight.shown


def user(*urls: str) -> list[object]:
    return [{"role": "user", "content": [input_image(url=url) for url in urls]}]


def part(url: str) -> JsonObject:
    return {"type": "image_url", "image_url": {"url": url}}


def test_a_vision_model_gets_the_image() -> None:
    assert see(PIXEL, PIXEL, model=SEEING) == ([part(PIXEL)] * 2, [], [ID, ID])


def test_a_repaired_image() -> None:
    shown, receipt, _ = see(data_url(png(), "image/jpeg"), model=SEEING)
    assert shown == [part(PIXEL)]
    assert receipt == ["repaired image: an image was declared as image/jpeg: it is a png"]


@pytest.mark.parametrize("model", [BLIND, SEEING])
def test_a_bad_image_is_named(model: str) -> None:
    known = ImageSettings(descriptions={read_image(BAD).id: Description("m", "never")})
    assert see(BAD, model=model, settings=known) == (
        ["[image omitted: its data cannot be read]"],
        ["dropped media: image: its data cannot be read"],
        [],
    )


def test_a_description_stands_in_the_place_of_the_image() -> None:
    settings = ImageSettings(descriptions={ID: Description("glm-4.6v", "A\npixel.")})
    assert see(PIXEL, settings=settings) == (
        ["[Image, described by glm-4.6v: A\npixel.]"],
        [
            f"changed image-described: image {ID[:8]} is described by glm-4.6v in 8 characters",
        ],
        [],
    )
    assert see(PIXEL, model=SEEING, settings=settings)[0] == [part(PIXEL)]


@pytest.mark.parametrize(
    ("descriptions", "note"),
    [
        ({}, f"{OMITTED}]"),
        (
            {ID: Description("glm-4.6v", failure="GLM 1302: slow")},
            f"{OMITTED}, and it was not described: GLM 1302: slow]",
        ),
    ],
)
def test_without_a_description(descriptions: dict[str, Description], note: str) -> None:
    shown, receipt, _ = see(PIXEL, settings=ImageSettings(descriptions=descriptions))
    assert shown == [note]
    assert receipt == [f"dropped media: image: {note[len('[image omitted: ') : -1]}"]


def test_what_glm_refused_is_not_shown_again() -> None:
    settings = ImageSettings(refused=frozenset({ID}))
    other = data_url(png(2, 2))
    shown, receipt, ids = see(PIXEL, other, model=SEEING, settings=settings)
    assert shown == ["[image omitted: GLM refused an earlier turn that held it]", part(other)]
    assert receipt == ["dropped media: image: GLM refused an earlier turn that held it"]
    assert ids == [read_image(other).id]


@pytest.mark.parametrize(
    ("model", "count", "hidden"),
    [
        (SEEING, 150, 0),
        (SEEING, 151, 50),
        (SEEING, 200, 50),
        (SEEING, 201, 100),
        ("glm-4.5v", 50, 0),
        ("glm-4.5v", 51, 16),
    ],
)
def test_the_oldest_of_too_many_go_by_thirds(model: str, count: int, hidden: int) -> None:
    urls = [data_url(png(width)) for width in range(1, count + 1)]
    shown, receipt, ids = see(BAD, *urls, model=model)
    texts = [each for each in shown[1:] if isinstance(each, str)]
    most = 150 if model == SEEING else 50
    assert texts == [f"[image omitted: {model} reads {most} images at once]"] * hidden
    assert shown[1 + hidden :] == [part(url) for url in urls[hidden:]]
    assert len(ids) == count - hidden <= most
    assert len(receipt) == 1 + bool(hidden)


@pytest.mark.parametrize(
    ("settings", "base", "name"),
    [
        (ImageSettings(), "zai-plan", "glm-5.3-flash"),
        (ImageSettings(), "other", "glm-5.3-flash"),
        (ImageSettings(), "nowhere", None),
        (ImageSettings(vision_model="my-model"), "nowhere", "my-model"),
        (ImageSettings(vision_model="GLM-4.6V"), "zai-plan", "glm-4.6v"),
    ],
)
def test_who_sees(settings: ImageSettings, base: str, name: str | None) -> None:
    seer = settings.seer(base)
    assert (seer.name if seer else None) == name
    assert seer is None or seer.images


def test_image_urls() -> None:
    items: list[object] = [
        7,
        {"role": "user", "content": "text"},
        {"role": "user", "content": [7, {"type": "input_text"}, input_image(url="a")]},
        {"type": "function_call_output", "output": [input_image(url="b"), {"type": "input_image"}]},
        {"type": "custom_tool_call_output", "output": "text"},
    ]
    assert list(image_urls(items)) == ["a", "b"]
    assert has_images({"input": items})
    for given in (None, "text", items[:2], items[4:]):
        assert not has_images({"input": given})


USER: JsonObject = {"role": "user", "content": "look"}
SHOWN: JsonObject = {"role": "user", "content": [input_image()]}
TOLD: JsonObject = {"role": "developer", "content": "be kind"}
REPLY: JsonObject = {"role": "assistant", "content": "I see."}
CALL: JsonObject = {"type": "function_call", "name": "view_image", "arguments": "{}"}
VIEWED: JsonObject = {"type": "function_call_output", "output": [input_image()]}
NOTIFIED: JsonObject = {
    "role": "user",
    "content": [{"type": "input_text", "text": "<subagent_notification>\n{}"}],
}
BROKEN: JsonObject = {"role": "user", "content": [input_image(url=BAD)]}


@pytest.mark.parametrize(
    ("items", "has"),
    [
        ([], False),
        ([USER], False),
        ([SHOWN], True),
        ([SHOWN, USER], True),
        ([SHOWN, TOLD, USER], True),
        ([SHOWN, TOLD], True),
        ([BROKEN], False),
        ([SHOWN, REPLY, USER], False),
        ([USER, CALL, VIEWED], True),
        ([USER, CALL, VIEWED, CALL, {**VIEWED, "output": "text"}], True),
        ([USER, CALL, VIEWED, REPLY], True),
        ([USER, CALL, VIEWED, REPLY, USER], False),
        ([USER, CALL, VIEWED, USER], True),
        ([USER, CALL, VIEWED, CALL, {**VIEWED, "output": "text"}, USER], False),
        ([SHOWN, REPLY, USER, CALL, VIEWED], True),
        ([SHOWN, REPLY, USER, 7], False),
        ([SHOWN, {"type": "reasoning"}, USER], False),
        ([SHOWN, 7, USER], True),
        ([CALL, VIEWED], True),
        ([SHOWN, CALL, {**VIEWED, "output": "done"}, NOTIFIED], True),
        ([SHOWN, REPLY, USER, CALL, {**VIEWED, "output": "done"}, NOTIFIED], False),
        ([SHOWN, CALL, VIEWED, {"role": "user", "content": []}], True),
    ],
)
def test_images_of_the_turn(items: list[object], has: bool) -> None:
    assert turn_has_image(items) is has
