"""Calls that GLM wrote into its text or its thinking, taken out and handed on as real calls.

GLM ends its reply behind a call. So markup counts as a call only where nothing but further calls
and white space follows it, where it is whole, names a tool that was declared for this reply, and
does not stand in code; in thinking only if the reply holds nothing else. Anything else is text that
speaks of such markup, and stays as it is.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from ..tools.call_markup import OPENING, CallMarkup
from ..wire.chunks import TextDelta, ThinkingDelta
from .code_spans import CodeSpans

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..receipt import Receipt
    from ..tools.call_markup import MarkupCall

type Spoken = TextDelta | ThinkingDelta

_THINK_END = "</think>"
_BOX = ("<|begin_of_box|>", "<|end_of_box|>")
"""What vision models up to 4.6 put around an answer (Z.ai API reference)."""


class LeakedCalls:
    """Holds back what may be a leaked call, and lets everything else through at once.

    `names` are GLM's names of the functions that were declared for the reply.
    """

    def __init__(self, names: Collection[str], receipt: Receipt) -> None:
        self._names = names
        self._receipt = receipt
        self._kind: type[Spoken] = ThinkingDelta
        self._code = CodeSpans()
        self._held: list[Spoken] = []
        self._calls: list[MarkupCall] = []
        """What `_held` says, and nothing else."""
        self._tag: CallMarkup | _Stray | None = None
        """What is still being written, behind all that is held."""
        self._answered = False
        """Whether the reply holds more than thinking."""

    def receive(self, delta: Spoken) -> list[Spoken]:
        """Take more text or thinking; give what of it is certain to be no call."""
        if type(delta) is not self._kind:
            return self._change_kind(delta)
        if "<" in delta.text or self._tag or self._calls:
            return _joined(self._scan(delta.text))
        self._let_through(delta.text)
        return [delta]

    def interrupt(self) -> list[Spoken]:
        """Note that GLM goes on with a real call; give what can be no call any more."""
        self._answered = True
        return [] if self._kind is TextDelta and not self._tag else self._release()

    def close(self, *, complete: bool) -> tuple[list[Spoken], list[MarkupCall]]:
        """End the reply; give what was held for nothing, and the calls that were found.

        `complete` is False where GLM ran out of tokens: then something might have followed.
        """
        in_text = self._kind is TextDelta
        if not complete or self._tag or not (in_text or not self._answered):
            return _joined(self._release()), []
        calls, self._calls, self._held = self._calls, [], []
        for call in calls:
            place = "text" if in_text else "thinking"
            words = f"{call.name}: GLM wrote this call into its {place}, as markup"
            self._receipt.add("repaired", "leaked-call", words)
        return [], calls

    def _change_kind(self, delta: Spoken) -> list[Spoken]:
        if self._calls and delta.text.isspace():
            self._held.append(delta)
            return []
        released = self._release()
        self._kind, self._code = type(delta), CodeSpans()
        return _joined([*released, *self.receive(delta)])

    def _scan(self, text: str) -> list[Spoken]:
        """Read on until the text is used up: outside of tags, or inside of one."""
        given: list[Spoken] = []
        while text:
            if self._tag:
                text = self._read_tag(self._tag, text, given)
                continue
            before, mark, behind = text.partition("<")
            text = mark + behind
            if self._calls and before.isspace():
                self._held.append(self._kind(before))
            elif before:
                given += [*self._release(), self._let_through(before)]
            self._tag = self._tag_at(text)
            if mark and not self._tag:
                given += [*self._release(), self._let_through(mark)]
                text = behind
        return given

    def _read_tag(self, tag: CallMarkup | _Stray, text: str, given: list[Spoken]) -> str:
        """Read on inside a tag; give what is still to be read."""
        tag.feed(text)
        if tag.broken:
            raw = tag.raw
            again = isinstance(tag, _Stray) and self._opens_call(raw)
            self._tag = CallMarkup(self._names) if again else None
            if again:
                return raw
            given += [*self._release(), self._let_through(raw[0])]
            return raw[1:]
        if tag.call:
            self._calls.append(tag.call)
            self._held.append(self._kind(tag.raw.removesuffix(tag.rest)))
        elif isinstance(tag, _Stray) and tag.written:
            self._receipt.add("dropped", "stray-tag", f"{tag.written} stood in the text")
        if tag.ended:
            self._tag = None
        return tag.rest if tag.ended else ""

    def _tag_at(self, text: str) -> CallMarkup | _Stray | None:
        """Open what may begin here: `text` is empty, or begins with `<`."""
        if not text:
            return None
        strays = self._strays()
        if any(_may_be(tag, text) for tag in strays):
            return _Stray(strays)
        return CallMarkup(self._names) if self._opens_call(text) else None

    def _strays(self) -> tuple[str, ...]:
        """Give the tags that may stand here and mean nothing to the client."""
        if self._kind is not TextDelta or self._code.in_code():
            return ()
        return _BOX if self._answered else (_THINK_END, *_BOX)

    def _opens_call(self, text: str) -> bool:
        return _may_be(OPENING, text) and (bool(self._calls) or not self._code.in_code())

    def _let_through(self, text: str) -> Spoken:
        self._code.append(text)
        self._answered |= self._kind is TextDelta and not text.isspace()
        return self._kind(text)

    def _release(self) -> list[Spoken]:
        """Give all that is held: it was no call after all."""
        held, self._held, self._calls = self._held, [], []
        if self._tag:
            held.append(self._kind(self._tag.raw))
            self._tag = None
        for delta in held:
            self._let_through(delta.text)
        return held


class _Stray:
    """One of some tags that GLM's server should have taken out, in the making."""

    call: MarkupCall | None = None

    def __init__(self, tags: tuple[str, ...]) -> None:
        self.raw = ""
        self._tags = tags

    @property
    def written(self) -> str:
        """The tag, once it is whole."""
        return next((tag for tag in self._tags if self.raw.startswith(tag)), "")

    @property
    def ended(self) -> bool:
        return bool(self.written)

    @property
    def broken(self) -> bool:
        return not any(_may_be(tag, self.raw) for tag in self._tags)

    @property
    def rest(self) -> str:
        return self.raw[len(self.written) :]

    def feed(self, text: str) -> None:
        self.raw += text


def _may_be(tag: str, text: str) -> bool:
    """Tell whether a text begins with a tag, or is the beginning of it."""
    return tag.startswith(text[: len(tag)])


def _joined(deltas: list[Spoken]) -> list[Spoken]:
    return [kind("".join(d.text for d in group)) for kind, group in groupby(deltas, type)]
