"""Options of mitmproxy's that would undo a promise."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from codex_glm.proxy.config.guards import check_options
from mitmproxy.exceptions import OptionsError

PUBLIC, LOCAL = "https://api.z.ai/api/paas/v4", "http://127.0.0.1:8000/v1"
SOUND = {
    "stream_large_bodies": None,
    "proxy_debug": False,
    "validate_inbound_headers": True,
    "ssl_insecure": False,
    "http2": False,
}


@pytest.mark.parametrize(
    ("change", "bases", "said"),
    [
        ({}, [PUBLIC], ""),
        ({"ssl_insecure": True}, [LOCAL, "https://localhost:8443/v1", "https://[::1]/v1"], ""),
        ({"ssl_insecure": True}, [], ""),
        ({"ssl_insecure": True}, [PUBLIC], "ssl_insecure would give the key to whoever"),
        ({"ssl_insecure": True}, [LOCAL, PUBLIC], "ssl_insecure would give the key to whoever"),
        ({"stream_large_bodies": "1m"}, [LOCAL], "stream_large_bodies would send requests on"),
        ({"proxy_debug": True}, [LOCAL], "proxy_debug would write keys"),
        ({"http2": True}, [LOCAL], "http2 would cost each turn"),
        ({"validate_inbound_headers": False}, [LOCAL], "validate_inbound_headers=false would"),
    ],
)
def test_options(change: dict[str, object], bases: list[str], said: str) -> None:
    options: Any = SimpleNamespace(**{**SOUND, **change})
    if not said:
        check_options(options, bases)
        return
    with pytest.raises(OptionsError, match=f"^{said}"):
        check_options(options, bases)
