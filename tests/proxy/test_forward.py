"""Forward mode at the wire: what is answered in OpenAI's place, refused, or let through."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
from typing import TYPE_CHECKING

import httpx
import pytest
from codex_glm.simulator.thread import SimulatorThread

from .support import KEY, ProxyThread, last_event, turn_body, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .conftest import StartProxy

REGULAR = ["regular@127.0.0.1:0"]
ACCOUNT = "0a1b2c3d-account"
REFRESH = "rt-of-the-tests"
CHECK = "https://chatgpt.com/backend-api/wham/accounts/check"
MCP = "https://chatgpt.com/backend-api/ps/mcp"
HELLO = b"\x16\x03\x01 no protocol that a proxy could read"


@pytest.fixture
def proxy(start_proxy: StartProxy) -> ProxyThread:
    return start_proxy(mode=REGULAR)


def codex(proxy: ProxyThread, confdir: Path) -> httpx.Client:
    """Make a client that takes the proxy's CA, as Codex does."""
    trusted = ssl.create_default_context(cafile=str(confdir / "mitmproxy-ca-cert.pem"))
    return httpx.Client(proxy=proxy.url, verify=trusted, trust_env=False, timeout=10)


def connect(proxy: ProxyThread, target: str) -> tuple[socket.socket, str]:
    """Ask for a tunnel; gives the connection and the head of the answer."""
    made = socket.create_connection(("127.0.0.1", proxy.port), 10)
    made.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head and (data := made.recv(1)):
        head += data
    return made, head.decode()


@pytest.fixture
def echo() -> Iterator[tuple[int, list[bytes]]]:
    """Return the port of a server that says what it heard, once for each connection."""
    heard: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                heard.append(connection.recv(1000))
                connection.sendall(b"echo " + heard[-1])

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], heard
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "target", ["registry.npmjs.org:443", "notopenai.com:443", "192.0.2.1:443", "[2001:db8::1]:443"]
)
def test_other_hosts_are_refused_with_the_option_that_helps(
    proxy: ProxyThread, target: str
) -> None:
    connection, head = connect(proxy, target)
    with connection:
        status = head.splitlines()[0]
        assert status.startswith("HTTP/1.1 403 codex-glm serves OpenAI's hosts only")
        host = target.rpartition(":")[0].strip("[]")
        assert f"glm_allow_hosts={host}" in status
        assert f"glm_allow_hosts={host}" in connection.recv(1000).decode()


def test_plain_http_to_other_hosts_is_refused(proxy: ProxyThread) -> None:
    with httpx.Client(proxy=proxy.url, trust_env=False) as client:
        response = client.get("http://example.com/v1/models")
    assert response.status_code == 403
    error = response.json()["error"]
    assert error["code"] == "host_not_allowed"
    assert "glm_allow_hosts=example.com" in error["message"]
    assert proxy.flow().server_conn.timestamp_start is None


def test_an_allowed_host_gets_the_bytes_as_they_are(
    start_proxy: StartProxy, echo: tuple[int, list[bytes]]
) -> None:
    port, heard = echo
    proxy = start_proxy(mode=REGULAR, glm_allow_hosts=[f"localhost:{port}"])
    connection, head = connect(proxy, f"localhost:{port}")
    with connection:
        assert head.startswith("HTTP/1.1 200 ")
        connection.sendall(HELLO)
        assert connection.recv(1000) == b"echo " + HELLO
    assert heard == [HELLO]
    assert proxy.flows == []


def test_this_machine_is_not_dialled_without_leave(
    proxy: ProxyThread, echo: tuple[int, list[bytes]]
) -> None:
    port, heard = echo
    connection, _ = connect(proxy, f"127.0.0.1:{port}")
    with connection:
        connection.sendall(b"SSH-2.0-a-protocol-that-the-proxy-passes-on\r\n")
        assert connection.recv(1000) == b""
    assert heard == []


def test_account_is_told_to_codex_alone(proxy: ProxyThread, confdir: Path) -> None:
    with codex(proxy, confdir) as client:
        told = client.get(CHECK, headers={"chatgpt-account-id": ACCOUNT}).json()
    assert told["default_account_id"] == ACCOUNT
    flow = proxy.flow()
    wait_until(lambda: not flow.live)
    assert not proxy.addon._door._admitted
    assert flow.response
    assert flow.response.json()["default_account_id"] == "(masked)"
    assert ACCOUNT not in str(flow.get_state())
    flow.response.text = "edited"
    assert flow.response.raw_content == b"edited"


def test_account_in_a_dump(start_proxy: StartProxy, confdir: Path, tmp_path: Path) -> None:
    proxy = start_proxy(mode=REGULAR, save_stream_file=str(tmp_path / "dump"))
    with codex(proxy, confdir) as client:
        client.get(CHECK, headers={"chatgpt-account-id": ACCOUNT})
    wait_until(lambda: b"wham" in (tmp_path / "dump").read_bytes())
    assert ACCOUNT.encode() not in (tmp_path / "dump").read_bytes()


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_logins_are_left_alone(proxy: ProxyThread, confdir: Path, encoding: str) -> None:
    body = json.dumps({"grant_type": "refresh_token", "refresh_token": REFRESH}).encode()
    sent = gzip.compress(body) if encoding == "gzip" else body
    headers = {"content-type": "application/json", "content-encoding": encoding}
    with codex(proxy, confdir) as client:
        url = "https://auth.openai.com/oauth/token"
        response = client.post(url, content=sent, headers=headers)
    assert response.status_code == 503
    assert "leaves logins alone" in response.json()["error"]["message"]
    flow = proxy.flow()
    assert flow.request.text == "(masked)"
    assert REFRESH not in str(flow.get_state())


def test_connectors_of_openai_are_none(proxy: ProxyThread, confdir: Path) -> None:
    begin = {"jsonrpc": "2.0", "id": 7, "method": "initialize", "params": {"protocolVersion": "1"}}
    with codex(proxy, confdir) as client:
        begun = client.post(MCP, json=begin).json()
        tools = client.post(MCP, json={"jsonrpc": "2.0", "id": "x", "method": "tools/list"}).json()
        bodies: list[object] = [[], {"method": ["initialize"]}, "x"]
        others = [client.post(MCP, json=body) for body in bodies]
        others.append(
            client.post(MCP, content=b"\xff{", headers={"content-type": "application/json"})
        )
    assert (begun["id"], begun["result"]["protocolVersion"]) == (7, "1")
    assert (tools["id"], tools["result"]) == ("x", {"tools": []})
    assert {other.status_code for other in others} == {404}


@pytest.mark.parametrize(
    "url",
    [
        "https://chatgpt.com/backend-api/plugins/featured",
        "https://api.openai.com/v1/files",
        "http://api.openai.com/v1/files",
        "https://cdn.oaistatic.com/x.js",
    ],
)
def test_unknown_paths_of_openai_are_not_found(proxy: ProxyThread, confdir: Path, url: str) -> None:
    with codex(proxy, confdir) as client:
        response = client.get(url)
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")


def test_turns_go_to_glm_without_credentials(start_proxy: StartProxy, confdir: Path) -> None:
    with SimulatorThread() as glm:
        proxy = start_proxy(mode=REGULAR, glm_api_base=glm.base_url, glm_api_key=KEY)
        headers = {"authorization": "Bearer sk-of-openai", "chatgpt-account-id": ACCOUNT}
        with codex(proxy, confdir) as client:
            url = "https://api.openai.com/v1/responses"
            response = client.post(url, json=turn_body(), headers=headers)
        assert last_event(response)["type"] == "completed"
        (received,) = glm.received
    assert received.headers["authorization"] == f"Bearer {KEY}"
    for secret in ("sk-of-openai", ACCOUNT, "openai"):
        assert secret.encode() not in received.raw
        assert secret not in str(received.headers)
