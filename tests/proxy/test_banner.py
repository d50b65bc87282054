"""What the banner says of where the proxy listens."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from codex_glm.proxy.config.settings import Settings
from codex_glm.proxy.entry.client_tokens import ClientToken
from codex_glm.proxy.launch import banner
from mitmproxy import ctx
from mitmproxy.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable

type Listen = Callable[..., None]


@pytest.fixture
def listen(monkeypatch: pytest.MonkeyPatch) -> Listen:
    """Give a function that has a mitmproxy serve one mode at these addresses."""

    def serve(mode: str, *addresses: tuple[object, ...]) -> None:
        one = SimpleNamespace(type_name=mode)
        servers = [SimpleNamespace(mode=one, listen_addrs=each) for each in (addresses, ())]
        master = SimpleNamespace(addons={"proxyserver": SimpleNamespace(servers=servers)})
        monkeypatch.setattr(ctx, "master", master, raising=False)
        monkeypatch.setattr(ctx, "options", Options(confdir="/conf"), raising=False)

    return serve


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
    listened: list[tuple[object, ...]], told: str, listen: Listen
) -> None:
    listen("reverse", *listened)
    assert banner._listening("reverse") == [told]
    assert banner._listening("regular") == []


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("reverse", 'glm_client_tokens asks for one, in place of "codex-glm"'),
        ("regular", "as the password: HTTPS_PROXY=http://me:TOKEN@127.0.0.1:1"),
    ],
)
def test_where_a_token_goes(mode: str, said: str, listen: Listen) -> None:
    listen(mode, ("127.0.0.1", 1))
    settings = Settings(tokens=(ClientToken("me", "t" * 20),))
    (line,) = [line for line in banner._for_codex(settings) if line.startswith("  token ")]
    assert line.endswith(said)
    assert not [line for line in banner._for_codex(Settings()) if "glm_client_tokens" in line]
