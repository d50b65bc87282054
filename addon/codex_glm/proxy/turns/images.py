"""Images of a turn: who is asked to describe them, and what was learned of them from GLM."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from codex_glm.proxy.turns.side_gate import pass_gate
from codex_glm.sidecalls.client import SideClient
from codex_glm.sidecalls.vision import Describer, Seer
from codex_glm.translation.request.sight import has_images
from codex_glm.translation.request.translate import images_to_describe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mitmproxy.http import HTTPFlow

    from codex_glm.proxy.turns.gate import Gate
    from codex_glm.proxy.turns.turn import Turn
    from codex_glm.proxy.turns.upstream import Upstream
    from codex_glm.sidecalls.calls import SideCall
    from codex_glm.translation.request.context import TranslationSettings
    from codex_glm.translation.request.sight import Description
    from codex_glm.translation.wire.wire_json import JsonObject

_CALL_SECONDS = 60.0
_MOST_VERDICTS = 10_000
_SUSPECT = frozenset({"parameter", "policy"})
"""Rules of failures that an image may have caused, and would cause again in every later turn."""


class Images:
    """What the turns share about images."""

    def __init__(self) -> None:
        self.describer = Describer()
        self._verdicts: OrderedDict[tuple[bytes, str], bool] = OrderedDict()
        """By key and image: whether GLM took a turn that held it, or refused the first one."""

    async def look(
        self,
        flow: HTTPFlow,
        headers: Mapping[str, str],
        body: JsonObject,
        wanted: TranslationSettings,
        place: tuple[Upstream, Gate],
        note: Callable[[SideCall], None],
    ) -> TranslationSettings:
        """Give `wanted` with what is known of the images in `body`, and ask about the rest.

        Side calls go to `note`. It raises nothing: what failed is said of the image.
        """
        if not has_images(body):
            return wanted
        key = wanted.seal_key
        refused = frozenset(i for (k, i), taken in self._verdicts.items() if k == key and not taken)
        descriptions = await self._describe(flow, headers, body, wanted, place, note)
        images = replace(wanted.images, refused=refused, descriptions=descriptions)
        return replace(wanted, images=images)

    def learn(self, turn: Turn) -> None:
        """Note whether GLM took a turn's images; new ones in a turn that it refused are suspect."""
        failure, key = turn.reply.stream.failure, turn.upstream.key.seal_key
        if failure and failure.rule not in _SUSPECT:
            return
        for image in turn.context.images:
            if not failure or (key, image) not in self._verdicts:
                self._verdicts[key, image] = not failure
                self._verdicts.move_to_end((key, image))
            if failure and not self._verdicts[key, image]:
                words = f"GLM refused the turn: image {image[:8]} is left out of the next ones"
                turn.context.receipt.add("dropped", "image-refused", words)
        while len(self._verdicts) > _MOST_VERDICTS:
            self._verdicts.popitem(last=False)

    async def _describe(
        self,
        flow: HTTPFlow,
        headers: Mapping[str, str],
        body: JsonObject,
        wanted: TranslationSettings,
        place: tuple[Upstream, Gate],
        note: Callable[[SideCall], None],
    ) -> Mapping[str, Description]:
        images = images_to_describe(body, wanted, headers)
        model = wanted.images.seer(wanted.base)
        if not images or not model:
            return {}
        upstream, gate = place
        seer = Seer(
            model=model,
            client=SideClient(upstream.base, upstream.key.value, _CALL_SECONDS),
            owner=wanted.seal_key.hex(),
            thread=headers.get("thread-id", ""),
            note=note,
            enter=partial(pass_gate, gate),
        )
        if count := self.describer.unknown(images, seer):
            flow.comment = f"{model.name} describes {count} image{'s' if count > 1 else ''}"
        return await self.describer.describe(images, seer)
