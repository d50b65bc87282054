from __future__ import annotations

import json
import re

import pytest
from codex_glm.translation.redaction import Redactor
from codex_glm.translation.redaction_shapes import SHAPES, VALUES


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPx", "aws_secret_access_key = [secret 1]"),
        ("password: hunter22", "password: [secret 1]"),
        ("  db_password:\thunter22\n  port: 1", "  db_password:\t[secret 1]\n  port: 1"),
        ("token := abc123def", "token := [secret 1]"),
        ("X-Api-Key: 0123456789abcdef", "X-Api-Key: [secret 1]"),
        ("token: Bearer abcd.efgh1", "token: [secret 1]"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [secret 1]"),
        ('"Authorization": "Basic dXNlcjpwYXNz"', '"Authorization": "Basic [secret 1]"'),
        ("authorization: token abcdefgh", "authorization: token [secret 1]"),
        (
            "sent Basic dXNlcjpwYXNz and Basic dXNlcjo=",
            "sent Basic [secret 1] and Basic [secret 2]",
        ),
        ("Set-Cookie: sid=ab12cd; Path=/\nx", "Set-Cookie: [secret 1]\nx"),
        ("curl -u alice:hunter22 x", "curl -u alice:[secret 1] x"),
        ("curl --user 'alice:secret' x", "curl --user 'alice:[secret 1]' x"),
        ("curl --proxy-user=alice:secret x", "curl --proxy-user=alice:[secret 1] x"),
        (
            "x --password hunter22 --token 'abc123def'",
            "x --password [secret 1] --token '[secret 2]'",
        ),
    ],
)
def test_secrets_without_quotes(text: str, clean: str) -> None:
    """By themselves, inside a text that is JSON, and not a second time."""
    assert Redactor().text(text) == clean
    assert Redactor().text(json.dumps(text)) == json.dumps(clean)
    assert Redactor().text(clean) == clean


@pytest.mark.parametrize(
    "text",
    [
        "the password: please enter",
        "password: string, token: str = None",
        "password: Optional[str1]",
        "access_token: uint256; secret: Uint8Array",
        "token = parser2(text)",
        "token = self.tokens2[1]",
        "token: list1<x>",
        "token => user222",
        "if token == user222",
        "Token::Ident2x",
        "token_url: https://auth.example/oauth2/token",
        "DB_PASSWORD: ${DB_PASSWORD1}",
        "max_tokens: 12.3k/128k, tokenizer: cl100k_base",
        "tokens used: 12345678, total_tokens: 12345678",
        "--token TOKEN --password <password1> --max-tokens 4096",
        "docker run -u 1000:1000 x",
        'docker run -u "$(id -u):$(id -g)" x',
        "fuzz -u http://127.0.0.1:8080/a",
        "-url:something",
        "basic functions, Basic Authentication, BASIC PROGRAM, Basic JavaScript",
        "cookie: a small text",
    ],
)
def test_prose_and_code_stay(text: str) -> None:
    assert Redactor().text(text) == text


@pytest.mark.parametrize("piece", ["-u ", "--token ", "token:", "--password", "Basic aA", " \t"])
def test_long_texts_are_read_in_one_go(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    assert Redactor().text(text) == text


def test_each_value_is_a_group() -> None:
    assert set(re.compile(SHAPES["assigned"]).groupindex) == set(VALUES)
