"""The check of completeness itself: whatever is taken away or spoilt must be noticed."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from .open_responses import lacks
from .support import GLM, replay

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENTS = {
    str(event["type"]): event
    for name in ("08-thinking-content-tool", "09-length-thinking-ate-budget", "10-sensitive")
    for event in replay([(GLM / f"{name}.sse").read_bytes()]).events
}
MAY_BE_LEFT_OUT = {"logprobs", "encrypted_content", "user", "cache_write_tokens"}
"""What the specification lets go, or does not have."""


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Give the way to each field that is checked: not into what a client declared."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key in MAY_BE_LEFT_OUT:
                continue
            yield (*path, key)
            if key not in ("tools", "metadata", "parameters"):
                yield from places(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from places(each, (*path, index))


def holder(event: Any, path: tuple[str | int, ...]) -> Any:
    for key in path[:-1]:
        event = event[key]
    return event


@pytest.mark.parametrize("kind", EVENTS)
def test_whatever_is_taken_away_or_spoilt_is_noticed(kind: str) -> None:
    assert lacks(EVENTS[kind]) == []
    ways = [path for path in places(EVENTS[kind]) if path != ("type",)]
    assert ways
    for path in ways:
        without = copy.deepcopy(EVENTS[kind])
        del holder(without, path)[path[-1]]
        assert lacks(without), path
        spoilt = copy.deepcopy(EVENTS[kind])
        holder(spoilt, path)[path[-1]] = b"not of this world"
        assert lacks(spoilt) or path[-1] == "metadata", path


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("response", "store"), None, "no boolean"),
        (("response", "created_at"), True, "no integer"),
        (("response", "output"), {}, "no list"),
        (("response", "usage"), 7, "no object"),
        (("response", "text", "format"), {"type": "odd"}, "unknown type"),
        (("response", "tool_choice"), {"type": "allowed_tools"}, "AllowedToolChoice"),
    ],
)
def test_what_is_told(path: tuple[str, ...], value: object, told: str) -> None:
    event: Any = copy.deepcopy(EVENTS["response.completed"])
    holder(event, path)[path[-1]] = value
    found = lacks(event)
    assert found
    assert told in found[0] or path[-1] == "tool_choice"


def test_an_event_that_nobody_knows() -> None:
    with pytest.raises(AssertionError, match="not known"):
        lacks({"type": "response.made_up", "sequence_number": 1})
