"""What a model gets of a request's images: the image, a description of it, or a note."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from .. import models
from ..vocabulary import is_known
from .images import read_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..receipt import Receipt
    from ..wire.wire_json import JsonObject
    from .images import Image

type Mode = Literal["describe", "route", "omit"]

_CARRIERS = ("content", "output")
"""Where items hold parts."""
_CODEXS = ("<subagent_notification", "<environment_context")
"""How what Codex says in the user's role begins, in the middle of a turn (codex-cli 0.169.0)."""
_STEPS_OF_THE_OLDEST = 3
"""Where there are too many images, the oldest go by thirds: leaving out one more with each new one
would change the beginning of every prompt, which GLM's cache knows."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a vision model said of an image, or why it said nothing."""

    model: str
    text: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """What becomes of images, and what is known of those in a request."""

    mode: Mode = "describe"
    vision_model: str = ""
    """The model that describes, or to which turns are routed; empty: the base's own choice."""
    descriptions: Mapping[str, Description] = field(default_factory=dict)
    """By the image's id."""
    refused: frozenset[str] = frozenset()
    """Ids of images with which GLM has refused a turn."""

    def seer(self, base: str) -> models.Model | None:
        """Give the vision model at a base (`base_kind`); None where there is none."""
        name = self.vision_model or models.vision_model(base)
        return replace(models.find_model(name), images=True) if name else None


class Sight:
    """Shows one model the images of one request, in their order; used once."""

    def __init__(
        self,
        model: models.Model,
        settings: ImageSettings,
        receipt: Receipt,
        items: list[object],
    ) -> None:
        self.shown: list[str] = []
        """Ids of the images that the model gets."""
        self._model = model
        self._settings = settings
        self._receipt = receipt
        self.blind = "" if model.images else f"{model.name} reads text only"
        """Why the model sees nothing; empty if it sees."""
        self._read = {url: read_image(url) for url in image_urls(items)} if model.images else {}
        self._too_old = self._count_too_old(items) if model.images else 0

    def show(self, url: str) -> str | JsonObject:
        """Give the chat part for an image, or the text that stands in its place."""
        image = self._read.get(url) or read_image(url)
        if image.fault:
            return self.omit(image.fault)
        if self.blind:
            return self._describe(image)
        if image.id in self._settings.refused:
            return self.omit("GLM refused an earlier turn that held it")
        if self._too_old:
            self._too_old -= 1
            return self.omit(f"{self._model.name} reads {self._model.most_images} images at once")
        if image.repair:
            self._receipt.add("repaired", "image", f"an image was {image.repair}")
        self.shown.append(image.id)
        return {"type": "image_url", "image_url": {"url": image.url}}

    def omit(self, reason: str, what: str = "image") -> str:
        """Give the note that stands in the place of what GLM does not get."""
        self._receipt.add("dropped", "media", f"{what}: {reason}")
        return f"[{what} omitted: {reason}]"

    def foreign(self, kind: str, text: str) -> str:
        """Give what stands for a part of a type that is not read: its text, or a note."""
        if not is_known("part-type", kind):
            became = "its text was kept" if text else "left out"
            self._receipt.unknown("part-type", kind, became)
            return text or f"[{kind} omitted]"
        return text or self.omit(f"GLM takes no {kind} part", kind)

    def _describe(self, image: Image) -> str:
        known = self._settings.descriptions.get(image.id)
        if known is None:
            return self.omit(self.blind)
        if known.failure:
            return self.omit(f"{self.blind}, and it was not described: {known.failure}")
        words = (
            f"image {image.id[:8]} is described by {known.model} in {len(known.text)} characters"
        )
        self._receipt.add("changed", "image-described", words)
        return f"[Image, described by {known.model}: {known.text}]"

    def _count_too_old(self, items: list[object]) -> int:
        images = [self._read[url] for url in image_urls(items)]
        kept = [i for i in images if not i.fault and i.id not in self._settings.refused]
        step = max(1, self._model.most_images // _STEPS_OF_THE_OLDEST)
        surplus = len(kept) - self._model.most_images
        return -(-surplus // step) * step if surplus > 0 else 0


def has_images(body: JsonObject) -> bool:
    """Tell whether a request holds images, sound or not; tolerates what is malformed."""
    items = body.get("input")
    return isinstance(items, list) and any(True for _ in image_urls(items))


def image_urls(items: list[object]) -> Iterator[str]:
    """Give the `image_url` of every image in input items, in order; tolerates what is malformed."""
    for item in items:
        if not isinstance(item, dict):
            continue
        for key in _CARRIERS:
            parts = item.get(key)
            for part in parts if isinstance(parts, list) else ():
                if isinstance(part, dict) and part.get("type") == "input_image":
                    url = part.get("image_url")
                    if isinstance(url, str):
                        yield url


def turn_has_image(items: list[object]) -> bool:
    """Tell whether the turn at the end of a history holds an image that GLM can take.

    The turn begins with the user's last words, or further back where the assistant has not yet
    answered what stands before them: messages of the client and outputs of tools.
    """
    start = len(items)
    while start and not _is_users(items[start - 1]):
        start -= 1
    while start and not _is_assistants(items[start - 1]):
        start -= 1
    return any(not read_image(url).fault for url in image_urls(items[start:]))


def _is_users(item: object) -> bool:
    """Tell whether an item holds words of the user's, rather than what Codex says in that role."""
    if not isinstance(item, dict) or item.get("role") != "user":
        return False
    parts = item.get("content")
    first = parts[0] if isinstance(parts, list) and parts else None
    words = first.get("text") if isinstance(first, dict) else parts
    return not str(words).lstrip().startswith(_CODEXS)


def _is_assistants(item: object) -> bool:
    if not isinstance(item, dict) or item.get("type", "message") == "message":
        return isinstance(item, dict) and item.get("role") == "assistant"
    return not str(item["type"]).endswith("_output")
