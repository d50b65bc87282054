"""What the user decides about a translation, and what a reply has to know of its request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from ..errors import NO_ADVICE, Advice
from ..structured_output import AnswerSchema, accept_any
from .side_requests import MAIN, SideChoice
from .sight import ImageSettings

if TYPE_CHECKING:
    from .. import models
    from ..receipt import Receipt
    from ..structured_output import Validate
    from ..tools.declarations import ToolNames
    from ..wire.wire_json import JsonObject
    from .side_requests import SideKind


@dataclass(frozen=True, slots=True)
class TranslationSettings:
    """What the user decides about translation."""

    base: str = "other"
    """The upstream's `base_kind`."""
    model_map: models.ModelMap = ()
    tool_stream: bool = True
    """Ask for tool arguments in fragments, where the model can."""
    effort: str = ""
    """An effort that takes the place of whatever the client asks; empty: the client decides."""
    side: SideChoice = field(default_factory=SideChoice)
    """Which model answers what Codex asks beside the conversation."""
    seal_key: bytes = b""
    """Binds kept thinking to the key in use; see `reasoning`."""
    images: ImageSettings = field(default_factory=ImageSettings)
    zone: tzinfo = UTC
    """The person's time zone, for the times that a plan's limits name."""
    searches: bool = False
    """Whether somebody will run searches of the web between two rounds."""
    validate: Validate = accept_any
    """Says what is wrong with a value by a JSON Schema; see `structured_output`."""


@dataclass(frozen=True, slots=True)
class TurnContext:
    """What the reply must know of its request."""

    asked_model: str
    model: str
    stream: bool
    parallel: bool
    """Whether the client takes more than one tool call in one reply."""
    names: ToolNames
    receipt: Receipt
    seal_key: bytes
    kind: SideKind = MAIN
    """The kind of side request that this is, or that it is a turn of the conversation."""
    offered: frozenset[str] = frozenset()
    """GLM's names of the functions that it may call in this reply."""
    advice: Advice = NO_ADVICE
    compacting: bool = False
    """Whether the reply is to be one compaction item."""
    kept: tuple[JsonObject, ...] | None = None
    """The messages that stay beside the summary, where an endpoint of its own was asked for one."""
    compaction_type: str = "compaction"
    """What the client calls the item that stands for a summary."""
    images: tuple[str, ...] = ()
    """Ids of the images that GLM gets; see `images`."""
    schema: AnswerSchema | None = None
    """What the answer must follow, if the client says so."""
    body: JsonObject = field(default_factory=dict)
    """The request as it came."""
    echo: JsonObject = field(default_factory=dict)
    """The request's fields that a Responses object repeats, as far as they could be kept."""


@dataclass(frozen=True, slots=True)
class TranslatedRequest:
    """A request on its way: the body for GLM's chat completions, and the turn's context."""

    chat_body: JsonObject
    context: TurnContext
