"""Whether the log goes to a terminal that shows colours, and to nothing else."""

from __future__ import annotations

import os

from mitmproxy import ctx


def shows_colours() -> bool:
    """Tell so for mitmdump on a terminal; mitmweb and the console also show the log in their own.

    `NO_COLOR` in the environment says no (no-color.org).
    """
    master = getattr(ctx, "master", None)
    addons = master.addons if master else None
    if addons is None or addons.get("eventstore") or os.environ.get("NO_COLOR"):
        return False
    log = addons.get("termlog")
    return bool(log and log.logger.has_vt_codes)
