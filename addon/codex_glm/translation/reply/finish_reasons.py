"""What GLM's finish_reason says of a reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import errors

if TYPE_CHECKING:
    from ..errors import Failure
    from ..receipt import Receipt

COMPLETED = frozenset({"stop", "tool_calls"})
OUT_OF_TOKENS = "length"
_FAILED = {
    "sensitive": "sensitive",
    "network_error": "network_error",
    "model_context_window_exceeded": "window",
}


def told_failure(reason: str, receipt: Receipt) -> Failure | None:
    """Give the failure that a finish_reason tells; an empty one tells that the reply was cut."""
    if reason in COMPLETED or reason == OUT_OF_TOKENS:
        return None
    if not reason:
        return errors.failure("cut")
    if reason not in _FAILED:
        receipt.unknown("finish-reason", reason, "taken for a failure")
    return errors.failure(_FAILED.get(reason, "finish"), reason)
