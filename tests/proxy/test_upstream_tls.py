"""TLS to GLM: who cannot show a certificate for its name gets no key."""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from mitmproxy.certs import CertStore
from mitmproxy.exceptions import OptionsError

from .fake_upstream import WHOLE, FakeUpstream
from .support import KEY, last_event

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from .conftest import StartProxy
    from .support import ProxyThread


class TlsUpstream(FakeUpstream):
    """A GLM behind TLS, with a certificate that nobody vouches for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(WHOLE)
        CertStore.from_store(folder, "test", 2048)
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(folder / "test-ca.pem")
        self.base_url_tls = f"https://127.0.0.1:{self.port}/v4"

    def _serve(self, connection: socket.socket, number: int) -> None:
        with suppress(OSError):
            super()._serve(self.context.wrap_socket(connection, server_side=True), number)


@pytest.fixture
def glm(tmp_path: Path) -> Iterator[TlsUpstream]:
    with TlsUpstream(tmp_path) as listening:
        yield listening


def proxy_to(start_proxy: StartProxy, glm: TlsUpstream, **options: object) -> ProxyThread:
    return start_proxy(glm_api_base=glm.base_url_tls, glm_api_key=KEY, glm_retries="0", **options)


def test_an_unknown_certificate_gets_no_key(start_proxy: StartProxy, glm: TlsUpstream) -> None:
    response = proxy_to(start_proxy, glm).post()
    assert last_event(response)["type"] == "failed"
    assert "certificate" in response.text.lower()
    assert glm.connections == 1
    assert glm.seen == []


def test_on_this_machine_it_may_be_left_unchecked(
    start_proxy: StartProxy, glm: TlsUpstream
) -> None:
    response = proxy_to(start_proxy, glm, ssl_insecure=True).post()
    assert last_event(response)["type"] == "completed"
    assert glm.seen[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("before", "change"),
    [
        ({}, {"ssl_insecure": True, "glm_api_base": "https://glm.example/v4"}),
        ({"ssl_insecure": True}, {"glm_api_base": "https://glm.example/v4"}),
        ({"glm_api_base": "https://glm.example/v4"}, {"ssl_insecure": True}),
    ],
)
def test_elsewhere_it_may_not(
    start_proxy: StartProxy,
    glm: TlsUpstream,
    before: dict[str, object],
    change: dict[str, object],
) -> None:
    proxy = start_proxy(**{"glm_api_base": glm.base_url_tls, "glm_api_key": KEY, **before})
    with pytest.raises(OptionsError, match="ssl_insecure would give the key"):
        proxy.set(**change)
    options = proxy.master.options
    assert not (options.ssl_insecure and "example" in proxy.addon.settings.base)
