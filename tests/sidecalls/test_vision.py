"""Descriptions of images: what is asked, what is kept, and that a failure costs one image only."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from codex_glm.sidecalls.client import SideCallError, SideClient
from codex_glm.sidecalls.vision import (
    PROMPT,
    Describer,
    Seer,
    VisionLimits,
    read_reply,
    request,
)
from codex_glm.simulator.judge import judge
from codex_glm.translation.models import MODELS, find_model
from codex_glm.translation.request.images import Image, read_image
from codex_glm.translation.request.sight import Description

from tests.translation.pictures import data_url, jpeg, png

if TYPE_CHECKING:
    from codex_glm.sidecalls.vision import Call
    from codex_glm.translation.wire.wire_json import JsonObject

FLASH = "glm-5.3-flash"
KEY_HEADER = {"Authorization": "Bearer id.secret"}
SEEING = sorted(model.name for model in MODELS.values() if model.images)


def picture(number: int) -> Image:
    return read_image(data_url(png(number + 1)))


def said(text: str, finish: str = "stop") -> JsonObject:
    message = {"role": "assistant", "content": text}
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}]}


@pytest.mark.parametrize("name", SEEING)
@pytest.mark.parametrize("image", [data_url(png()), data_url(jpeg(), "image/jpeg")])
def test_the_judge_finds_nothing_wrong_with_the_request(name: str, image: str) -> None:
    body = request(find_model(name), image)
    assert judge(KEY_HEADER, body).violations == ()
    assert body["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": image}},
                {"type": "text", "text": PROMPT},
            ],
        }
    ]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        (
            FLASH,
            {
                "thinking": {"type": "enabled", "clear_thinking": False},
                "reasoning_effort": "low",
                "max_tokens": 8192,
            },
        ),
        ("glm-4.6v", {"thinking": {"type": "disabled"}, "max_tokens": 8192}),
        ("glm-4-plus", {"max_tokens": 4096}),
    ],
)
def test_little_thinking_is_asked_for(name: str, fields: JsonObject) -> None:
    body = request(find_model(name), "u")
    kept = {k: v for k, v in body.items() if k not in ("model", "messages", "stream")}
    assert (body["model"], body["stream"], kept) == (name, False, fields)


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (said("A cat."), "A cat."),
        (said("\n<think>Hm\n</think><|begin_of_box|>A cat.<|end_of_box|>\n"), "A cat."),
        (said("A c", "length"), "A c … (the description was cut off here)"),
        ({"choices": [{"message": {"content": "A cat."}}]}, "A cat."),
    ],
)
def test_read_reply(reply: JsonObject, text: str) -> None:
    assert read_reply(reply) == text


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (said(""), "the description is empty"),
        (said("<think>Hm</think> "), "the description is empty"),
        ({}, "the description is empty"),
        (said("A c", "sensitive"), "the description ended with sensitive"),
    ],
)
def test_replies_without_use(reply: JsonObject, words: str) -> None:
    with pytest.raises(SideCallError, match=words):
        read_reply(reply)


@dataclass
class Studio:
    """A describer, its clock, and a vision model that is played by the test."""

    limits: VisionLimits = field(default_factory=VisionLimits)
    now: float = 100.0
    asked: int = 0
    at_once: int = 0
    most_at_once: int = 0
    answers: list[JsonObject | Exception] = field(default_factory=list)
    """Further answers are scripted: the number of the question."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.describer = Describer(self.limits, lambda: self.now)
        self.gate.set()

    def seer(
        self, model: str = FLASH, base: str = "b", owner: str = "o", thread: str = "t"
    ) -> Seer:
        client = SideClient(base, "id.secret")
        return Seer(find_model(model), client, owner, thread, lambda _: None, self._enter)

    async def _enter(self, _call: Call) -> JsonObject:
        self.asked += 1
        number = self.asked
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        await self.gate.wait()
        self.at_once -= 1
        answer = self.answers.pop(0) if self.answers else said(f"Image {number}.")
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def texts(self, *numbers: int, **who: str) -> list[str]:
        """Describe pictures; gives text or failure, each by its picture."""
        images = [picture(number) for number in numbers]
        found = await self.describer.describe(images, self.seer(**who))
        assert set(found) == {image.id for image in images}
        return [found[image.id].text or found[image.id].failure for image in images]


def test_an_image_is_asked_about_once() -> None:
    async def run() -> None:
        studio = Studio()
        assert studio.describer.unknown([picture(1)], studio.seer()) == 1
        assert await studio.texts(1) == ["Image 1."]
        assert studio.describer.unknown([picture(1), picture(2)], studio.seer()) == 1
        assert await studio.texts(1, 2) == ["Image 1.", "Image 2."]
        assert await studio.texts(2, 1, thread="another") == ["Image 2.", "Image 1."]
        assert await studio.texts() == []
        found = await studio.describer.describe([picture(1)], studio.seer())
        assert list(found.values()) == [Description(FLASH, "Image 1.")]
        assert studio.asked == 2

    asyncio.run(run())


def test_two_turns_at_once_share_the_question() -> None:
    async def run() -> None:
        studio = Studio()
        both = await asyncio.gather(studio.texts(1), studio.texts(1, thread="another"))
        assert list(both) == [["Image 1."], ["Image 1."]]
        assert studio.asked == 1

    asyncio.run(run())


@pytest.mark.parametrize(
    "who", [{"owner": "another"}, {"base": "another"}, {"model": "glm-4.6v"}], ids=str
)
def test_keys_bases_and_models_never_meet(who: dict[str, str]) -> None:
    async def run() -> None:
        studio = Studio()
        assert await studio.texts(1) == ["Image 1."]
        assert await studio.texts(1, **who) == ["Image 2."]
        assert await studio.texts(1) == ["Image 1."]

    asyncio.run(run())


def test_few_are_asked_at_once() -> None:
    async def run() -> None:
        studio = Studio(VisionLimits(at_once=2))
        assert len(set(await studio.texts(1, 2, 3, 4, 5))) == 5
        assert studio.most_at_once == 2

    asyncio.run(run())


def test_the_newest_go_first() -> None:
    async def run() -> None:
        studio = Studio(VisionLimits(per_turn=2, at_once=1))
        late = "its turn has not come yet"
        assert await studio.texts(1, 2, 3) == [late, "Image 2.", "Image 1."]
        assert await studio.texts(1, 2, 3) == ["Image 3.", "Image 2.", "Image 1."]

    asyncio.run(run())


def test_a_turn_does_not_wait_for_ever() -> None:
    async def run() -> None:
        studio = Studio(VisionLimits(turn_seconds=0.05))
        studio.gate.clear()
        assert await studio.texts(1) == ["its turn has not come yet"]
        studio.gate.set()
        assert await studio.texts(1) == ["Image 1."]
        assert studio.asked == 1, "the first question was still under way"

    asyncio.run(run())


def test_a_failed_image_is_left_alone_in_its_thread_for_a_while() -> None:
    async def run() -> None:
        studio = Studio(answers=[SideCallError("1302", "slow", 429), SideCallError("", "", 0)])
        assert await studio.texts(1) == ["GLM 1302: slow"]
        studio.now += 299
        assert await studio.texts(1) == ["GLM 1302: slow"]
        assert studio.asked == 1
        assert await studio.texts(1, thread="another") == ["no reply"]
        assert studio.asked == 2
        studio.now += 2
        assert await studio.texts(1) == ["Image 3."]
        assert await studio.texts(1, thread="another") == ["Image 3."]
        assert studio.asked == 3

    asyncio.run(run())


def test_a_defect_costs_no_turn(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        studio = Studio(answers=[KeyError("oops")])
        assert await studio.texts(1, 2) == ["Image 2.", "a defect of the proxy"]

    with caplog.at_level(logging.ERROR):
        asyncio.run(run())
    assert "oops" in caplog.text


@pytest.mark.parametrize("limits", [VisionLimits(entries=2), VisionLimits(characters=16)])
def test_what_is_kept_is_bounded(limits: VisionLimits) -> None:
    async def run() -> None:
        studio = Studio(limits)
        for number in (1, 2):
            await studio.texts(number)
        await studio.texts(1)  # used again, so it outlives the second
        await studio.texts(3)
        assert await studio.texts(1) == ["Image 1."]
        assert await studio.texts(2) == ["Image 4."]

    asyncio.run(run())


def test_failures_kept_are_bounded() -> None:
    async def run() -> None:
        studio = Studio(VisionLimits(entries=1), answers=[SideCallError("", "m", 0)] * 2)
        assert await studio.texts(1) == ["m"]
        assert await studio.texts(2) == ["m"]
        assert await studio.texts(1) == ["Image 3."]

    asyncio.run(run())


def test_close() -> None:
    async def run() -> None:
        studio = Studio()
        studio.gate.clear()
        waiting = asyncio.ensure_future(studio.texts(1))
        await asyncio.sleep(0.01)
        studio.describer.close()
        assert await waiting == ["its turn has not come yet"]

    asyncio.run(run())
