"""A Responses request, translated whole: GLM's chat body, and what the reply needs to know."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from .. import models
from ..errors import Advice, RequestError
from ..receipt import Receipt
from ..structured_output import asked_schema
from ..tools.declarations import ToolNames, translate_tools
from .admission import check_types, refuse_state
from .content import ContentReader
from .context import TranslatedRequest, TranslationSettings, TurnContext
from .history import HistoryReader
from .images import read_image
from .messages import MessageFold
from .parameters import after_a_call, as_used, demanded_call, translate_parameters
from .shapes import check_shapes
from .side_requests import MAIN, note_unseen, read_facts, side_kind, side_model
from .sight import Sight, image_urls, turn_has_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..wire.wire_json import JsonObject
    from .images import Image
    from .side_requests import SideKind

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_TOOL_CARRIERS = frozenset({"additional_tools", "tool_search_output"})


def translate_request(
    body: JsonObject, settings: TranslationSettings, headers: Mapping[str, str] = _NO_HEADERS
) -> TranslatedRequest:
    """Translate one Responses request body; `headers` (names in lower case) tell what it is for.

    Raises RequestError, whose failure is an HTTP 400 in OpenAI's shape, where the body is
    malformed or asks for state that only OpenAI's servers keep.
    """
    check_types(body)
    refuse_state(body)
    check_shapes(body)
    receipt = Receipt()
    items = _items(body)
    facts = read_facts(headers, body)
    kind = side_kind(facts, settings.side)
    note_unseen(facts, receipt)
    model = _choose_model(str(body["model"]), kind, items, settings, receipt)
    effort = settings.effort or _side_effort(body, kind, receipt)
    names = ToolNames()
    compacting = any(_is_trigger(item) for item in items)
    declared = [] if compacting else _declared(body, items)
    tools = translate_tools(declared, names, receipt, searches=settings.searches)
    sight = Sight(model, settings.images, receipt, items)
    content = ContentReader(sight)
    reader = HistoryReader(names, content, receipt, model=model.name, seal_key=settings.seal_key)
    messages = _translate_messages(body, items, reader, receipt)
    chat: JsonObject = {"model": model.name, "messages": messages}
    chat |= translate_parameters(body, tools, names, model, effort, receipt)
    if settings.tool_stream and model.tool_stream and "tools" in chat:
        chat["tool_stream"] = True
    if demand := demanded_call(body, chat):
        messages.append({"role": "system", "content": demand})
    if schema := asked_schema(body, settings.validate):
        messages.append({"role": "system", "content": schema.prompt()})
        receipt.add("added", "json-schema", "the schema stands at the end of the prompt")
    context = TurnContext(
        asked_model=str(body["model"]),
        model=model.name,
        stream=body.get("stream") is True,
        parallel=body.get("parallel_tool_calls") is not False,
        names=names,
        receipt=receipt,
        seal_key=settings.seal_key,
        kind=kind,
        offered=_offered(chat),
        advice=Advice(models.served_models(settings.base), settings.zone),
        compacting=compacting,
        images=tuple(sight.shown),
        schema=schema,
        body=body,
        echo={**body, **as_used(chat)},
    )
    return TranslatedRequest(chat, context)


def images_to_describe(
    body: JsonObject, settings: TranslationSettings, headers: Mapping[str, str] = _NO_HEADERS
) -> list[Image]:
    """Give the images, each once and in order, of which the model could only be told.

    The body need not be sound: what is wrong with it is for `translate_request` to say.
    """
    items, asked = body.get("input"), body.get("model")
    if settings.images.mode != "describe" or not isinstance(items, list):
        return []
    kind = side_kind(read_facts(headers, body), settings.side)
    if not isinstance(asked, str) or find_model(asked, settings, kind).images:
        return []
    images = {image.id: image for image in map(read_image, image_urls(items)) if not image.fault}
    return list(images.values())


def find_model(asked: str, settings: TranslationSettings, kind: SideKind = MAIN) -> models.Model:
    """Give the model that a name stands for, with what the user says of it."""
    name = side_model(kind, asked, settings.base, settings.model_map, settings.side)
    model = models.find_model(name)
    return replace(model, images=True) if model.name == settings.images.vision_model else model


def _choose_model(
    asked: str,
    kind: SideKind,
    items: list[object],
    settings: TranslationSettings,
    receipt: Receipt,
) -> models.Model:
    model = find_model(asked, settings, kind)
    if model.name != find_model(asked, settings).name:
        words = f"{kind.name}: {asked} is answered by {model.name}"
        receipt.add("renamed", "side-request", words)
    elif model.name != asked:
        receipt.add("renamed", "model", f"{asked} is answered by {model.name}")
    if settings.images.mode != "route" or model.images or not turn_has_image(items):
        return model
    seer = settings.images.seer(settings.base)
    if seer is None:
        return model
    words = f"{model.name} reads text only: {seer.name} answers this turn, which holds an image"
    receipt.add("changed", "image-route", words)
    return seer


def _side_effort(body: JsonObject, kind: SideKind, receipt: Receipt) -> str:
    asked = cast("JsonObject", body.get("reasoning") or {}).get("effort")
    if kind.effort and asked != kind.effort:
        receipt.add("changed", "side-request", f"{kind.name}: thinks with effort {kind.effort}")
    return kind.effort


def _offered(chat: JsonObject) -> frozenset[str]:
    tools = cast("list[dict[str, JsonObject]]", chat.get("tools", []))
    return frozenset(str(tool["function"]["name"]) for tool in tools)


def continue_request(
    context: TurnContext, settings: TranslationSettings, items: list[JsonObject]
) -> JsonObject:
    """Give the chat body of a turn's next round: its request, with `items` added to the input.

    It is the body that the client's next request would give, so that GLM's prompt cache fits.
    """
    choice = after_a_call(context.body.get("tool_choice"))
    body = {**context.body, "input": [*_items(context.body), *items], "tool_choice": choice}
    effort = settings.effort or context.kind.effort
    same_model = replace(settings, model_map=(("*", context.model),), effort=effort)
    return translate_request(body, same_model).chat_body


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
    reader: HistoryReader,
    receipt: Receipt,
) -> list[JsonObject]:
    system = [{"role": "system", "content": words}] if (words := body.get("instructions")) else []
    # Read apart, so that a complaint about an item names the place that it has for the client.
    messages = MessageFold(receipt).fold([*reader.read([*system]), *reader.read(items)])
    if not messages:
        raise RequestError("input holds nothing that a model could answer", param="input")
    return messages
