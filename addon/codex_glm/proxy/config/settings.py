"""What the user decided, in one piece."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from codex_glm.proxy.forward.hosts import AllowedHosts
from codex_glm.proxy.turns.follow_up import SearchLimits
from codex_glm.proxy.turns.json_schema import validate
from codex_glm.proxy.turns.retry import RetryLimits
from codex_glm.translation.catalog import catalog
from codex_glm.translation.models import base_kind
from codex_glm.translation.request.context import TranslationSettings
from codex_glm.translation.request.side_requests import SideChoice
from codex_glm.translation.request.sight import ImageSettings

if TYPE_CHECKING:
    from pathlib import Path

    from codex_glm.proxy.config.api_key import ApiKey
    from codex_glm.proxy.entry.client_tokens import ClientToken
    from codex_glm.proxy.turns.upstream import Upstream
    from codex_glm.translation.wire.wire_json import JsonObject

DEFAULT_BASE = "https://open.bigmodel.cn/api/coding/paas/v4"


@dataclass(frozen=True, slots=True)
class Settings:
    """The options, checked; `options` makes them."""

    base: str = DEFAULT_BASE
    base_source: str = "default"
    key: ApiKey | None = None
    model_map: tuple[tuple[str, str], ...] = ()
    side: SideChoice = field(default_factory=SideChoice)
    """Which model answers what Codex asks beside the conversation."""
    effort: str = ""
    tool_stream: bool = True
    simulator: str = "off"
    failover: tuple[Upstream, ...] = ()
    """Further places to go to, in order."""
    retries: RetryLimits = field(default_factory=RetryLimits)
    concurrency: int = 0
    """Turns of one key at once; 0: learned."""
    web_search: bool = True
    searching: SearchLimits = field(default_factory=SearchLimits)
    images: ImageSettings = field(default_factory=ImageSettings)
    keepalive: float = 10.0
    """Seconds of silence before the client gets a sign of life."""
    tokens: tuple[ClientToken, ...] = ()
    """Tokens of the clients; with none, everybody on this machine may come in, and nobody else."""
    host_names: tuple[str, ...] = ()
    """Names that the proxy is called by, besides its addresses."""
    stop_seconds: float = 30.0
    """How long turns under way may take to finish when the proxy is asked to stop; 0: no time."""
    allowed_hosts: AllowedHosts = field(default_factory=AllowedHosts)
    """Hosts that forward mode lets through, besides GLM's."""
    record: Path | None = None
    """Where turns are recorded as test fixtures."""
    fast_lane: bool = True
    """Whether replies may stream past mitmproxy's layers."""
    rows: str = "auto"
    """Whether GLM's side has rows of its own; see `proxy.shown.rows`."""
    max_body: int = 64 << 20
    """The most that a request's body may have, in bytes; 0: no limit."""
    keep_bytes: int = 256 << 20
    """What the view may hold; 0: no limit."""

    @property
    def simulated(self) -> bool:
        """Whether turns go to the embedded simulator."""
        return self.simulator == "on" or (self.simulator == "auto" and self.key is None)

    @property
    def bases(self) -> list[str]:
        """Where keys may be sent; the simulator inside has a base and a key of its own."""
        own = [] if self.simulator == "on" else [self.base]
        return [*own, *(place.base for place in self.failover)]

    @property
    def key_values(self) -> list[str]:
        """The keys and the clients' tokens, which must not be written anywhere."""
        own = [self.key] if self.key else []
        keys = [*own, *(place.key for place in self.failover)]
        return [*(key.value for key in keys), *(token.value for token in self.tokens)]

    @property
    def base_kind(self) -> str:
        """The product that the base belongs to; see `translation.models.base_kind`."""
        return base_kind(self.base)

    def catalog(self, codex: str) -> JsonObject:
        """Give the catalogue for a version of Codex; see `translation.catalog`."""
        helped = self.images.mode != "omit"
        return catalog(self.base_kind, self.model_map, codex, images=helped)

    def translation(self, key: ApiKey, *, rounds: bool = False) -> TranslationSettings:
        """Give the part that translation needs, for a turn under `key`.

        `rounds` tells whether the turn may have several rounds; searches need them.
        """
        return TranslationSettings(
            base=self.base_kind,
            model_map=self.model_map,
            tool_stream=self.tool_stream,
            effort=self.effort,
            side=self.side,
            seal_key=key.seal_key,
            searches=self.web_search and rounds,
            validate=validate,
            images=self.images,
            zone=datetime.now().astimezone().tzinfo or UTC,
        )
