"""Which mitmproxy the parts of this folder fit."""

from __future__ import annotations

import logging

import h11
from mitmproxy import version

_log = logging.getLogger("glm")

VERSIONS = ("12.2.", "12.3.")
"""Beginnings of versions whose HTTP layers were read: 12.2.3 and 12.3.1."""
EXACTLY = frozenset({("12.2.3", "0.16.0")})
"""Pairs of mitmproxy and h11 that all tests have run with."""


def is_known(replaced: type, relied_on: tuple[str, ...], else_: str) -> bool:
    """Tell whether a class of mitmproxy is the one that was read; if not, log what that means."""
    missing = [name for name in relied_on if not hasattr(replaced, name)]
    if not missing and version.VERSION.startswith(VERSIONS):
        return True
    lacking = f" (it lacks {', '.join(missing)})" if missing else ""
    _log.warning("mitmproxy %s%s: %s", version.VERSION, lacking, else_)
    return False


def is_exactly_known() -> bool:
    """Tell whether this very mitmproxy and h11 were tested with, down to their state."""
    return (version.VERSION, h11.__version__) in EXACTLY  # type: ignore[attr-defined]  # it is
