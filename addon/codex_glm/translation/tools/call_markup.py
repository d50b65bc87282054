"""A tool call in GLM's own markup, where GLM's server failed to read it as one.

GLM writes a call as `<tool_call>NAME<arg_key>K</arg_key><arg_value>V</arg_value></tool_call>`, up
to glm-4.6 with line feeds between the parts, and its server makes a `tool_calls` delta of it. Now
and then the markup comes through as text, or inside the name of a call (reported 2026-06 and
2026-07 for glm-4.7 to glm-5.2); some replies hold JSON between the outer tags instead.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ..wire.wire_json import encode_text, parse_loose

if TYPE_CHECKING:
    from collections.abc import Collection, Generator

OPENING = "<tool_call>"
_CLOSING = "</tool_call>"
_KEY, _KEY_END = "<arg_key>", "</arg_key>"
_VALUE, _VALUE_END = "<arg_value>", "</arg_value>"

_NAME = re.compile(r"[a-zA-Z0-9_-]*")
_OBJECT = re.compile(r'\s*\{\s*["}]')
_STRAY_TAGS = re.compile(r"(?:\s|</?(?:arg_key|arg_value|tool_call)>)*")
_LONGEST_KEY = 200


class MarkupCall(NamedTuple):
    """A call that was read out of markup; `arguments` is the text of a JSON object."""

    name: str
    arguments: str


class _NoCallError(Exception):
    """What was read cannot become a call."""


class CallMarkup:
    """Reads one call while it is being written; `names` are those that may be called."""

    def __init__(self, names: Collection[str]) -> None:
        self.call: MarkupCall | None = None
        """The call, once it is whole."""
        self.broken = False
        """Whether what was read can no longer become a call."""
        self.rest = ""
        """What was read and belongs to no part yet; once the call is whole, what follows it."""
        self._names = names
        self._read: list[str] = []
        self._reading = self._read_call()

    @property
    def ended(self) -> bool:
        """Whether the call is whole, or none."""
        return self.broken or self.call is not None

    @property
    def raw(self) -> str:
        """All that was read."""
        return "".join(self._read)

    def feed(self, text: str) -> None:
        """Read more; `call` and `broken` then tell what has become of it."""
        self._read.append(text)
        self.rest += text
        try:
            next(self._reading)
        except StopIteration as end:
            self.call = end.value
        except _NoCallError:
            self.broken = True

    def _read_call(self) -> Generator[None, None, MarkupCall]:
        yield from self._read_tag(OPENING)
        name = yield from self._read_name()
        if not name:
            return self._named_in_json((yield from self._read_json()))
        arguments: dict[str, str] = {}
        tag = yield from self._read_tag(_KEY, _CLOSING, "{")
        if tag == "{":
            return _called(name, (yield from self._read_json(tag)))
        while tag == _KEY:
            key = (yield from self._read_until(_KEY_END, _LONGEST_KEY)).strip()
            if "<" in key or key in arguments:
                raise _NoCallError
            yield from self._read_tag(_VALUE)
            arguments[key] = yield from self._read_until(_VALUE_END)
            tag = yield from self._read_tag(_KEY, _CLOSING)
        return MarkupCall(name, encode_text(arguments))

    def _read_tag(self, *tags: str) -> Generator[None, None, str]:
        while True:
            self.rest = self.rest.lstrip()
            for tag in tags:
                if self.rest.startswith(tag):
                    self.rest = self.rest[len(tag) :]
                    return tag
            if not any(tag.startswith(self.rest) for tag in tags):
                raise _NoCallError
            yield

    def _read_name(self) -> Generator[None, None, str]:
        """Read a name that may be called; none where JSON begins in its place."""
        while True:
            self.rest = self.rest.lstrip()
            name = _NAME.match(self.rest)[0]  # type: ignore[index]  # it matches anything
            if self.rest.startswith("{"):
                return ""
            if name != self.rest:
                break
            if not any(known.startswith(name) for known in self._names):
                raise _NoCallError
            yield
        if name not in self._names:
            raise _NoCallError
        self.rest = self.rest[len(name) :]
        return name

    def _read_until(self, end: str, most: int = 0) -> Generator[None, None, str]:
        """Read a part up to its end tag; `most` is how long it may be, 0: any length."""
        parts = []
        while end not in self.rest:
            if most and len(self.rest) > most + len(end):
                raise _NoCallError
            if not most:
                kept = len(end) - 1
                parts.append(self.rest[:-kept])
                self.rest = self.rest[-kept:]
            yield
        last, _, self.rest = self.rest.partition(end)
        if most and len(last) > most:
            raise _NoCallError
        return "".join([*parts, last])

    def _read_json(self, begun: str = "") -> Generator[None, None, object]:
        while not (begun + self.rest).strip()[1:]:
            yield
        if not _OBJECT.match(begun + self.rest):
            raise _NoCallError
        text = yield from self._read_until(_CLOSING)
        try:
            return parse_loose(begun + text)
        except ValueError as error:
            raise _NoCallError from error

    def _named_in_json(self, value: object) -> MarkupCall:
        fields = value if isinstance(value, dict) else {}
        name = fields.get("name")
        if not isinstance(name, str) or name not in self._names:
            raise _NoCallError
        return _called(name, fields.get("arguments", fields.get("parameters", {})))


def _called(name: str, arguments: object) -> MarkupCall:
    if isinstance(arguments, str):
        try:
            arguments = parse_loose(arguments)
        except ValueError as error:
            raise _NoCallError from error
    if not isinstance(arguments, dict):
        raise _NoCallError
    return MarkupCall(name, encode_text(arguments))


def split_name(name: str, names: Collection[str]) -> MarkupCall | None:
    """Read a call whose markup stands in its name; None where that is not what stands there.

    Without arguments the tags behind the name are mere splinters (reported for glm-5.2, 2026-07).
    """
    bare = _NAME.match(name)[0]  # type: ignore[index]  # it matches anything
    if bare not in names:
        return None
    if _STRAY_TAGS.fullmatch(name, len(bare)):
        return MarkupCall(bare, "")
    markup = CallMarkup(names)
    markup.feed(f"{OPENING}{name.removesuffix(_CLOSING)}{_CLOSING}")
    return markup.call
