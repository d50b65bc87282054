"""Python's garbage collector, spared what stays for ever.

mitmproxy and the addon are some 100,000 objects that the collector can see. It goes through all of
them whenever the turns since have left about a quarter as many behind, and meanwhile no stream goes
on: 30 to 90 ms on the machine of `tests/bench` (2026-11-23, CPython 3.12 and 3.13). What is there
at the start is set aside, so that only what turns leave behind is gone through.
"""

from __future__ import annotations

import gc


class Heap:
    """An addon that sets the objects of the start aside, and gives them back at the end."""

    def running(self) -> None:
        """Set aside what has been loaded; mitmproxy's hook for the end of its start."""
        # What is set aside is never freed, so garbage must go first. After a reload that is what
        # turns have left: without this a soak of two minutes (100 streams, 5 reloads) took twice
        # the memory.
        gc.collect()
        gc.freeze()

    def done(self) -> None:
        """Give it back: of an addon that is loaded anew, the old objects are garbage."""
        gc.unfreeze()
