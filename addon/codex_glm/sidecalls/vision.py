"""Descriptions of images by a vision model: each image is asked about once, and the answer kept.

The same words stand in every later turn, so that GLM's cache of the prompt holds.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from codex_glm.sidecalls.calls import recorded
from codex_glm.sidecalls.client import SideCallError
from codex_glm.translation.models import say_effort, thinking_fields
from codex_glm.translation.request.sight import Description
from codex_glm.translation.wire.chunks import Finished, TextDelta, parse_chunk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codex_glm.sidecalls.calls import SideCall
    from codex_glm.sidecalls.client import SideClient
    from codex_glm.translation.models import Model
    from codex_glm.translation.request.images import Image
    from codex_glm.translation.wire.wire_json import JsonObject

type Call = Callable[[], Awaitable[JsonObject]]
type Key = tuple[str, str, str, str]
"""Base, the digest of its key, model, image: no two keys ever share a description."""

PROMPT = files(__package__).joinpath("describe.md").read_text("utf-8").strip()
_MOST_TOKENS = 8192
_THOUGHT = re.compile(r"<think>.*?</think>|<\|(?:begin|end)_of_box\|>", re.DOTALL)
"""What older vision models leave in their text (Z.ai API reference)."""

_log = logging.getLogger("glm")


@dataclass(frozen=True, slots=True)
class VisionLimits:
    """How much may be asked, kept and waited for."""

    at_once: int = 3
    per_turn: int = 20
    """Images that one turn asks about; the newest go first, the rest has its turn next time."""
    turn_seconds: float = 90.0
    """How long a turn waits; what comes later is there for the next turn."""
    failure_seconds: float = 300.0
    """How long a thread does not ask again about an image that could not be described."""
    entries: int = 2000
    characters: int = 8_000_000
    """Descriptions kept."""


@dataclass(frozen=True, slots=True)
class Seer:
    """Who describes, and for whom."""

    model: Model
    client: SideClient
    owner: str
    """A digest of the key; see `Key`."""
    thread: str
    """The client's conversation."""
    note: Callable[[SideCall], None]
    enter: Callable[[Call], Awaitable[JsonObject]]
    """Makes a call when the key has room for it, and again where that helps."""

    def key(self, image: Image) -> Key:
        """Give the key under which an image's description is kept."""
        return self.client.base, self.owner, self.model.name, image.id

    async def ask(self, image: Image) -> str:
        """Ask for a description; raises SideCallError."""
        body = request(self.model, image.url)
        reply = await self.enter(
            lambda: recorded(self.client, "/chat/completions", body, "image", self.note, read_reply)
        )
        return read_reply(reply)


class Describer:
    """Has images described, each once for a key, and keeps what was said in memory."""

    def __init__(
        self, limits: VisionLimits | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits = limits or VisionLimits()
        self._clock = clock
        self._kept: OrderedDict[Key, Description] = OrderedDict()
        self._characters = 0
        self._failed: OrderedDict[tuple[str, Key], tuple[float, Description]] = OrderedDict()
        self._asking: dict[Key, asyncio.Task[Description]] = {}
        self._places = asyncio.Semaphore(self._limits.at_once)

    async def describe(self, images: Sequence[Image], seer: Seer) -> dict[str, Description]:
        """Give a description, or why there is none, for each image by its id; raises nothing."""
        known = {image.id: self._recall(seer, image) for image in images}
        unknown = [image for image in images if known[image.id] is None]
        asked = unknown[-self._limits.per_turn :]
        found = await self._ask_all(asked, seer)
        late = Description(seer.model.name, failure="its turn has not come yet")
        return {id_: one or found.get(id_, late) for id_, one in known.items()}

    def unknown(self, images: Sequence[Image], seer: Seer) -> int:
        """Count the images that would have to be asked about."""
        return sum(self._recall(seer, image) is None for image in images)

    def close(self) -> None:
        """Ask no further."""
        for task in self._asking.values():
            task.cancel()

    async def _ask_all(self, images: Sequence[Image], seer: Seer) -> dict[str, Description]:
        tasks = {image.id: self._begin(image, seer) for image in reversed(images)}
        if not tasks:
            return {}
        done, _ = await asyncio.wait(tasks.values(), timeout=self._limits.turn_seconds)
        found = {i: t.result() for i, t in tasks.items() if t in done and not t.cancelled()}
        for image in images:
            if (one := found.get(image.id)) and one.failure:
                self._note_failure(seer, image, one)
        return found

    def _begin(self, image: Image, seer: Seer) -> asyncio.Task[Description]:
        key = seer.key(image)
        if not (task := self._asking.get(key)):
            task = asyncio.ensure_future(self._describe_one(image, seer))
            self._asking[key] = task
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return task

    async def _describe_one(self, image: Image, seer: Seer) -> Description:
        try:
            async with self._places:
                text = await seer.ask(image)
        except SideCallError as error:
            return Description(seer.model.name, failure=str(error) or "no reply")
        except Exception:  # noqa: BLE001  # an image must never cost the turn
            _log.exception("a defect of the addon kept an image from being described")
            return Description(seer.model.name, failure="a defect of the proxy")
        described = Description(seer.model.name, text)
        self._keep(seer.key(image), described)
        return described

    def _recall(self, seer: Seer, image: Image) -> Description | None:
        key = seer.key(image)
        if kept := self._kept.get(key):
            self._kept.move_to_end(key)
            return kept
        until, failure = self._failed.get((seer.thread, key), (0.0, None))
        return failure if self._clock() < until else None

    def _keep(self, key: Key, description: Description) -> None:
        self._kept[key] = description
        self._characters += len(description.text)
        while len(self._kept) > self._limits.entries or (
            self._characters > self._limits.characters and len(self._kept) > 1
        ):
            _, oldest = self._kept.popitem(last=False)
            self._characters -= len(oldest.text)

    def _note_failure(self, seer: Seer, image: Image, failure: Description) -> None:
        until = self._clock() + self._limits.failure_seconds
        self._failed[seer.thread, seer.key(image)] = until, failure
        if len(self._failed) > self._limits.entries:
            self._failed.popitem(last=False)


def request(model: Model, url: str) -> JsonObject:
    """Make the chat body that asks for the description of one image."""
    image: JsonObject = {"type": "image_url", "image_url": {"url": url}}
    content = [image, {"type": "text", "text": PROMPT}]
    return {
        "model": model.name,
        "messages": [{"role": "user", "content": content}],
        "stream": False,
        **thinking_fields(model, say_effort(model, "none")),
        "max_tokens": min(_MOST_TOKENS, model.output),
    }


def read_reply(reply: JsonObject) -> str:
    """Read the description out of a reply; raises SideCallError where there is none."""
    deltas = list(parse_chunk(reply))
    said = "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
    reasons = [delta.reason for delta in deltas if isinstance(delta, Finished)]
    reason = reasons[-1] if reasons else "stop"
    if reason not in ("stop", "length"):
        raise SideCallError("", f"the description ended with {reason}", 200)
    text = _THOUGHT.sub("", said).strip()
    if not text:
        raise SideCallError("", "the description is empty", 200)
    return text if reason == "stop" else f"{text} … (the description was cut off here)"
