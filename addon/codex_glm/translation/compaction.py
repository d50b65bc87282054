"""Compaction on the server's side, which Codex asks of providers called OpenAI or Azure.

The request ends in a `compaction_trigger`, and the reply must hold exactly one item, a
`compaction`, whose `encrypted_content` comes back verbatim in later requests (codex-cli 0.169.0).
GLM knows nothing like it: it is asked for a summary, which travels sealed like kept thinking, but
bound to the key alone, so that another model may go on with the work.
"""

from __future__ import annotations

from .reasoning import seal, unseal

_LABEL = "summary"

REQUEST = """\
The conversation so far is about to be replaced by what you write now. Write a handover for whoever
goes on with this work and knows nothing but your text:
- what the user wants, in the user's own words where they matter, and what was agreed on the way
- what was done, with the files, commands and results that still matter
- what is left to do, and the next step
- facts, names, paths, numbers and decisions that must not be lost
Leave out what no longer matters. Write plain text and call no tool."""

_PREFACE = "The earlier part of this conversation was replaced by this summary of it:\n\n"


def seal_summary(text: str, key: bytes) -> str:
    """Put a summary into the form in which it travels."""
    return seal(text, _LABEL, key)


def read_summary(envelope: str, key: bytes) -> str:
    """Give the message that stands for a summarised conversation; empty if it is not ours."""
    opened = unseal(envelope, _LABEL, key)
    return "" if opened.refused else _PREFACE + opened.text
