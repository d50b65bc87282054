"""Clients' tokens: how they are given, and who is known by which header."""

from __future__ import annotations

import hmac
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
from codex_glm.proxy.entry.client_tokens import ClientToken, find_client, read_tokens
from mitmproxy.exceptions import OptionsError
from mitmproxy.http import Headers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ALICE = "token-of-alice-0123456789"
BOB = "0123456789abcdef.TokenOfBobHasAKeysShape"
TOKENS = (ClientToken("alice", ALICE), ClientToken("bob", BOB))
ENVIRON = {"ALICE": f" {ALICE}\n", "BOB": BOB, "SHORT": "x" * 15, "EMPTY": " ", "TWO": "a b" * 9}


def basic(password: str) -> str:
    return f"Basic {b64encode(f'any:{password}'.encode()).decode()}"


def test_tokens_are_read(tmp_path: Path) -> None:
    file = tmp_path / "bob"
    file.write_text(f"{BOB}\n")
    read = read_tokens(["alice=ALICE", f" bob = {file}"], ENVIRON)
    assert read == TOKENS
    assert ALICE not in repr(read)
    assert BOB not in repr(read)
    assert read_tokens([], ENVIRON) == ()


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([ALICE], "write NAME=VARIABLE or NAME=PATH"),
        (["alice="], "write NAME=VARIABLE or NAME=PATH"),
        (["a b=ALICE"], "write NAME=VARIABLE or NAME=PATH"),
        (["alice=UNSET"], "alice: there is no token"),
        (["alice=EMPTY"], "alice: there is no token"),
        (["alice=SHORT"], "alice: a token is one word of at least 16"),
        (["alice=TWO"], "alice: a token is one word of at least 16"),
        (["alice=/no/such/file"], "alice: FileNotFoundError at /no/such/file"),
        (["alice=ALICE", "alice=BOB"], "two clients have the same name"),
        (["alice=ALICE", "bob=ALICE"], "two clients have the same value"),
    ],
)
def test_bad_tokens_are_named_and_not_shown(rules: list[str], said: str) -> None:
    with pytest.raises(OptionsError) as refused:
        read_tokens(rules, ENVIRON)
    assert str(refused.value).startswith(f"glm_client_tokens: {said}")
    for value in ENVIRON.values():
        assert value.strip() == "" or value.strip() not in str(refused.value)


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"authorization": f"Bearer {ALICE}"}, "alice"),
        ({"authorization": f"bearer   {BOB} "}, "bob"),
        ({"x-api-key": BOB}, "bob"),
        ({"proxy-authorization": basic(ALICE)}, "alice"),
        ({"authorization": "Bearer sk-openai", "x-api-key": ALICE}, "alice"),
        ({"authorization": "Bearer sk-openai", "proxy-authorization": basic(BOB)}, "bob"),
        ({"authorization": f"Bearer {BOB}", "x-api-key": ALICE}, "bob"),
        ({}, None),
        ({"authorization": ALICE}, None),
        ({"authorization": f"Basic {ALICE}"}, None),
        ({"authorization": "Bearer "}, None),
        ({"authorization": f"Bearer {ALICE[:-1]}"}, None),
        ({"authorization": f"Bearer {ALICE}x"}, None),
        ({"authorization": f"Bearer {ALICE.upper()}"}, None),
        ({"x-api-key": "t\u00f6ken"}, None),
        ({"cookie": f"token={ALICE}"}, None),
        ({"proxy-authorization": f"Bearer {ALICE}"}, None),
        ({"proxy-authorization": "Basic %%%"}, None),
        ({"proxy-authorization": f"Basic {b64encode(ALICE.encode()).decode()}"}, None),
    ],
)
def test_who_is_known(headers: dict[str, str], name: str | None) -> None:
    fields = [(k.encode(), v.encode("utf-8")) for k, v in headers.items()]
    found = find_client(TOKENS, Headers(fields))
    assert (found.name if found else None) == name
    assert find_client((), Headers(fields)) is None


def test_every_comparison_takes_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each token is compared, by the function made for it, whether or not one before it fits."""
    compared: list[tuple[bytes, bytes]] = []
    true: Callable[[bytes, bytes], bool] = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return true(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    for presented in (ALICE, BOB, "nobody's"):
        compared.clear()
        find_client(TOKENS, {"authorization": f"Bearer {presented}"})
        assert len(compared) == len(TOKENS) * 2  # the bearer, and the empty x-api-key
        assert {len(part) for pair in compared for part in pair} == {32}
