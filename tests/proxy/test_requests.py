"""Everything that is no turn, or no good one: answered here, and never sent on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from codex_glm import __version__
from codex_glm.proxy.turns import upstream

from .fake_upstream import WHOLE, FakeUpstream
from .support import JSON, KEY, turn_body

if TYPE_CHECKING:
    from .conftest import StartProxy
    from .support import ProxyThread

ERROR_FIELDS = {"message", "type", "param", "code"}
UPGRADE = {"connection": "Upgrade", "upgrade": "WebSocket", "sec-websocket-version": "13"}


@pytest.fixture
def proxy(start_proxy: StartProxy, glm: FakeUpstream) -> ProxyThread:
    """Have the reverse proxy's target listen too: whatever arrives there was sent on."""
    mode = f"reverse:http://127.0.0.1:{glm.port}@127.0.0.1:0"
    return start_proxy(mode=[mode], glm_api_base=glm.base_url, glm_api_key=KEY)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("POST", "/"),
        ("GET", "/v1/responses"),
        ("PUT", "/v1/responses"),
        ("DELETE", "/v1/responses"),
        ("OPTIONS", "/v1/responses"),
        ("GET", "/v1/responses/resp_1"),
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1/models"),
        ("GET", "/v1/responses/resp_1/input_items"),
        ("POST", "/v1/responses/resp_1/cancel"),
        ("POST", "/v1/responses/input_tokens"),
        ("POST", "/health"),
        ("HEAD", "/health"),
        ("GET", "/v1/health"),
        ("GET", "/responses.txt?x=/responses"),
    ],
)
def test_unknown_requests(proxy: ProxyThread, glm: FakeUpstream, method: str, path: str) -> None:
    with proxy.client() as client:
        response = client.request(method, path)
    assert response.status_code == 404
    if method != "HEAD":
        error = response.json()["error"]
        assert (set(error), error["code"]) == (ERROR_FIELDS, "not_found")
        assert path in error["message"]
    assert glm.connections == 0


def test_websocket_is_refused_with_426(proxy: ProxyThread, glm: FakeUpstream) -> None:
    with proxy.client() as client:
        turn = client.get("/v1/responses", headers=UPGRADE)
        other = client.get("/v1/realtime", headers=UPGRADE)
    assert (turn.status_code, turn.json()["error"]["code"]) == (426, "upgrade_required")
    assert other.status_code == 404
    assert glm.connections == 0


@pytest.mark.parametrize(
    ("body", "headers", "status", "param"),
    [
        (b"", {}, 400, None),
        (b"{", {}, 400, None),
        (b"[]", {}, 400, None),
        (b"null", {}, 400, None),
        (b'"text"', {}, 400, None),
        (b"\xff\xfe", {}, 400, None),
        (b'{"a": NaN}', {}, 400, None),
        (b"[" * 100_000, {}, 400, None),
        (turn_body(), {"content-encoding": "gzip"}, 400, None),
        (turn_body(), {"content-encoding": "rot13"}, 415, None),
        (turn_body(), {"content-encoding": "base64"}, 415, None),
        (turn_body(), {"content-type": "text/plain"}, 415, None),
        (turn_body(), {"content-type": "multipart/form-data; boundary=a"}, 415, None),
        ({"input": "hi"}, {}, 400, "model"),
        ({"model": "gpt-5"}, {}, 400, "input"),
        (turn_body(model=5), {}, 400, "model"),
        (turn_body(input=5), {}, 400, "input"),
        (turn_body(input=[]), {}, 400, "input"),
        (turn_body(stream="yes"), {}, 400, "stream"),
        (turn_body(tools={}), {}, 400, "tools"),
        (turn_body(previous_response_id="resp_1"), {}, 400, "previous_response_id"),
    ],
)
def test_bad_turns(
    proxy: ProxyThread,
    glm: FakeUpstream,
    body: object,
    headers: dict[str, str],
    status: int,
    param: str | None,
) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = proxy.post(content=content, headers={**JSON, **headers})
    error = response.json()["error"]
    assert (response.status_code, set(error)) == (status, ERROR_FIELDS)
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert error["message"]
    assert glm.connections == 0


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "APPLICATION/JSON", None])
def test_content_types_that_are_json(
    proxy: ProxyThread, glm: FakeUpstream, kind: str | None
) -> None:
    content = json.dumps(turn_body()).encode()
    headers = {"content-type": kind} if kind else {}
    assert proxy.post(content=content, headers=headers).status_code == 200
    assert len(glm.seen) == 1


CODEX_NEEDS = {
    "slug": str,
    "display_name": str,
    "supported_reasoning_levels": list,
    "shell_type": str,
    "visibility": str,
    "supported_in_api": bool,
    "priority": int,
    "support_verbosity": bool,
    "truncation_policy": dict,
    "experimental_supported_tools": list,
    "base_instructions": str,
}
"""What every entry of a catalogue must have, or Codex takes none of it (codex-cli 0.169.0)."""


@pytest.mark.parametrize("path", ["/v1/models?client_version=0.169.0", "/models", "/x/models/"])
def test_catalogue(proxy: ProxyThread, glm: FakeUpstream, path: str) -> None:
    with proxy.client() as client:
        response = client.get(path)
    listed = response.json()
    assert (response.status_code, listed["object"]) == (200, "list")
    picked = [m["slug"] for m in listed["models"] if m["visibility"] == "list"]
    assert [m["id"] for m in listed["data"]] == picked
    assert "glm-5.3" in [m["slug"] for m in listed["models"]]
    for entry in listed["models"]:
        assert {name: type(entry[name]) for name in CODEX_NEEDS} == CODEX_NEEDS
        for level in entry["supported_reasoning_levels"]:
            assert set(level) == {"effort", "description"}
    assert glm.connections == 0


def test_health(proxy: ProxyThread, glm: FakeUpstream) -> None:
    with proxy.client() as client:
        before = client.get("/health").json()
        client.post("/v1/responses", json=turn_body())
        client.post("/v1/responses", content=b"{", headers=JSON)
        after = client.get("/health?verbose=1")
    assert (before["turns_served"], after.json()["turns_served"]) == (0, 1)
    assert before["version"] == __version__
    assert (before["upstream"], before["upstream_source"]) == (glm.base_url, "glm_api_base")
    assert (before["key"], before["simulator"]) == ("option glm_api_key", False)
    assert before["models"]["gpt-5"].startswith("glm-")
    assert KEY not in after.text


def test_a_defect_of_ours_is_a_500_and_goes_nowhere(
    proxy: ProxyThread, glm: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(KEY)

    monkeypatch.setattr("codex_glm.proxy.addon.translate_request", fail)
    response = proxy.post()
    assert response.status_code == 500
    assert set(response.json()["error"]) == ERROR_FIELDS
    assert KEY not in response.text
    assert glm.connections == 0


def test_only_glm_is_dialled(
    start_proxy: StartProxy, glm: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeUpstream(WHOLE) as other:
        proxy = start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY)

        make = upstream.chat_request
        monkeypatch.setattr(
            upstream,
            "chat_request",
            lambda place, body: make(replace(place, base=other.base_url), body),
        )
        response = proxy.post()
        assert (other.connections, glm.connections) == (0, 0)
    assert "response.completed" not in response.text
