"""What is kept of a side call, for people to read."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from codex_glm.sidecalls.client import SideCallError
from codex_glm.translation.wire.wire_json import encode_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from codex_glm.sidecalls.client import SideClient
    from codex_glm.translation.wire.wire_json import JsonObject


@dataclass(frozen=True, slots=True)
class SideCall:
    """One side call that has ended."""

    kind: str
    """What it was for, such as `image`."""
    url: str
    model: str
    """The model asked, or whatever else answered."""
    seconds: float
    outcome: str
    """`ok`, or why it brought nothing."""
    request: str
    """JSON, with data URLs cut off behind their head."""
    reply: str
    """JSON; empty where the call failed."""

    def to_json(self) -> dict[str, object]:
        """Give plain values, fit for a flow's metadata."""
        return asdict(self)


async def recorded(
    client: SideClient,
    path: str,
    body: JsonObject,
    kind: str,
    note: Callable[[SideCall], None],
    check: Callable[[JsonObject], object] | None = None,
) -> JsonObject:
    """Post `body`, hand what is kept of the call to `note`, and give the reply.

    Raises SideCallError, as `SideClient.post_json` does, or as `check` does of a reply without use.
    """
    begun = time.monotonic()

    def end(outcome: str, reply: str = "") -> None:
        seconds = round(time.monotonic() - begun, 3)
        request = encode_text(without_data(body))
        model = str(body.get("model", ""))
        note(SideCall(kind, f"{client.base}{path}", model, seconds, outcome, request, reply))

    try:
        reply = await client.post_json(path, body)
        if check:
            check(reply)
    except SideCallError as error:
        end(str(error) or "failed")
        raise
    except asyncio.CancelledError:  # GLM was asked all the same, and may charge it
        end("given up before it ended")
        raise
    end("ok", encode_text(reply))
    return reply


def without_data(value: object) -> object:
    """Give a JSON value whose data URLs are cut off behind their head."""
    if isinstance(value, dict):
        return {key: without_data(each) for key, each in value.items()}
    if isinstance(value, list):
        return [without_data(each) for each in value]
    if isinstance(value, str) and value.startswith("data:"):
        head, _, data = value.partition(",")
        return f"{head[:100]},… ({len(data)} characters)"
    return value
