"""Waiting for what another process does in its own time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 60
"""A bound for machines that are busy: what has not happened by then never does."""


def wait_until(true: Callable[[], object]) -> None:
    """Wait until something is true; raises AssertionError where it does not come true."""
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
