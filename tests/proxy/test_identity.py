"""Who the client is stays here: of a table of headers and fields, nothing reaches GLM."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .support import HEADERS_TO_GLM, KEY, codex_request, last_event, turn_body

if TYPE_CHECKING:
    from .fake_upstream import FakeUpstream
    from .support import ProxyThread

ME = "who-i-am-7f3a"
"""Planted everywhere; no byte of it may be in what GLM gets."""

HEADERS = [
    "authorization",
    "baggage",
    "chatgpt-account-id",
    "cookie",
    "forwarded",
    "from",
    "openai-organization",
    "openai-project",
    "originator",
    "proxy-authorization",
    "referer",
    "session-id",
    "session_id",
    "thread-id",
    "traceparent",
    "user-agent",
    "version",
    "x-api-key",
    "x-client-request-id",
    "x-codex-beta-features",
    "x-codex-installation-id",
    "x-codex-parent-thread-id",
    "x-codex-routing-hint",
    "x-codex-turn-metadata",
    "x-codex-turn-state",
    "x-codex-window-id",
    "x-forwarded-for",
    "x-openai-subagent",
    "x-real-ip",
    "x-stainless-os",
    "x-unheard-of",
]

FIELDS: dict[str, object] = {
    "client_metadata": {"x-codex-installation-id": ME, "session_id": ME, ME: ME},
    "metadata": {"user": ME, ME: ME},
    "prompt_cache_key": ME,
    "safety_identifier": ME,
    "user": ME,
    "unheard_of": {"who": ME},
}

ITEMS: list[dict[str, object]] = [
    {
        "type": "message",
        "id": f"msg_{ME}",
        "role": "user",
        "content": [{"type": "input_text", "text": "say hello", "unheard_of": ME}],
        "internal_chat_message_metadata_passthrough": {"turn_id": ME},
    },
    {
        "type": "reasoning",
        "id": f"rs_{ME}",
        "summary": [{"type": "summary_text", "text": ME}],
        "encrypted_content": ME,
    },
    {"type": "function_call", "id": f"fc_{ME}", "call_id": "c1", "name": "f", "arguments": "{}"},
    {"type": "function_call_output", "id": f"fco_{ME}", "call_id": "c1", "output": "done"},
]

TOOLS: list[dict[str, object]] = [
    {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}},
    {"type": "web_search", "user_location": {"type": "approximate", "city": ME}},
]


def sent(glm: FakeUpstream) -> str:
    """Give all that GLM got, as it came over the wire."""
    (seen,) = glm.seen
    assert set(seen.headers) == HEADERS_TO_GLM
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    return seen.head + seen.body.decode()


def withheld(proxy: ProxyThread) -> list[str]:
    receipt: list[dict[str, Any]] = proxy.flow().metadata["glm"]["receipt"]
    return [line["detail"].split()[0] for line in receipt if line["kind"] == "withheld"]


def test_headers(proxy: ProxyThread, glm: FakeUpstream) -> None:
    headers = dict.fromkeys(HEADERS, f"Bearer {ME}")
    assert last_event(proxy.post(headers=headers))["type"] == "completed"
    assert ME not in sent(glm)


@pytest.mark.parametrize("name", FIELDS)
def test_fields(proxy: ProxyThread, glm: FakeUpstream, name: str) -> None:
    assert last_event(proxy.post(turn_body(**{name: FIELDS[name]})))["type"] == "completed"
    assert ME not in sent(glm)
    assert withheld(proxy) == ([name] if name != "unheard_of" else [])


def test_items_and_tools(proxy: ProxyThread, glm: FakeUpstream) -> None:
    body = turn_body(input=ITEMS, tools=TOOLS)
    assert last_event(proxy.post(body))["type"] == "completed"
    text = sent(glm)
    assert ME not in text
    assert "say hello" in text
    assert '"tool_call_id":"c1"' in text.replace(": ", ":")


def test_what_a_real_codex_says_of_itself(proxy: ProxyThread, glm: FakeUpstream) -> None:
    """Its ids in `client_metadata` and `prompt_cache_key` are in no part of what GLM gets."""
    body: Any = codex_request("exec-command-followup")
    ids = {str(value) for value in body["client_metadata"].values() if len(str(value)) > 8}
    ids |= {body["prompt_cache_key"], *(item["id"] for item in body["input"] if item.get("id"))}
    assert len(ids) > 4
    assert last_event(proxy.post(json.loads(json.dumps(body))))["type"] == "completed"
    text = sent(glm)
    assert [each for each in ids if each in text] == []
    assert {"client_metadata", "prompt_cache_key"} <= set(withheld(proxy))
