from __future__ import annotations

import pytest
from codex_glm.proxy.forward.hosts import AllowedHosts, is_openai


@pytest.mark.parametrize(
    ("host", "theirs"),
    [
        ("openai.com", True),
        ("api.openai.com", True),
        ("AUTH.OpenAI.com.", True),
        ("ab.chatgpt.com", True),
        ("files.oaiusercontent.com", True),
        ("notopenai.com", False),
        ("openai.com.example.org", False),
        ("chatgpt.com-login.example.org", False),
        ("github.com", False),
        ("open.bigmodel.cn", False),
        ("127.0.0.1", False),
        ("", False),
    ],
)
def test_openai(host: str, theirs: bool) -> None:
    assert is_openai(host) is theirs


@pytest.mark.parametrize(
    ("rule", "host", "port", "allowed"),
    [
        ("registry.npmjs.org", "registry.npmjs.org", 443, True),
        ("registry.npmjs.org", "Registry.NPMJS.org.", 443, True),
        ("registry.npmjs.org", "registry.npmjs.org", 80, False),
        ("registry.npmjs.org", "xregistry.npmjs.org", 443, False),
        (" mcp.example.com:8443 ", "mcp.example.com", 8443, True),
        ("mcp.example.com:8443", "mcp.example.com", 443, False),
        ("*.example.com", "a.b.example.com", 443, True),
        ("*.example.com", "example.com", 443, False),
        ("[::1]:99", "::1", 99, True),
        ("*", "anything.example.com", 443, True),
        ("*", "anything.example.com", 22, False),
        ("*", "api.openai.com", 443, False),
        ("*openai.com", "api.openai.com.", 443, False),
        ("*gpt*", "chatgpt.com", 443, False),
    ],
)
def test_allowed(rule: str, host: str, port: int, allowed: bool) -> None:
    assert ((host, port) in AllowedHosts.read(["other.example.com", rule])) is allowed


def test_nothing_is_allowed_by_itself() -> None:
    assert ("registry.npmjs.org", 443) not in AllowedHosts()


@pytest.mark.parametrize(
    "rule", ["", "https://a.example.com", "a b", "a:0", "a:70000", "a:b", "a/b", "api.openai.com"]
)
def test_bad_rules_are_named(rule: str) -> None:
    with pytest.raises(ValueError, match=r"write HOST or HOST:PORT|is OpenAI's"):
        AllowedHosts.read([rule])
