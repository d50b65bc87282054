"""Input items of a Responses request, read one by one into the steps of a conversation.

Each item type has one small reader in a table; what the steps become as chat messages is decided
in `messages`.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from .. import compaction
from ..errors import RequestError
from ..reasoning import unseal
from ..tools import local_shell, web_search
from ..tools.arguments import sound_arguments
from ..tools.declarations import flatten_tools
from ..tools.tool_search import NOT_RUN, has_query
from ..vocabulary import is_known
from ..wire.wire_json import encode_text
from .content import Content, ContentReader
from .foreign_items import read_foreign
from .steps import Call, Output, Say, Speak, Think

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..receipt import Receipt
    from ..tools.declarations import ToolNames
    from ..wire.wire_json import JsonObject
    from .steps import Step

_ROLES = {"developer": "system", "system": "system", "user": "user", "assistant": "assistant"}
_BECAME: dict[type[Step], str] = {
    Say: "a note of the user's",
    Speak: "words of the assistant",
    Call: "a call",
    Output: "a call's output",
}


class HistoryReader:
    """Reads the items of one turn."""

    def __init__(
        self,
        names: ToolNames,
        content: ContentReader,
        receipt: Receipt,
        *,
        model: str,
        seal_key: bytes,
    ) -> None:
        self._names = names
        self._content = content
        self._receipt = receipt
        self._model = model
        self._seal_key = seal_key
        self._not_run: set[str] = set()
        self._rest: Iterator[object] = iter(())
        """The items behind the one that is read."""

    def read(self, items: list[object]) -> Iterator[Step]:
        """Give the steps of all items in order; raises RequestError where one is malformed."""
        for index, item in enumerate(items):
            param = f"input[{index}]"
            if not isinstance(item, dict):
                raise RequestError(f"{param} must be an object", param=param)
            self._rest = islice(items, index + 1, None)
            kind = item.get("type", "message")
            reader = _READERS.get(kind) if isinstance(kind, str) else None
            if reader:
                yield from reader(self, item, param)
            else:
                yield from self._foreign(item, str(kind), param)

    def _foreign(self, item: JsonObject, kind: str, param: str) -> Iterator[Step]:
        step = read_foreign(item, kind) or self._foreign_call(item, param)
        became = f"passed on as {_BECAME[type(step)]}" if step else "left out"
        if not is_known("item-type", kind):
            self._receipt.unknown("item-type", kind, became)
        elif step:
            self._receipt.add("changed", "item-type", f"{kind}: {became}")
        else:
            self._receipt.add("dropped", "item-type", f"{kind}: GLM has nothing like it")
        if step:
            yield step

    def _foreign_call(self, item: JsonObject, param: str) -> Call | None:
        arguments, text = item.get("arguments"), item.get("input")
        if not isinstance(item.get("call_id"), str) or not isinstance(item.get("name"), str):
            return None
        if isinstance(arguments, str):
            return self._call(item, param, sound_arguments(arguments))
        return self._call(item, param, encode_text({"input": text})) if text else None

    def _message(self, item: JsonObject, param: str) -> Iterator[Step]:
        role = _ROLES.get(str(item.get("role")))
        if role is None:
            raise RequestError(
                f"{param}.role is none of {', '.join(_ROLES)}", param=f"{param}.role"
            )
        content = self._content.read(item.get("content"), f"{param}.content")
        if role != "user":
            content = self._content.without_media(content)
        yield from self._said(role, content, param)

    def _agent_message(self, item: JsonObject, param: str) -> Iterator[Step]:
        content = self._content.read(item.get("content"), f"{param}.content")
        yield from self._said("user", content, param)

    def _said(self, role: str, content: Content, param: str) -> Iterator[Step]:
        """Give a message, unless it says nothing: GLM refuses that (1213)."""
        if not (content.text.strip() or content.media):
            self._receipt.add("dropped", "empty-message", f"{param}: a {role} message without text")
        elif role == "assistant":
            yield Speak(content.text)
        else:
            yield Say(role, content)

    def _reasoning(self, item: JsonObject, param: str) -> Iterator[Step]:
        envelope = item.get("encrypted_content")
        if not isinstance(envelope, str) or not envelope:
            self._receipt.add("dropped", "thinking", f"{param}: it carries no thinking of GLM")
            return
        if web_search.is_memory(item):
            yield from self._search(envelope, param)
            return
        opened = unseal(envelope, self._model, self._seal_key)
        if opened.refused:
            self._receipt.add("dropped", "thinking", f"{param}: {opened.refused}")
        else:
            yield Think(opened.text)

    def _function_call(self, item: JsonObject, param: str) -> Iterator[Step]:
        given = _string(item, "arguments", param)
        arguments = sound_arguments(given)
        if arguments != given and given.strip():
            words = f"{param}: not a JSON object, sent as a string"
            self._receipt.add("repaired", "arguments", words)
        yield self._call(item, param, arguments)

    def _custom_tool_call(self, item: JsonObject, param: str) -> Iterator[Step]:
        text = _string(item, "input", param)
        yield self._call(item, param, encode_text({"input": text}))

    def _tool_search_call(self, item: JsonObject, param: str) -> Iterator[Step]:
        arguments = item.get("arguments") or {}
        if not isinstance(arguments, dict):
            words = f"{param}: not a JSON object, sent inside one"
            self._receipt.add("repaired", "arguments", words)
            arguments = {"invalid_arguments": arguments}
        call = self._call({**item, "name": "tool_search"}, param, encode_text(arguments))
        if not has_query(arguments):
            self._not_run.add(call.call_id)
        yield call

    def _local_shell_call(self, item: JsonObject, param: str) -> Iterator[Step]:
        arguments = local_shell.read_arguments(item.get("action"))
        yield self._call(local_shell.named(item), param, arguments)

    def _local_shell_output(self, item: JsonObject, param: str) -> Iterator[Step]:
        return self._output(local_shell.named(item), param)

    def _call(self, item: JsonObject, param: str, arguments: str) -> Call:
        namespace = item.get("namespace")
        wire = self._names.find(
            _string(item, "name", param), namespace if isinstance(namespace, str) else None
        )
        return Call(str(item.get("call_id") or ""), wire, arguments)

    def _output(self, item: JsonObject, param: str) -> Iterator[Step]:
        content = self._content.read(item.get("output"), f"{param}.output")
        source = ".".join(str(item[key]) for key in ("namespace", "name") if item.get(key))
        yield Output(str(item.get("call_id") or ""), content, source)

    def _tool_search_output(self, item: JsonObject, _param: str) -> Iterator[Step]:
        found = ", ".join(self._found_names(item.get("tools"))) or "nothing"
        text = f"Found tools, which can be called from now on: {found}"
        call_id = str(item.get("call_id") or "")
        text = NOT_RUN if call_id in self._not_run else text
        yield Output(call_id, Content((text,)), "tool_search")

    def _found_names(self, tools: object) -> Iterator[str]:
        for tool, namespace in flatten_tools(tools if isinstance(tools, list) else []):
            yield self._names.find(str(tool.get("name")), namespace)

    def _declaration(self, _item: JsonObject, _param: str) -> Iterator[Step]:
        """Read nothing: `tools` has taken the declarations of this item already."""
        return iter(())

    def _compaction_trigger(self, _item: JsonObject, _param: str) -> Iterator[Step]:
        self._receipt.add("added", "compaction", "GLM is asked for a summary of the conversation")
        yield Say("user", Content((compaction.REQUEST,)))

    def _compaction(self, item: JsonObject, param: str) -> Iterator[Step]:
        summary = compaction.read_summary(str(item.get("encrypted_content")), self._seal_key)
        if summary:
            yield Say("user", Content((summary,)))
        else:
            self._receipt.add("dropped", "compaction", f"{param}: not written under this key")

    def _item_reference(self, item: JsonObject, param: str) -> Iterator[Step]:
        raise RequestError(
            f"{param} refers to the item {item.get('id')}, but nothing is stored between turns."
            " Send the items themselves (AI SDK: set the provider option store to false).",
            param=param,
            code="unsupported_parameter",
        )

    def _web_search_call(self, item: JsonObject, param: str) -> Iterator[Step]:
        """Read nothing: what was asked and found is kept behind the searches of the round."""
        others = (i for i in self._rest if isinstance(i, dict) and i.get("type") != item["type"])
        if not web_search.is_memory(next(others, {})):
            self._receipt.add(
                "dropped", "web-search-call", f"{param}: what it found is in the answer after it"
            )
        return iter(())

    def _search(self, envelope: str, param: str) -> Iterator[Step]:
        memory = web_search.read_memory(envelope, self._seal_key)
        if isinstance(memory, str):
            self._receipt.add("dropped", "web-search-call", f"{param}: {memory}")
            return
        for call_id, arguments, _ in memory:
            yield Call(call_id, self._names.find(web_search.NAME), arguments)
        for call_id, _, output in memory:
            yield Output(call_id, Content((output,)), web_search.NAME)


_READERS: dict[str, Callable[[HistoryReader, JsonObject, str], Iterator[Step]]] = {
    "message": HistoryReader._message,
    "agent_message": HistoryReader._agent_message,
    "reasoning": HistoryReader._reasoning,
    "function_call": HistoryReader._function_call,
    "custom_tool_call": HistoryReader._custom_tool_call,
    "local_shell_call": HistoryReader._local_shell_call,
    "local_shell_call_output": HistoryReader._local_shell_output,
    "tool_search_call": HistoryReader._tool_search_call,
    "function_call_output": HistoryReader._output,
    "custom_tool_call_output": HistoryReader._output,
    "tool_search_output": HistoryReader._tool_search_output,
    "additional_tools": HistoryReader._declaration,
    "compaction": HistoryReader._compaction,
    "compaction_summary": HistoryReader._compaction,
    "compaction_trigger": HistoryReader._compaction_trigger,
    "item_reference": HistoryReader._item_reference,
    "web_search_call": HistoryReader._web_search_call,
}


def _string(item: JsonObject, key: str, param: str) -> str:
    value = item.get(key)
    if not isinstance(value, str):
        raise RequestError(f"{param}.{key} must be a string", param=f"{param}.{key}")
    return value
