"""Patches for Codex's apply_patch: how GLM is told of them, and how they are found in a wrapping.

Codex takes a bare patch alone: fences, JSON, words around it and a missing end are refused
(codex-cli 0.163.0). What GLM wraps around a patch is taken off where that cannot alter what the
patch does; anything else stays as it is, for Codex to refuse with a message that GLM can read.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..wire.wire_json import encode_text, parse_loose, parse_object

BEGIN = "*** Begin Patch"
END = "*** End Patch"

EXPLANATION = f"""\
A patch is plain text. It begins with the line `{BEGIN}`, ends with the line `{END}`, and holds \
one section for each file between them:

{BEGIN}
*** Update File: src/greet.py
@@ def greet(name):
     name = name.strip()
-    return "hi " + name
+    return "hello " + name
*** Add File: docs/new.txt
+first line
+second line
*** Delete File: old.txt
{END}

- Paths are relative. `*** Move to: NEW_PATH` right below `*** Update File:` renames the file.
- In an update every line begins with one more character: a space for a line that stays, `-` for \
one that goes, `+` for one that comes. Copy about three unchanged lines around a change exactly.
- `@@` begins each place of change, alone or with the function or class that the place is in. Line \
numbers, as in `@@ -1,3 +1,4 @@`, do not work.
- In an added file every line begins with `+`, empty ones too.
- Nothing else belongs there: no code fence, no JSON, no shell command, no words before or after."""

_BEGIN_LINE = re.compile(rf"^{re.escape(BEGIN)}[ \t]*\r?$", re.MULTILINE)
_END_LINE = re.compile(rf"^{re.escape(END)}(?P<rest>.*)$", re.MULTILINE)
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[\w+-]*[ \t]*")
_HEREDOC = re.compile(r"[ \t]*(?:\$ )?(?:apply_?patch)?[ \t]*<<-?[ \t]*(['\"]?)(\w+)\1[ \t]*")
_CLOSING = re.compile(r"""(?:[\s"'`)\]}]|\\n|</[\w|]+>)*""")
_CHANGE = re.compile(r"\*\*\*|\+|@@|-\S")
_MOVES = re.compile(r"\b(?:cd|pushd|chdir|workdir)\b")
_COMMANDS = frozenset({"apply_patch", "applypatch", "bash", "sh", "zsh", "-c", "-lc"})
_MOST_LAYERS = 4
_EXCERPT = 60


class Unwrapped(NamedTuple):
    """An input as the tool is to get it, and what was done to it, for the receipt."""

    text: str
    notes: tuple[str, ...] = ()


def unwrap_patch(text: str) -> Unwrapped:
    """Take off what stands around a patch; what is bare already stays, byte for byte."""
    notes: list[str] = []
    for _ in range(_MOST_LAYERS):
        inner = _inside_json(text) or _inside_escapes(text)
        if not inner:
            break
        text, note = inner
        notes.append(note)
    bare = _cut_out(text)
    return Unwrapped(bare.text, (*notes, *bare.notes))


def unwrap_arguments(arguments: str) -> Unwrapped:
    """Take off what stands around the patch in a call of apply_patch as a function.

    Codex declares it so for some models (codex-cli 0.40.0 to 0.63.0, gpt-oss).
    """
    try:
        given = parse_object(arguments)
    except ValueError:
        return Unwrapped(arguments)
    patch = given.get("input")
    bare = unwrap_patch(patch) if isinstance(patch, str) else Unwrapped("")
    if not bare.notes:
        return Unwrapped(arguments)
    return Unwrapped(encode_text({**given, "input": bare.text}), bare.notes)


def _inside_json(text: str) -> tuple[str, str] | None:
    if text.lstrip()[:1] not in ("{", "[", '"'):
        return None
    try:
        inner = _only_string(parse_loose(text))
    except ValueError:
        return None
    return (inner, "the patch was written as JSON") if BEGIN in inner else None


def _only_string(value: object) -> str:
    """Give the one string of a wrapping in which nothing else has a say; else nothing."""
    if isinstance(value, dict) and len(value) == 1:
        return _only_string(*value.values())
    if isinstance(value, list) and value and all(word in _COMMANDS for word in value[:-1]):
        return _only_string(value[-1])
    return value if isinstance(value, str) else ""


def _inside_escapes(text: str) -> tuple[str, str] | None:
    r"""Read a patch that stands on one line, with `\n` for its line breaks."""
    line = text.strip()
    if "\n" in line or "\\n" not in line or BEGIN not in line:
        return None
    try:
        return str(parse_loose(f'"{line}"')), "the patch was escaped twice"
    except ValueError:
        return None


def _cut_out(text: str) -> Unwrapped:
    """Give the only patch of a text, unless what stands around it might mean something."""
    begins, ends = [*_BEGIN_LINE.finditer(text)], [*_END_LINE.finditer(text)]
    if len(begins) != 1 or len(ends) > 1:
        return Unwrapped(text)
    start = begins[0].start()
    before, notes = text[:start].splitlines(), list[str]()
    end = ends[0].start("rest") if ends else _end_of_body(text, before)
    if end <= start or not _is_wrapping(before, text[end:].splitlines()):
        return Unwrapped(text)
    dropped = [part for part in (text[:start].strip(), text[end:].strip()) if part]
    if not dropped:
        return Unwrapped(text)
    patch = text[start if text[:start].strip() else 0 : end]
    if not ends:
        notes.append(f"the wrapping was closed, so the missing {END} was added")
        patch += f"\n{END}"
    shown = " … ".join(part[:_EXCERPT] for part in dropped)
    return Unwrapped(patch, (*notes, f"left out around the patch: {shown}"))


def _end_of_body(text: str, before: list[str]) -> int:
    """Find where a patch without an end ends, if the wrapping's own end proves it; else 0."""
    closers = {found[1] for line in before if (found := _FENCE.fullmatch(line))}
    closers |= {found[2] for line in before if (found := _HEREDOC.fullmatch(line))}
    body = text.rstrip()
    end = 0
    while body.rpartition("\n")[2].strip() in closers:
        body = body.rpartition("\n")[0].rstrip("\r\n")
        end = len(body)
    return end


def _is_wrapping(before: list[str], after: list[str]) -> bool:
    """Tell whether the lines around a patch do nothing that would be lost with them."""
    if any(map(_CHANGE.match, (*before, *after))):
        return False
    heredocs = [found[2] for line in before if (found := _HEREDOC.fullmatch(line))]
    if heredocs:  # shell: every other line would be a command
        rest = [line for line in before if not _HEREDOC.fullmatch(line)]
        return all(_is_frame(line, heredocs) for line in (*rest, *after))
    closed = not after or bool(_CLOSING.fullmatch(after[0]))
    return closed and not any(map(_MOVES.search, before))


def _is_frame(line: str, words: list[str]) -> bool:
    return bool(_FENCE.fullmatch(line) or _CLOSING.fullmatch(line)) or line.strip() in words
