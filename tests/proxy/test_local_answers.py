from __future__ import annotations

import json
from typing import Any

import pytest
from codex_glm.proxy.forward.hosts import is_openai
from codex_glm.proxy.forward.local_answers import ANSWERS, Answer, find_answer
from hypothesis import given
from hypothesis import strategies as st

CHATGPT = "chatgpt.com"
MCP = "/backend-api/ps/mcp"


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.request)
@given(account=st.text(), number=st.integers() | st.text() | st.none())
def test_every_answer_is_json_for_any_request(
    answer: Answer, account: str, number: int | str | None
) -> None:
    assert answer.why
    assert is_openai(answer.host)
    body = answer.fill(account, {"id": number, "params": {"protocolVersion": "2025-06-18"}})
    told: Any = json.loads(body) if body else None
    assert (told is None) is (answer.status == 202)
    if "accounts" in answer.request:
        assert told["accounts"][0]["id"] == told["default_account_id"] == account
    if answer.rpc == "initialize":
        assert (told["id"], told["result"]["protocolVersion"]) == (number, "2025-06-18")


@pytest.mark.parametrize(
    ("host", "method", "path", "rpc", "status"),
    [
        (CHATGPT, "GET", "/backend-api/wham/accounts/check", "", 200),
        ("ChatGPT.com", "GET", "/backend-api/wham/accounts/check/?a=b", "", 200),
        (CHATGPT, "POST", "/backend-api/wham/accounts/check", "", None),
        ("api.openai.com", "GET", "/backend-api/wham/accounts/check", "", None),
        (CHATGPT, "GET", "/backend-api/wham/settings/user", "", None),
        (CHATGPT, "POST", "/backend-api/codex/analytics-events/events", "", 200),
        ("ab.chatgpt.com", "POST", "/otlp/v1/metrics", "", 200),
        ("ab.chatgpt.com", "GET", "/otlp/v1/metrics", "", None),
        (CHATGPT, "POST", MCP, "initialize", 200),
        (CHATGPT, "POST", MCP, "tools/list", 200),
        (CHATGPT, "POST", MCP, "notifications/initialized", 202),
        (CHATGPT, "POST", MCP, "tools/call", None),
        (CHATGPT, "POST", MCP, "", None),
        ("auth.openai.com", "POST", "/oauth/token", "", 503),
        ("auth.openai.com", "GET", "/.well-known/openid-configuration", "", 503),
    ],
)
def test_find_answer(host: str, method: str, path: str, rpc: str, status: int | None) -> None:
    found = find_answer(host, method, path, {"method": rpc} if rpc else {})
    assert (found.status if found else None) == status
    assert (found is not None and found.private) is (host == "auth.openai.com")
