"""How much of each key's plan is used, as GLM tells it, kept beside the turns.

Nothing here is waited for: a turn takes what is known when it begins, and what is due is asked in
the background. Each place, a base with a key, has an account of its own.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mitmproxy import ctx

from codex_glm.inspect.wording import one_line, printable
from codex_glm.proxy.config.api_key import FROM_CLIENT
from codex_glm.sidecalls.client import SideCallError, SideClient
from codex_glm.sidecalls.quota import ask_quota
from codex_glm.translation.quota import Quota, Window, open_windows, quota_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from codex_glm.proxy.config.settings import Settings
    from codex_glm.proxy.turns.under_way import Turns
    from codex_glm.proxy.turns.upstream import Upstream
    from codex_glm.translation.wire.wire_json import JsonObject

_log = logging.getLogger("glm")

FRESH_SECONDS = 60.0
"""For so long GLM is not asked again."""

OLDEST_SECONDS = 900.0
"""For so long an account is told; so long does Codex itself take one for fresh."""

LONGEST_PAUSE = 3600.0
"""What the pauses grow to where GLM does not give an account."""

_CALL_SECONDS = 20.0
_MOST_ACCOUNTS = 256


@dataclass(slots=True)
class _Account:
    """What is known of one place."""

    quota: Quota | None = None
    told_at: float = 0.0
    due: float = 0.0
    """When GLM may be asked again."""
    failures: int = 0
    """In a row."""
    asked: int = 0
    note: str = ""
    """Why there is no account, or what was left out of it."""
    asking: asyncio.Task[None] | None = field(default=None, repr=False)


class PlanLimits:
    """The accounts of all places; `wanted` is whether they are asked for at all."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.wanted = True
        self._clock = clock
        self._accounts: OrderedDict[Upstream, _Account] = OrderedDict()

    def windows(self, place: Upstream) -> tuple[Window, ...]:
        """Give what is known of a place's plan now: nothing, where that is too old."""
        account = self._accounts.get(place)
        if not self.wanted or not account or not account.quota:
            return ()
        if self._clock() - account.told_at > OLDEST_SECONDS:
            return ()
        return open_windows(account.quota.windows, int(time.time()))

    def look(self, place: Upstream, *, anew: bool = False) -> None:
        """Ask GLM in the background, if it is time to; `anew`: though the account is fresh."""
        if not self.wanted or not quota_root(place.base):
            return
        account = self._accounts.setdefault(place, _Account())
        self._accounts.move_to_end(place)
        self._forget_oldest()
        if anew and not account.failures:
            account.due = 0.0
        if account.asking is None and self._clock() >= account.due:
            account.asking = asyncio.ensure_future(self._ask(place, account))

    def told(self) -> list[JsonObject]:
        """Give the accounts of the proxy's own keys, for /health; those of clients are theirs."""
        return [
            {
                "base": place.base,
                "key": place.key.source,
                "plan": account.quota.level if account.quota else "",
                "windows": [window._asdict() for window in self.windows(place)],
                "asked": account.asked,
                "note": account.note,
            }
            for place, account in self._accounts.items()
            if place.key.source != FROM_CLIENT
        ]

    def stop(self) -> None:
        """Ask nothing more."""
        for account in self._accounts.values():
            if account.asking:
                account.asking.cancel()

    async def _ask(self, place: Upstream, account: _Account) -> None:
        account.asked += 1
        client = SideClient(quota_root(place.base), place.key.value, _CALL_SECONDS)
        try:
            account.quota = await ask_quota(client)
        except SideCallError as error:
            account.failures += 1
            pause = min(FRESH_SECONDS * 2**account.failures, LONGEST_PAUSE)
            self._note(place, account, str(error) or "no answer")
        else:
            account.failures, account.told_at, pause = 0, self._clock(), FRESH_SECONDS
            self._note(place, account, "; ".join(account.quota.notes))
        finally:
            account.asking = None
        account.due = self._clock() + pause

    def _note(self, place: Upstream, account: _Account, words: str) -> None:
        """Say once what is wrong, and again only where something else is."""
        words = printable(one_line(words, 240))
        if words and words != account.note:
            _log.warning("the account of the plan at %s: %s", place.base, words)
        account.note = words

    def _forget_oldest(self) -> None:
        while len(self._accounts) > _MOST_ACCOUNTS:
            _, account = self._accounts.popitem(last=False)
            if account.asking:
                account.asking.cancel()


class PlanWatch:
    """An addon that switches the asking on and off, and asks at the start for the first turn."""

    def __init__(self, turns: Turns, settings: Callable[[], Settings]) -> None:
        self._turns = turns
        self._settings = settings
        self._looking: asyncio.Task[None] | None = None

    def configure(self, updated: set[str]) -> None:
        """Read the option; mitmproxy's hook."""
        if "glm_quota" in updated:
            self._turns.plans.wanted = ctx.options.glm_quota

    def running(self) -> None:
        """Begin to look, where turns are served; mitmproxy's hook for the end of its start."""
        if self._turns.plans.wanted and ctx.options.server:
            self._looking = asyncio.ensure_future(self._look())

    def done(self) -> None:
        """Stop looking, now and later; mitmproxy's hook."""
        if self._looking:
            self._looking.cancel()
        self._turns.plans.stop()

    async def _look(self) -> None:
        for place in (await self._turns.upstreams(None, self._settings()))[:1]:
            self._turns.plans.look(place)
