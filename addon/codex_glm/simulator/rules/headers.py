"""Request headers: the key, and headers that have no business at GLM."""

import re
from collections.abc import Iterator, Mapping

from codex_glm.simulator.verdict import Violation, noticed, refused

_BEARER = re.compile(r"bearer [^\s]+", re.IGNORECASE)
_CLIENT_IDENTITY = re.compile(
    r"chatgpt-account-id|openai-.*|x-openai-.*|x-codex-.*|session[-_]id|thread[-_]id"
    r"|conversation[-_]id|originator|x-client-request-id"
)
_FOREIGN_CREDENTIAL = re.compile(r"cookie|x-api-key|api-key|proxy-authorization")


def check_headers(headers: Mapping[str, str]) -> Iterator[Violation]:
    """Check the key first, as GLM does, then note what a client should have kept to itself."""
    lowered = {name.lower(): value for name, value in headers.items()}
    yield from _check_key(lowered.get("authorization"))
    for name in lowered:
        if _CLIENT_IDENTITY.fullmatch(name):
            yield noticed(f"header {name} tells GLM who the client is")
        if _FOREIGN_CREDENTIAL.fullmatch(name):
            yield noticed(f"header {name} is a credential that is not GLM's")


def _check_key(authorization: str | None) -> Iterator[Violation]:
    if not authorization:
        yield refused("1001")
    elif not _BEARER.fullmatch(authorization):
        yield refused("1002")
    elif authorization[7:].startswith("sk-"):
        yield noticed("the bearer token looks like a key of another vendor (sk-…)")
