"""What must not be shown to others, taken out of texts and JSON values.

The same value is always given the same placeholder, so that what belonged together still does.
A placeholder has the form of what it replaces wherever a reader depends on the form.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .reasoning import seal_anew
from .redaction_shapes import SHAPES, START, VALUES
from .wire.json_strings import strings_of
from .wire.wire_json import encode_text, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PRIVATE_KEY = re.compile(
    r"(?i)passw(or)?d$|secret|api_?key|authorization|cookie|(account|installation|user|org)[_-]?id$"
    r"|remote_?urls?$|token$"
)
"""Names of fields whose value says who somebody is, or lets somebody in."""

_ENDS = {"secret": "", "home": r"(?![\w-])", "host": r"(?![\w-])"}
"""What must follow a known value: `/root` is not in `/rootfs`."""

_TECHNICAL = frozenset(
    {"type", "role", "status", "object", "model", "effort", "reasoning_effort", "phase", "name"}
    | {"summary", "tool_choice", "verbosity", "detail", "id", "call_id", "encoding", "syntax"}
)
"""Fields whose words belong to the dialect, where a name such as `max` is nobody's."""
_WORD = re.compile(r"[\w.-]+")
_LONGEST_NAME = 64
"""Characters of a field's name that are kept where long texts are not."""

_WHOLE_JSON = frozenset({"arguments", "x-codex-turn-metadata"})
_PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwACh"
    "wGA60e6kgAAAABJRU5ErkJggg=="
)
_DATA_URL = re.compile(r"data:[\w/+.-]+(;[\w=-]+)*,")
_FORMS = {
    "person": "user",
    "email": "person{n}@example.com",
    "login": "user{n}",
    "repository": "https://git.example/repository{n}.git",
    "uuid": "00000000-0000-4000-8000-{n:012d}",
    "host": "host{n}.example",
    "address": "192.0.2.{n}",
}


FIXTURE_KEY = b"a key of the tests"
"""Seals the thinking in a fixture: its own seal breaks, and would tell of the GLM key."""


class Span(NamedTuple):
    """A part of a text, and what is to stand there."""

    start: int
    end: int
    placeholder: str


@dataclass(frozen=True, slots=True)
class Private:
    """What is known to be private on this machine."""

    secrets: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    """User names; replaced where they stand as words."""
    homes: tuple[str, ...] = ()
    """Home directories, wherever they lie."""
    hosts: tuple[str, ...] = ()


NOTHING_KNOWN = Private()


class Redactor:
    """Takes private values out; one for all that is to be read together.

    `longest` is the length from which a text is only told by its length; 0: texts stay whole.
    """

    def __init__(self, private: Private = NOTHING_KNOWN, longest: int = 0) -> None:
        self.longest = longest
        known = {"secret": private.secrets, "home": private.homes, "host": private.hosts}
        self._known = _compile({k: _any_of(v) + _ENDS[k] for k, v in known.items() if any(v)})
        people = [name for name in private.people if len(name) > 1 and name != "root"]
        named = {"named": rf"{START}(?<!-){_any_of(people)}(?![\w-])"} if people else {}
        self._shapes = {False: _compile(SHAPES | named), True: _compile(SHAPES)}
        """By whether names are left alone."""
        self._seen: defaultdict[str, dict[str, int]] = defaultdict(dict)

    def text(self, text: str, *, technical: bool = False) -> str:
        """Give a text without what is private; `technical` where user names are no names."""
        return replace_spans(text, self.spans(text, technical=technical))

    def spans(self, text: str, *, technical: bool = False) -> list[Span]:
        """Give the private parts of a text, in order and apart from each other."""
        return list(self._between(text, 0, len(text), technical=technical))

    def argument_spans(self, text: str) -> list[Span]:
        """Give the private parts of a call's arguments as they are written, told by names too.

        They need not be whole: a stream may have broken off.
        """
        found: list[Span] = []
        position = 0
        for name, start, end, inside in strings_of(text):
            if _PRIVATE_KEY.search(name) or name in _WHOLE_JSON:
                found += self._between(text, position, start)
                clean = self._string(inside, name)
                found += [Span(start, end, _inside(clean))] if clean != inside else []
                position = end
        return [*found, *self._between(text, position, len(text))]

    def json(self, value: object, key: str = "") -> object:
        """Give a JSON value without what is private; the value itself is left as it is."""
        if isinstance(value, dict):
            return {self._key(name): self.json(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [self.json(each, key) for each in value]
        return self._string(value, key) if isinstance(value, str) else value

    def _key(self, name: str) -> str:
        if self.longest and len(name) > max(self.longest, _LONGEST_NAME):
            return f"[name of {len(name):,} chars]"
        return self.text(name, technical=bool(_WORD.fullmatch(name)))

    def _string(self, text: str, key: str) -> str:
        if _PRIVATE_KEY.search(key) and text:
            return self._placeholder("secret", text)
        if key in _WHOLE_JSON:
            return self._inner_json(text)
        if key == "encrypted_content":
            return seal_anew(text, FIXTURE_KEY, lambda inside: self._plain(inside, key))
        return _PIXEL if _DATA_URL.match(text) else self._plain(text, key)

    def _plain(self, text: str, key: str) -> str:
        if self.longest and len(text) > self.longest:
            return f"[{self._key(key) or 'text'}: {len(text):,} chars]"
        return self.text(text, technical=key in _TECHNICAL and bool(_WORD.fullmatch(text)))

    def _inner_json(self, text: str) -> str:
        try:
            value = parse_json(text)
        except ValueError:
            return replace_spans(text, self.argument_spans(text))
        redacted = self.json(value)
        return text if redacted == value else encode_text(redacted)

    def _between(
        self, text: str, start: int, end: int, *, technical: bool = False
    ) -> Iterator[Span]:
        for known in self._known.finditer(text, start, end):
            yield from self._shaped(text, start, known.start(), technical=technical)
            placeholder = self._placeholder(str(known.lastgroup), known[0])
            yield Span(known.start(), known.end(), placeholder)
            start = known.end()
        yield from self._shaped(text, start, end, technical=technical)

    def _shaped(self, text: str, start: int, end: int, *, technical: bool) -> Iterator[Span]:
        for match in self._shapes[technical].finditer(text, start, end):
            label = str(match.lastgroup)
            part: str | int = 0
            if match["assigned"]:
                label, part = "secret", next(each for each in VALUES if match[each])
                if match[part].isdecimal() or match[part].startswith(("[", "$", "{", "<")):
                    continue
            placeholder = self._placeholder(label, match[part])
            yield Span(match.start(part), match.end(part), placeholder)

    def _placeholder(self, label: str, value: str) -> str:
        if label == "home":
            return "/home/user"
        kind = {"named": "person", "token": "secret"}.get(label, label)
        seen = self._seen[kind]
        number = seen.setdefault(value, len(seen) + 1)
        if kind == "hex":
            return f"{number:0{len(value)}x}"
        if kind == "address":
            number = (number - 1) % 254 + 1
        return _FORMS.get(kind, "[" + kind + " {n}]").format(n=number)


def replace_spans(text: str, spans: Iterable[Span]) -> str:
    """Put the placeholders of spans into their text."""
    parts, position = [], 0
    for span in spans:
        parts += [text[position : span.start], span.placeholder]
        position = span.end
    return "".join([*parts, text[position:]])


def _compile(forms: dict[str, str]) -> re.Pattern[str]:
    """Make one pattern of many, each a group; of none, a pattern that is found nowhere."""
    return re.compile("|".join(rf"(?P<{k}>{v})" for k, v in forms.items()) or r"(?!)")


def _any_of(values: Iterable[str]) -> str:
    """Match any of the values, as it stands by itself or inside a text that is JSON."""
    written = {way for v in values for way in (v, _inside(v), _inside(v, ascii_only=True)) if v}
    return f"(?:{'|'.join(map(re.escape, sorted(written, key=len, reverse=True)))})"


def _inside(value: str, *, ascii_only: bool = False) -> str:
    return json.dumps(value, ensure_ascii=ascii_only)[1:-1]
