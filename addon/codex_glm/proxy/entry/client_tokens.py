"""Tokens of the clients: by which name a client is known, and where a token may stand."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mitmproxy.exceptions import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

OPTION = "glm_client_tokens"
_RULE = re.compile(r"\s*([\w.-]{1,32})\s*=\s*(\S+)\s*")
_SHORTEST = 16
"""Characters; what is shorter can be guessed."""


@dataclass(frozen=True, slots=True)
class ClientToken:
    """A token and the name of who has it; the value is in no repr."""

    name: str
    value: str = field(repr=False)


def read_tokens(rules: Sequence[str], environ: Mapping[str, str]) -> tuple[ClientToken, ...]:
    """Read `NAME=VARIABLE` or `NAME=PATH`; what has a slash in it is the path of a file.

    The tokens themselves are never in an option: options are shown. Raises OptionsError, which
    names the rule and never a token.
    """
    tokens = [_read_token(rule, environ) for rule in rules]
    for what in ("name", "value"):
        if len({getattr(token, what) for token in tokens}) < len(tokens):
            raise OptionsError(f"{OPTION}: two clients have the same {what}")
    return tuple(tokens)


def _read_token(rule: str, environ: Mapping[str, str]) -> ClientToken:
    matched = _RULE.fullmatch(rule)
    if not matched:
        raise OptionsError(f"{OPTION}: write NAME=VARIABLE or NAME=PATH")  # it may hold a token
    name, place = matched[1], matched[2]
    value = (_read_file(name, place) if "/" in place else environ.get(place, "")).strip()
    if not value:
        raise OptionsError(f"{OPTION}: {name}: there is no token in the variable or file named")
    if len(value) < _SHORTEST or not value.isascii() or not value.isprintable() or " " in value:
        words = f"a token is one word of at least {_SHORTEST} printable ASCII characters"
        raise OptionsError(f"{OPTION}: {name}: {words}")
    return ClientToken(name, value)


def _read_file(name: str, place: str) -> str:
    try:
        return Path(place).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OptionsError(f"{OPTION}: {name}: {type(error).__name__} at {place}") from error


def find_client(tokens: Sequence[ClientToken], headers: Mapping[str, str]) -> ClientToken | None:
    """Tell who sends these headers, by the first token of theirs that is known.

    Each token is compared with each, in a time that tells nothing of either.
    """
    known = None
    for presented in _presented(headers):
        digest = hashlib.sha256(presented.encode("utf-8", "surrogateescape")).digest()
        for token in tokens:
            if hmac.compare_digest(digest, hashlib.sha256(token.value.encode()).digest()):
                known = known or token
    return known


def bearer(authorization: str) -> str:
    """Give the token of an `Authorization: Bearer`; empty for another scheme."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _presented(headers: Mapping[str, str]) -> Iterator[str]:
    yield bearer(headers.get("authorization", ""))
    yield headers.get("x-api-key", "").strip()
    scheme, _, given = headers.get("proxy-authorization", "").partition(" ")
    if scheme.lower() == "basic":
        yield _password(given)


def _password(given: str) -> str:
    """Give the password of HTTP's Basic scheme, which is all that a proxy's URL can carry."""
    try:
        pair = base64.b64decode(given.strip(), validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return ""
    return pair.partition(":")[2]
