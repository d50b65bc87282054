"""What stays while the code is loaded anew: a typed key, the turns under way, and a shut door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codex_glm.proxy.config.api_key import FROM_OPTION

if TYPE_CHECKING:
    from mitmproxy.addonmanager import AddonManager
    from mitmproxy.http import HTTPFlow
    from mitmproxy.proxy.server_hooks import ServerConnectionHookData

    from codex_glm.proxy.config.api_key import ApiKey


class Keeper:
    """An addon of mitmproxy's own list, which a reload of the script does not touch.

    Once the script is gone, because it could not be loaded or cannot read its settings, mitmproxy
    would be a plain proxy: one that takes Codex's prompts and credentials to OpenAI.
    """

    name = "glm_keeper"

    def __init__(self) -> None:
        self.ready = False
        """Whether the addon is there and has read its settings."""
        self.key = ""
        """The key that the option `glm_api_key` was given, after which it holds `HIDDEN`."""
        self.under_way: set[str] = set()
        """The ids of the turns that a stop waits for, whichever code they began with."""

    @classmethod
    def of(cls, addons: AddonManager) -> Keeper:
        """Give the one that is there, or a new one."""
        keeper: Keeper | None = addons.get(cls.name)
        if keeper is None:
            addons.add(keeper := cls())
        return keeper

    def keep(self, key: ApiKey | None) -> None:
        """Keep a key of the option; the settings file and the environment are read anew."""
        self.key = key.value if key and key.source == FROM_OPTION else ""

    def response(self, flow: HTTPFlow) -> None:
        """Count a turn that has ended."""
        self.under_way.discard(flow.id)

    def error(self, flow: HTTPFlow) -> None:
        """Count a turn whose client left."""
        self.under_way.discard(flow.id)

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """Let nothing be dialled while there is no addon that would see to it."""
        if not self.ready:
            data.server.error = "The GLM addon is not there, or cannot read its settings."
