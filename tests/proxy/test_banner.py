"""What the banner says of where the proxy listens."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from codex_glm.proxy.launch import banner
from mitmproxy import ctx


@pytest.mark.parametrize(
    ("listened", "told"),
    [
        ([("127.0.0.1", 1)], "127.0.0.1:1"),
        ([("192.0.2.7", 1)], "192.0.2.7:1"),
        ([("::1", 1, 0, 0)], "[::1]:1"),
        ([("::1", 1, 0, 0), ("127.0.0.1", 1)], "127.0.0.1:1"),
        ([("0.0.0.0", 1)], "127.0.0.1:1"),
        ([("::", 1, 0, 0), ("0.0.0.0", 1)], "127.0.0.1:1"),
        ([("::", 1, 0, 0)], "[::1]:1"),
    ],
)
def test_an_address_can_be_used_in_a_url(
    listened: list[tuple[object, ...]], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mode = SimpleNamespace(type_name="reverse")
    servers = [
        SimpleNamespace(mode=mode, listen_addrs=listened),
        SimpleNamespace(mode=mode, listen_addrs=[]),
    ]
    proxyserver = SimpleNamespace(servers=servers)
    master = SimpleNamespace(addons={"proxyserver": proxyserver})
    monkeypatch.setattr(ctx, "master", master, raising=False)
    assert banner._listening("reverse") == [told]
    assert banner._listening("regular") == []
