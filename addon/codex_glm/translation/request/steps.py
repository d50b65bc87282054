"""The steps of a conversation: what its items are to a chat model, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .content import Content


class Say(NamedTuple):
    """A message of the system or of the user."""

    role: str
    content: Content


class Speak(NamedTuple):
    """Text of the assistant."""

    text: str


class Think(NamedTuple):
    """Thinking of the assistant, exactly as GLM wrote it."""

    text: str


class Call(NamedTuple):
    """A tool call of the assistant; `arguments` is the text of a JSON object."""

    call_id: str
    wire_name: str
    arguments: str


class Output(NamedTuple):
    """What a tool call gave; `call_id` is empty where the client named none."""

    call_id: str
    content: Content
    source: str
    """The tool's name, as far as the item tells it."""


type Step = Say | Speak | Think | Call | Output
