"""mitmproxy's old event for log lines, spared where nobody listens to it.

Besides its handlers a line goes to each of some forty addons as `add_log`, deprecated since
mitmproxy 9. With a line for each turn that is as dear as one more hook, and it comes when the
client may be asking for the next turn already. mitmproxy's own addons do not listen (12.2.3).
"""

from __future__ import annotations

import logging

from mitmproxy import ctx
from mitmproxy.addonmanager import traverse
from mitmproxy.log import LegacyLogEvents


class LogEvent:
    """An addon that lets the event through as soon as an addon has a hook for it."""

    def __init__(self) -> None:
        self._handlers: list[LegacyLogEvents] = []

    def running(self) -> None:
        """Stand before the event; mitmproxy's hook for the end of its start."""
        self._handlers = [
            handler
            for handler in logging.getLogger().handlers
            if isinstance(handler, LegacyLogEvents) and handler.master is ctx.master
        ]
        for handler in self._handlers:
            handler.addFilter(self._is_heard)

    def done(self) -> None:
        """Step aside."""
        for handler in self._handlers:
            handler.removeFilter(self._is_heard)

    def _is_heard(self, _: logging.LogRecord) -> bool:
        chains = [handler.master.addons.chain for handler in self._handlers]
        return any(hasattr(addon, "add_log") for chain in chains for addon in traverse(chain))
