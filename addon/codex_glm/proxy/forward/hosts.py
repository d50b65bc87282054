"""Which hosts are OpenAI's, and which others the user lets through in forward mode."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_DOMAINS = tuple(
    tomllib.loads(files(__package__).joinpath("openai.toml").read_text("utf-8"))["domains"]
)
_RULE = re.compile(r"\s*([\w.*?-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?\s*")
_HTTPS = 443


def is_openai(host: str) -> bool:
    """Tell whether a host is OpenAI's, by the domains in openai.toml."""
    name = host.lower().rstrip(".")
    return any(name == domain or name.endswith(f".{domain}") for domain in _DOMAINS)


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """The hosts of the option `glm_allow_hosts`, with their ports."""

    rules: tuple[tuple[str, int], ...] = ()
    """Name and port; in names `*` matches anything."""

    @classmethod
    def read(cls, rules: Sequence[str]) -> AllowedHosts:
        """Read `HOST` or `HOST:PORT`, the port being 443 by default.

        Raises ValueError, which names the rule, for anything else and for hosts of OpenAI's.
        """
        return cls(tuple(_read_rule(rule) for rule in rules))

    def __contains__(self, address: tuple[str, int]) -> bool:
        """Tell whether there may be a tunnel to this host and port. To OpenAI's there is none."""
        host, port = address[0].lower().rstrip("."), address[1]
        if is_openai(host):
            return False
        return any(port == allowed and fnmatchcase(host, name) for name, allowed in self.rules)


def _read_rule(rule: str) -> tuple[str, int]:
    matched = _RULE.fullmatch(rule)
    if not matched or not 0 < int(matched[2] or _HTTPS) < 1 << 16:
        raise ValueError(f"write HOST or HOST:PORT, not {rule!r}")
    name = matched[1].strip("[]").lower().rstrip(".")
    if is_openai(name):
        raise ValueError(f"{name} is OpenAI's, and answered by the proxy itself")
    return name, int(matched[2] or _HTTPS)
