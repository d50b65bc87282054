"""Thinking kept between turns, without a memory of our own.

GLM wants the `reasoning_content` of earlier assistant messages back, unmodified. Codex returns a
reasoning item's `encrypted_content` byte for byte in every later request, over resume too
(observed on codex-cli 0.169.0, up to 100,000 characters). So the text travels there, sealed to the
model and the key that it belongs to: thinking of another model or from a stranger is not shown to
GLM as its own.

An envelope is `glm-thinking/1 MODEL SEAL` and a line feed, then the text itself, readable for
whoever inspects the traffic. SEAL is an HMAC-SHA256, 32 hexadecimal digits of it.
"""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_HEADER = re.compile(r"glm-thinking/1 (\S+) ([0-9a-f]{32})\n")


class Opened(NamedTuple):
    """An envelope as read: its text, or the reason why it must not be used."""

    text: str
    refused: str


def seal(text: str, model: str, key: bytes) -> str:
    """Put thinking into an envelope; the same input gives the same envelope."""
    return f"glm-thinking/1 {model} {_mac(text, model, key)}\n{text}"


def unseal(envelope: str, model: str, key: bytes) -> Opened:
    """Open an envelope for a request to `model` under `key`."""
    header = _HEADER.match(envelope)
    if not header:
        return Opened("", "it was not written by GLM through this proxy")
    text = envelope[header.end() :]
    if header[1] != model:
        return Opened("", f"it is {header[1]}'s, and this turn goes to {model}")
    if not hmac.compare_digest(header[2], _mac(text, model, key)):
        return Opened("", "it was written under another key, or altered since")
    return Opened(text, "")


def seal_anew(envelope: str, key: bytes, edit: Callable[[str], str]) -> str:
    """Give an envelope with its text edited, sealed with another key and unchecked.

    What is no envelope is edited as it is.
    """
    header = _HEADER.match(envelope)
    return seal(edit(envelope[header.end() :]), header[1], key) if header else edit(envelope)


def _mac(text: str, model: str, key: bytes) -> str:
    message = f"{model}\n{text}".encode("utf-8", "surrogatepass")
    return hmac.digest(key, message, "sha256").hex()[:32]
