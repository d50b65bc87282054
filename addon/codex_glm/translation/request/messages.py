"""The steps of a conversation, folded into the chat messages that GLM accepts.

GLM's rules (Z.ai API reference, and refusals reported for it): thinking, text and calls of one
reply stand in one assistant message; each call is answered by one tool message directly behind
it; tool messages are text; a conversation needs a user message.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never

from .steps import Call, Output, Say, Speak, Think

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..receipt import Receipt
    from ..wire.wire_json import JsonObject
    from .content import Content
    from .steps import Step

_LOST = "No output was recorded for this call: it was interrupted, or its output was lost."


@dataclass(slots=True)
class _Reply:
    """An assistant message in the making."""

    thinking: str = ""
    text: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def to_json(self) -> JsonObject:
        message: JsonObject = {"role": "assistant", "content": "\n\n".join(self.text)}
        if self.thinking:
            message["reasoning_content"] = self.thinking
        if self.calls:
            message["tool_calls"] = [
                {
                    "id": call.call_id,
                    "type": "function",
                    "function": {"name": call.wire_name, "arguments": call.arguments},
                }
                for call in self.calls
            ]
        return message


_NO_USER = "(The user's words are not in this conversation.)"


class MessageFold:
    """Folds steps, in order, into `messages`; used once."""

    def __init__(self, receipt: Receipt) -> None:
        self.messages: list[JsonObject] = []
        self._receipt = receipt
        self._reply = _Reply()
        self._outputs: dict[str, deque[tuple[int, Output]]] = {}
        self._answered: set[int] = set()
        self._call_ids: set[str] = set()
        self._id_counts: dict[str, int] = {}
        """Ids that came more than once, and the last number behind each."""

    def fold(self, steps: Iterable[Step]) -> list[JsonObject]:
        """Take all steps of a conversation and give its messages."""
        ordered = list(steps)
        for position, step in enumerate(ordered):
            if isinstance(step, Output) and step.call_id:
                self._outputs.setdefault(step.call_id, deque()).append((position, step))
        for position, step in enumerate(ordered):
            self._take(position, step)
        self._end_reply()
        self._join_leading_system()
        self._ensure_user()
        return self.messages

    def _take(self, position: int, step: Step) -> None:
        match step:
            case Say(role, content):
                self._end_reply()
                self.messages.append(_message(role, content))
            case Think(text):
                self._end_reply()  # of thinking alone, too: another try followed it
                self._reply.thinking = text
            case Speak(text):
                self._reply.text.append(text)
            case Call():
                self._reply.calls.append(step)
            case Output():
                self._end_reply()
                if position not in self._answered:
                    self._take_orphan(step)
            case _ as unreachable:
                assert_never(unreachable)

    def _end_reply(self) -> None:
        reply, self._reply = self._reply, _Reply()
        if not reply.text and not reply.calls:
            if reply.thinking:
                self._receipt.add(
                    "dropped", "lone-thinking", "thinking of a reply that was never finished"
                )
            return
        outputs = [self._pop_output(call) for call in reply.calls]
        reply.calls = [self._with_own_id(call) for call in reply.calls]
        self.messages.append(reply.to_json())
        for call, output in zip(reply.calls, outputs, strict=True):
            self._answer(call, output)
        self._show_media(reply.calls, outputs)

    def _pop_output(self, call: Call) -> Output | None:
        waiting = self._outputs.get(call.call_id)
        if not waiting:
            return None
        position, output = waiting.popleft()
        self._answered.add(position)
        return output

    def _with_own_id(self, call: Call) -> Call:
        stem = call.call_id or "call"
        call_id, count = stem, self._id_counts.get(stem, 1)
        while call_id in self._call_ids or (not call.call_id and call_id == stem):
            count += 1
            call_id = f"{stem}_{count}"
        self._id_counts[stem] = count
        self._call_ids.add(call_id)
        if call_id == call.call_id:
            return call
        self._receipt.add("repaired", "call-id", f"{call.call_id or 'no id'} became {call_id}")
        return call._replace(call_id=call_id)

    def _answer(self, call: Call, output: Output | None) -> None:
        if output is None:
            self._receipt.add(
                "repaired", "orphan-call", f"{call.wire_name} ({call.call_id}) had no output"
            )
        text = output.content.text if output else _LOST
        self.messages.append({"role": "tool", "tool_call_id": call.call_id, "content": text})

    def _show_media(self, calls: list[Call], outputs: list[Output | None]) -> None:
        for call, output in zip(calls, outputs, strict=True):
            if output and output.content.media:
                note = f"Returned by {call.wire_name} ({call.call_id}):"
                self.messages.append(_user_parts([note, *output.content.media]))
                self._receipt.add(
                    "changed", "tool-media", f"{call.call_id}: its images follow as a user message"
                )

    def _take_orphan(self, output: Output) -> None:
        if waiting := self._outputs.get(output.call_id):
            waiting.popleft()
        name = output.source or output.call_id or "a tool"
        self._receipt.add("repaired", "orphan-output", f"{name}: no call of it precedes")
        note = f"[Output of {name}, whose call is not in this conversation]"
        self.messages.append(_user_parts([note, *output.content.parts]))

    def _join_leading_system(self) -> None:
        count = 0
        while count < len(self.messages) and self.messages[count]["role"] == "system":
            count += 1
        if count > 1:
            text = "\n\n".join(str(m["content"]) for m in self.messages[:count])
            self.messages[:count] = [{"role": "system", "content": text}]

    def _ensure_user(self) -> None:
        if any(message["role"] == "user" for message in self.messages):
            return
        for message in reversed(self.messages):
            if message["role"] == "system":
                message["role"] = "user"
                self._receipt.add("changed", "no-user", "the last system message became the user's")
                return
        if not self.messages:
            return
        self._receipt.add("added", "no-user", "a user message: GLM takes no conversation without")
        self.messages.insert(0, {"role": "user", "content": _NO_USER})


def _message(role: str, content: Content) -> JsonObject:
    if role == "user":
        return _user_parts(list(content.parts))
    return {"role": role, "content": content.text}


def _user_parts(parts: list[str | JsonObject]) -> JsonObject:
    """Make a user message: a plain string where all is text, else parts with some text in them.

    A message of images alone is refused (GLM 1210 and 1213, reported 2026).
    """
    if all(isinstance(part, str) for part in parts):
        return {"role": "user", "content": "\n".join(map(str, parts))}
    if not any(isinstance(part, str) and part.strip() for part in parts):
        parts = ["(image)", *parts]
    chat = [{"type": "text", "text": p} if isinstance(p, str) else p for p in parts]
    return {"role": "user", "content": chat}
