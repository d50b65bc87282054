"""The door: what a web page sends, what names another host, and what shows no token."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from codex_glm.proxy.config.settings import Settings
from codex_glm.proxy.entry import door
from codex_glm.proxy.entry.door import CLIENT, Door
from mitmproxy.exceptions import OptionsError
from mitmproxy.proxy.mode_specs import ProxyMode

from .support import KEY, SINK, failure_code, last_event, served, turn_body, wait_until
from .test_client_tokens import ALICE, BOB, TOKENS, basic

if TYPE_CHECKING:
    from .conftest import StartProxy
    from .fake_upstream import FakeUpstream
    from .support import ProxyThread

WITH_TOKENS = {"glm_client_tokens": ["alice=ALICE", "bob=BOB"]}
CODEX = {
    "originator": "codex_vscode",
    "user-agent": "codex_vscode/0.169.0",
    "session-id": "0199",
    "accept": "text/event-stream",
}
"""What tells Codex of an editor; it sends no Origin."""


@pytest.fixture
def guarded(
    start_proxy: StartProxy, glm: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> ProxyThread:
    monkeypatch.setenv("ALICE", ALICE)
    monkeypatch.setenv("BOB", BOB)
    return served(start_proxy, glm, **WITH_TOKENS)


def refused(response: httpx.Response, status: int, code: str) -> None:
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert set(error) == {"message", "type", "param", "code"}
    assert not [name for name in response.headers if name.startswith("access-control-")]


PAGES = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:18765"},
    {"origin": ""},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
    {"sec-fetch-site": "same-site"},
    {"origin": "https://evil.example", "access-control-request-method": "POST"},
]


REQUESTS = [
    ("POST", "/v1/responses"),
    ("POST", "/v1/responses/compact"),
    ("OPTIONS", "/v1/responses"),
    ("GET", "/v1/models"),
    ("GET", "/health"),
    ("GET", "/"),
]


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_pages_are_refused(proxy: ProxyThread, glm: FakeUpstream, method: str, path: str) -> None:
    body = turn_body() if method == "POST" else None
    with proxy.client() as client:
        for headers in PAGES:
            response = client.request(method, path, json=body, headers=headers)
            refused(response, 403, "cross_site_request")
    assert glm.connections == 0


@pytest.mark.parametrize(
    "headers",
    [
        CODEX,
        {"sec-fetch-mode": "cors"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "same-origin"},
        {"referer": "https://client.example"},
    ],
)
def test_programs_are_served(proxy: ProxyThread, headers: dict[str, str]) -> None:
    assert last_event(proxy.post(headers=headers))["type"] == "completed"


OTHER_HOSTS = [
    "evil.example",
    "evil.example:{port}",
    "localhost.evil.example:{port}",
    "127.0.0.1:1",
    "127.0.0.1",
    "0.0.0.0:{port}",
    "192.168.1.5:{port}",
    "glm.invalid",
    "",
]


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_other_hosts_are_refused(
    proxy: ProxyThread, glm: FakeUpstream, method: str, path: str
) -> None:
    with proxy.client() as client:
        for host in OTHER_HOSTS:
            headers = {"host": host.format(port=proxy.port)}
            response = client.request(method, path, headers=headers)
            refused(response, 403, "host_not_allowed")
    assert glm.connections == 0


def test_no_host_is_refused(proxy: ProxyThread, glm: FakeUpstream) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port)) as raw:
        raw.sendall(b"POST /v1/responses HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}")
        raw.settimeout(10)
        assert b" 403 " in raw.recv(65536).splitlines()[0]
    assert glm.connections == 0


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1:{port}", "box.lan", "box.lan:9"])
def test_own_hosts_are_served(start_proxy: StartProxy, glm: FakeUpstream, host: str) -> None:
    proxy = served(start_proxy, glm, glm_host_names=["box.lan"])
    headers = {"host": host.format(port=proxy.port)}
    assert last_event(proxy.post(headers=headers))["type"] == "completed"


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"authorization": f"Bearer {ALICE}"}, "alice"),
        ({"authorization": f"Bearer {BOB}"}, "bob"),
        ({"x-api-key": ALICE}, "alice"),
        ({"x-api-key": ALICE, "authorization": "Bearer sk-of-openai"}, "alice"),
    ],
)
def test_a_token_lets_in_under_its_name(
    guarded: ProxyThread,
    glm: FakeUpstream,
    caplog: pytest.LogCaptureFixture,
    headers: dict[str, str],
    name: str,
) -> None:
    with caplog.at_level("INFO", "glm"):
        assert last_event(guarded.post(headers=headers))["type"] == "completed"
        flow = guarded.flow()
        wait_until(lambda: any(name in record.getMessage() for record in [*caplog.records]))
    assert flow.metadata[CLIENT] == flow.metadata["glm"]["client"] == name
    assert glm.seen[0].headers["authorization"] == f"Bearer {KEY}"
    for token in (ALICE, BOB):
        assert token not in str(flow.get_state())
        assert token not in caplog.text
        assert token not in glm.seen[0].head


STRANGERS = [
    {},
    {"authorization": "Bearer codex-glm"},
    {"authorization": f"Bearer {KEY}"},
    {"authorization": f"Bearer {ALICE}x"},
    {"x-api-key": "alice"},
    {"cookie": f"token={ALICE}"},
]


def test_no_token_no_turn(guarded: ProxyThread, glm: FakeUpstream) -> None:
    for headers in STRANGERS:
        refused(guarded.post(headers=headers), 401, "invalid_api_key")
        with guarded.client() as client:
            refused(client.get("/v1/models", headers=headers), 401, "invalid_api_key")
    assert glm.connections == 0


def test_this_machine_may_ask_how_it_is(guarded: ProxyThread) -> None:
    with guarded.client() as client:
        assert client.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"x-api-key": ALICE, "authorization": f"Bearer {KEY}"}, KEY),
        ({"x-api-key": ALICE, "authorization": f"Bearer {BOB}"}, ""),
        ({"authorization": f"Bearer {BOB}"}, ""),
        ({"authorization": f"Bearer {ALICE}"}, ""),
    ],
)
def test_a_token_is_never_taken_for_a_key(
    start_proxy: StartProxy,
    glm: FakeUpstream,
    monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str],
    key: str,
) -> None:
    """A proxy without a key takes the client's, but not a token, whatever its shape."""
    monkeypatch.setenv("ALICE", ALICE)
    monkeypatch.setenv("BOB", BOB)
    proxy = start_proxy(glm_api_base=glm.base_url, **WITH_TOKENS)
    response = proxy.post(headers=headers)
    assert [seen.headers["authorization"] for seen in glm.seen] == [f"Bearer {key}"][: len(key)]
    if not key:
        assert failure_code(response) == "invalid_prompt"


def test_a_defect_at_the_door_lets_nothing_in(
    proxy: ProxyThread, glm: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "bearer_key", lambda *_: 1 / 0)
    assert proxy.post().status_code == 500
    monkeypatch.setattr(Door, "requestheaders", lambda *_: None)
    assert proxy.post().status_code == 503, "a request that did not come by the door"
    assert glm.connections == 0


def test_what_brings_others_in_is_refused_later_too(proxy: ProxyThread) -> None:
    with pytest.raises(OptionsError, match="would let others than this machine in"):
        proxy.set(mode=[SINK.replace("@127.0.0.1", "@0.0.0.0")])
    assert proxy.master.options.mode == [SINK]
    server = proxy.master.addons.get("proxyserver")
    wait_until(lambda: [address[0] for address in server.listen_addrs()] == ["127.0.0.1"])
    assert proxy.post().status_code == 200


def test_the_last_token_stays_while_others_may_come(
    start_proxy: StartProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALICE", ALICE)
    wide = SINK.replace("@127.0.0.1", "@0.0.0.0")
    proxy = start_proxy(mode=[wide], glm_client_tokens=["alice=ALICE"])
    with pytest.raises(OptionsError, match="would let others than this machine in"):
        proxy.set(glm_client_tokens=[])
    refused(proxy.post(), 401, "invalid_api_key")


@pytest.mark.parametrize(
    ("address", "mode", "tokens", "let_in"),
    [
        ("127.0.0.1", SINK, (), True),
        ("::1", SINK, (), True),
        ("192.168.1.5", SINK, (), False),
        ("::ffff:192.168.1.5", "regular", (), False),
        ("192.168.1.5", SINK, TOKENS, True),
        ("203.0.113.9", "local:codex", (), True),
    ],
)
def test_connections_from_elsewhere_are_dropped(
    address: str, mode: str, tokens: tuple[Any, ...], let_in: bool
) -> None:
    """As in the moment between the start and the reading of the settings file."""
    settings = Settings(tokens=tokens)
    parsed = ProxyMode.parse(mode)
    client: Any = SimpleNamespace(sockname=(address, 80), proxy_mode=parsed, error=None)
    Door(lambda: settings).client_connected(client)
    assert (client.error is None) is let_in


def tunnel(proxy: ProxyThread, *headers: str) -> bytes:
    """Ask for a tunnel to OpenAI; gives the line that answers."""
    head = ["CONNECT api.openai.com:443 HTTP/1.1", "Host: api.openai.com:443", *headers, "", ""]
    with socket.create_connection(("127.0.0.1", proxy.port)) as raw:
        raw.settimeout(10)
        raw.sendall("\r\n".join(head).encode())
        return raw.recv(65536).splitlines()[0]


def test_a_forward_proxy_asks_where_the_tunnel_begins(
    start_proxy: StartProxy, glm: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALICE", ALICE)
    monkeypatch.setenv("BOB", BOB)
    proxy = served(start_proxy, glm, mode=["regular@127.0.0.1:0"], **WITH_TOKENS)
    assert b" 407 " in tunnel(proxy)
    assert b" 407 " in tunnel(proxy, f"Proxy-Authorization: {basic('sk-of-openai')}")
    assert b" 200 " in tunnel(proxy, f"Proxy-Authorization: {basic(BOB)}")
    way = f"http://me:{ALICE}@127.0.0.1:{proxy.port}"
    with httpx.Client(proxy=way, verify=False, trust_env=False) as client:
        headers = {"authorization": "Bearer sk-of-openai"}
        url = "https://api.openai.com/v1/responses"
        answered = client.post(url, json=turn_body(), headers=headers)
        page = client.post(url, json=turn_body(), headers={"origin": "https://evil.example"})
    assert last_event(answered)["type"] == "completed"
    refused(page, 403, "cross_site_request")
    turn = next(flow for flow in proxy.flows if "glm" in flow.metadata)
    assert turn.metadata[CLIENT] == "alice"
    for flow in proxy.flows:
        assert ALICE not in str(flow.get_state())
        assert basic(ALICE) not in str(flow.get_state())
