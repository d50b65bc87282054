"""A Responses request, translated whole: GLM's chat body, and what the reply needs to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, cast

from . import models
from .content import ContentReader
from .errors import NO_ADVICE, Advice, RequestError
from .history import HistoryReader
from .messages import MessageFold
from .parameters import asked_schema, check_types, refuse_state, translate_parameters
from .receipt import Receipt
from .tools import ToolNames, translate_tools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .wire_json import JsonObject

_TOOL_CARRIERS = frozenset({"additional_tools", "tool_search_output"})


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
    seal_key: bytes = b""
    """Binds kept thinking to the key in use; see `reasoning`."""
    zone: tzinfo = UTC
    """The person's time zone, for the times that a plan's limits name."""


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
    advice: Advice = NO_ADVICE
    compacting: bool = False
    """Whether the reply is to be one compaction item."""
    echo: JsonObject = field(default_factory=dict)
    """The request's fields that a Responses object repeats."""


@dataclass(frozen=True, slots=True)
class TranslatedRequest:
    """A request on its way: the body for GLM's chat completions, and the turn's context."""

    chat_body: JsonObject
    context: TurnContext


def translate_request(body: JsonObject, settings: TranslationSettings) -> TranslatedRequest:
    """Translate one Responses request body.

    Raises RequestError, whose failure is an HTTP 400 in OpenAI's shape, where the body is
    malformed or asks for state that only OpenAI's servers keep.
    """
    check_types(body)
    refuse_state(body)
    receipt = Receipt()
    model = _choose_model(str(body["model"]), settings, receipt)
    names = ToolNames()
    items = _items(body)
    compacting = any(_is_trigger(item) for item in items)
    declared = [] if compacting else _declared(body, items)
    tools = translate_tools(declared, names, receipt)
    messages = _translate_messages(body, items, names, model, settings.seal_key, receipt)
    chat: JsonObject = {"model": model.name, "messages": messages}
    chat |= translate_parameters(body, tools, names, model, settings.effort, receipt)
    if settings.tool_stream and model.tool_stream and "tools" in chat:
        chat["tool_stream"] = True
    if schema := asked_schema(body):
        messages.append({"role": "system", "content": schema})
        receipt.add("added", "json-schema", "the schema stands at the end of the prompt")
    context = TurnContext(
        asked_model=str(body["model"]),
        model=model.name,
        stream=body.get("stream") is True,
        parallel=body.get("parallel_tool_calls") is not False,
        names=names,
        receipt=receipt,
        seal_key=settings.seal_key,
        advice=Advice(models.served_models(settings.base), settings.zone),
        compacting=compacting,
        echo=body,
    )
    return TranslatedRequest(chat, context)


def _choose_model(asked: str, settings: TranslationSettings, receipt: Receipt) -> models.Model:
    name = models.resolve_model(asked, settings.base, settings.model_map)
    if name != asked:
        receipt.add("renamed", "model", f"{asked} is answered by {name}")
    return models.find_model(name)


def _is_trigger(item: object) -> bool:
    return isinstance(item, dict) and item.get("type") == "compaction_trigger"


def _items(body: JsonObject) -> list[object]:
    given = body.get("input")
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    return cast("list[object]", given)


def _declared(body: JsonObject, items: list[object]) -> Iterator[object]:
    """Give every tool that the model may call: declared up front, in an item, or found later."""
    yield from cast("list[object]", body.get("tools") or [])
    for index, item in enumerate(items):
        if isinstance(item, dict) and item.get("type") in _TOOL_CARRIERS:
            carried = item.get("tools")
            if not isinstance(carried, list):
                param = f"input[{index}].tools"
                raise RequestError(f"{param} must be a list", param=param)
            yield from carried


def _translate_messages(
    body: JsonObject,
    items: list[object],
    names: ToolNames,
    model: models.Model,
    seal_key: bytes,
    receipt: Receipt,
) -> list[JsonObject]:
    content = ContentReader(model.name, images=model.images, receipt=receipt)
    reader = HistoryReader(names, content, receipt, model=model.name, seal_key=seal_key)
    if instructions := body.get("instructions"):
        items = [{"role": "system", "content": instructions}, *items]
    messages = MessageFold(receipt).fold(reader.read(items))
    if not messages:
        raise RequestError("input holds nothing that a model could answer", param="input")
    return messages
