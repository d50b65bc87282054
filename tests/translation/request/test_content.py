from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.errors import RequestError
from codex_glm.translation.models import find_model
from codex_glm.translation.receipt import Receipt
from codex_glm.translation.request.content import Content, ContentReader
from codex_glm.translation.request.sight import ImageSettings, Sight

from ..pictures import data_url, png

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject


def reader(*, images: bool = True) -> tuple[ContentReader, Receipt]:
    receipt = Receipt()
    sight = Sight(replace(find_model("glm-5"), images=images), ImageSettings(), receipt, [])
    return ContentReader(sight), receipt


def read(content: object, *, images: bool = True) -> tuple[Content, list[str]]:
    content_reader, receipt = reader(images=images)
    found = content_reader.read(content, "p")
    return found, [entry.detail for entry in receipt.entries]


PIXEL = data_url(png())
IMAGE = {"type": "input_image", "image_url": PIXEL, "detail": "high"}
CHAT_IMAGE: JsonObject = {"type": "image_url", "image_url": {"url": PIXEL}}
FILE = {"type": "input_file", "filename": "a.pdf", "file_data": "data:,x"}


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (None, ()),
        ("", ()),
        ("hi", ("hi",)),
        ([], ()),
        ([{"type": "input_text", "text": "a"}, {"type": "output_text", "text": "b"}], ("a", "b")),
        ([{"type": "text", "text": ""}, {"type": "summary_text", "text": "b"}], ("b",)),
        ([{"type": "reasoning_text", "text": "a"}], ("a",)),
        ([{"type": "refusal", "refusal": "no"}], ("no",)),
        ([{"type": "encrypted_content", "encrypted_content": "plain"}], ("plain",)),
        ([IMAGE, {"type": "text", "text": "a"}], (CHAT_IMAGE, "a")),
        ([FILE], ({"type": "file", "file": {"file_data": "data:,x", "filename": "a.pdf"}},)),
        (
            [{"type": "input_file", "file_url": "https://x/a.pdf"}],
            ({"type": "file", "file": {"file_url": "https://x/a.pdf"}},),
        ),
    ],
)
def test_read(content: object, parts: tuple[object, ...]) -> None:
    assert read(content) == (Content(parts), [])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("part", "images", "told"),
    [
        (IMAGE, False, "image: glm-5 reads text only"),
        ({"type": "input_image", "file_id": "f"}, True, "image: its file_id means nothing to GLM"),
        (FILE, False, "file a.pdf: glm-5 reads text only"),
        (
            {"type": "input_file", "file_id": "f"},
            True,
            "file file: its file_id means nothing to GLM",
        ),
        ({"type": "input_audio"}, True, "input_audio: GLM takes no input_audio part"),
    ],
)
def test_what_glm_cannot_see_is_named(part: object, images: bool, told: str) -> None:
    content, receipt = read([part], images=images)
    what, _, reason = told.partition(": ")
    assert content.parts == (f"[{what} omitted: {reason}]",)
    assert receipt == [told]


@pytest.mark.parametrize(
    ("content", "param"),
    [
        (1, "p"),
        ({}, "p"),
        (["a"], "p[0]"),
        ([{"type": "text", "text": "a"}, {"type": "text"}], "p[1].text"),
        ([{"type": "refusal", "text": "a"}], "p[0].refusal"),
        ([{"type": "input_image", "image_url": {"url": "x"}}], "p[0].image_url"),
    ],
)
def test_malformed(content: object, param: str) -> None:
    with pytest.raises(RequestError) as caught:
        read(content)
    assert caught.value.failure.param == param


def test_without_media() -> None:
    content_reader, receipt = reader()
    content = content_reader.without_media(Content(("a", CHAT_IMAGE)))
    note = "[image omitted: GLM takes it in a user message only]"
    assert content == Content(("a", note))
    assert [(e.kind, e.rule) for e in receipt.entries] == [("dropped", "media")]


def test_text_and_media() -> None:
    content = Content(("a", CHAT_IMAGE, "b"))
    assert content.text == "a\nb"
    assert content.media == (CHAT_IMAGE,)
