"""Our settings in the text of Codex's config.toml: put in, and taken out again.

New lines stand in marked blocks; a value of the user's is changed in its place. What comes out is
read once more and compared with what it must say, so that no other setting can be touched.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable, Item

from codex_glm.commands.carried import Carried, line_of
from codex_glm.translation.models import FLAGSHIP, is_glm_name
from codex_glm.translation.provider import PROVIDER, provider_table, table_lines

_MARK = "# >>> codex-glm"
BEGIN = f"{_MARK}: taken out by `codex-glm undo`, in a clone by `make codex-undo`"
END = "# <<< codex-glm"
_PROVIDERS = "model_providers"
_NOTHING = Carried()
UNREAD = "it is written in a way that this command cannot read"
"""Codex reads more than TOML 1.0, such as an inline table over several lines."""
_HARM = "it is written in a way that cannot be changed without harm"

type Data = dict[str, Any]
"""What a TOML file says."""


class ConfigTextError(Exception):
    """The text cannot be worked on; the words say why."""


@dataclass(frozen=True, slots=True)
class Ours:
    """What was written, as far as taking it out again needs it."""

    provider: str
    """The provider's id: `glm`, or another where the user has a provider of that name."""
    table: dict[str, str | bool]
    """Without what the user changed in it."""
    keys: dict[str, str]
    """The settings at the top level."""
    replaced: dict[str, str] = field(default_factory=dict)
    """The user's own values of those, in TOML's notation."""
    blocks: list[str] = field(default_factory=list)
    """The marked lines, as they were put in."""
    kept: list[str] = field(default_factory=list)
    """The names of what the user had changed before, and what was kept so."""


def add(text: str, base: str, catalogue: str, carried: Carried = _NOTHING) -> tuple[str, Ours]:
    """Put our settings into `text`: the proxy at `base`, the catalogue in the file `catalogue`.

    `carried` is what the user changed after an earlier set-up. Raises ConfigTextError for a text
    that is no TOML, or that cannot be changed without harm.
    """
    data = read(text)
    head, tables = _split(text)
    document = _parse(head)
    ours = _ours(data, document, base, catalogue, carried)
    written = carried.applied(ours.table)
    for name in ours.replaced:
        document[name] = ours.keys[name]
    inline = isinstance(document.get(_PROVIDERS), InlineTable)
    if inline:
        table = tomlkit.inline_table()
        table.update(written)
        document[_PROVIDERS][ours.provider] = table
    lines = None if inline else [line_of(key, value) for key, value in written.items()]
    result = _with_blocks(tomlkit.dumps(document) + tables, ours, lines)
    told = {**data, **ours.keys, _PROVIDERS: {**data.get(_PROVIDERS, {})}}
    told[_PROVIDERS][ours.provider] = written
    return _checked(result, told), ours


def remove(text: str, ours: Ours) -> tuple[str, list[str]]:
    """Take our settings out of a text that may have been edited since; gives remarks as well.

    What the user wrote stays, but for what means nothing without our provider: other settings in
    its table, and a GLM model. Raises ConfigTextError as `add` does.
    """
    data = read(text)
    gone = _settings_to_remove(data, ours)
    told = {key: value for key, value in data.items() if key not in gone}
    told |= {key: read(f"x={ours.replaced[key]}")["x"] for key in gone if key in ours.replaced}
    if ours.provider in data.get(_PROVIDERS, {}):
        told[_PROVIDERS] = {k: v for k, v in data[_PROVIDERS].items() if k != ours.provider}
    for block in ours.blocks:
        if text.count(block) == 1:
            text = text.replace(block, "")
    head, tables = _split(text)
    if ours.provider in read(tables).get(_PROVIDERS, {}):
        tables = _without_table(tables, ours.provider)
    document = _parse(head)
    for key in gone & set(document):
        if key in ours.replaced:
            document[key] = tomlkit.value(ours.replaced[key])
        else:
            document.remove(key)
    providers = document.get(_PROVIDERS)
    if isinstance(providers, InlineTable) and ours.provider in providers:
        del providers[ours.provider]
    result = _without_marks(tomlkit.dumps(document) + tables)
    return _checked(result, told), _remarks(data, ours, gone)


def read(text: str) -> Data:
    """Give what a text says; raises ConfigTextError where it is no TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigTextError(f"{UNREAD}: {error}") from None


def _ours(
    data: Data, document: tomlkit.TOMLDocument, base: str, catalogue: str, carried: Carried
) -> Ours:
    providers = data.get(_PROVIDERS, {})
    if not isinstance(providers, dict):
        raise ConfigTextError(f"{_PROVIDERS} is no table in it")
    names = [PROVIDER, "codex-glm", *(f"codex-glm-{n}" for n in range(2, len(providers) + 2))]
    name = next(name for name in names if name not in providers)
    model = carried.model or FLAGSHIP
    keys = {"model": model, "model_provider": name, "model_catalog_json": catalogue}
    table = provider_table(base, fetched=False)
    if tables := [key for key in keys if isinstance(data.get(key), dict)]:
        raise ConfigTextError(f"{tables[0]} is a table in it")
    replaced = {key: _as_written(document[key]) for key in keys if key in data}
    return Ours(name, table, keys, replaced, kept=carried.names)


def _as_written(value: object) -> str:
    return value.as_string() if isinstance(value, Item) else tomlkit.item(value).as_string()


def _with_blocks(text: str, ours: Ours, table: list[str] | None) -> str:
    """Add the marked lines; without `table`, the provider's stand in another place."""
    line_end = "\r\n" if "\r\n" in text else "\n"
    new = {key: value for key, value in ours.keys.items() if key not in ours.replaced}
    if new:
        lines = [BEGIN, *table_lines({**new}), END, ""]
        ours.blocks.append("".join(line + line_end for line in lines))
        text = ours.blocks[-1] + text
    if table is not None:
        before = [""] if text.endswith("\n") else ["", ""]
        lines = [*before, BEGIN, f"[{_PROVIDERS}.{ours.provider}]", *table, END]
        ours.blocks.append("".join(line + line_end for line in lines))
        text += ours.blocks[-1]
    return text


def _settings_to_remove(data: Data, ours: Ours) -> set[str]:
    gone = {key for key, value in ours.keys.items() if data.get(key) == value}
    model = data.get("model")
    if "model_provider" in gone and isinstance(model, str) and is_glm_name(model):
        gone.add("model")
    return gone


def _without_table(text: str, name: str) -> str:
    """Take out the tables of a provider, each up to the next header or our mark."""
    kept, inside = [], False
    own = (f"[{_PROVIDERS}.{name}]", f"[{_PROVIDERS}.{name}.")
    for line in text.split("\n"):
        bare = line.strip()
        if bare.startswith("[") or bare == END:
            inside = bare.startswith(own)
        if not inside:
            kept.append(line)
    return "\n".join(kept)


def _without_marks(text: str) -> str:
    """Take our marks out, but not where they are words in a setting of the user's.

    The blank line goes as well that a block had before it, or behind it at the top of the file.
    """
    said, lines = read(text), text.split("\n")
    marks = [at for at, line in enumerate(lines) if _is_mark(line.rstrip("\r"))]
    for at in reversed(marks):
        first, last = at, at + 1
        if lines[at].startswith(_MARK):
            first -= at > 0 and not lines[at - 1].strip()
            last += at == 0 and not lines[1].strip() and len(lines) > 2
        fewer = lines[:first] + lines[last:]
        if read("\n".join(fewer)) == said:
            lines = fewer
    return "\n".join(lines)


def _is_mark(line: str) -> bool:
    return line == END or line.startswith(_MARK)


def _remarks(data: Data, ours: Ours, gone: set[str]) -> list[str]:
    remarks = []
    if "model" in gone and data["model"] != ours.keys["model"]:
        remarks.append(f"The model {data['model']} went with its provider.")
    table = data.get(_PROVIDERS, {}).get(ours.provider, {})
    if more := sorted(key for key in table if table[key] != ours.table.get(key)):
        remarks.append(f"Settings of yours in the provider's table went with it: {', '.join(more)}")
    kept = [key for key in ours.keys if key in data and key not in gone]
    remarks += [f"{key} was changed since and stays." for key in kept]
    return remarks


def _split(text: str) -> tuple[str, str]:
    """Split a text before its first table: tomlkit may put tables into another order (0.15.2)."""
    for found in re.finditer(r"^[ \t]*\[", text, re.MULTILINE):
        head = text[: found.start()]
        try:
            tomllib.loads(head)
        except tomllib.TOMLDecodeError:
            continue  # a bracket inside a value
        return head, text[found.start() :]
    return text, ""


def _parse(head: str) -> tomlkit.TOMLDocument:
    try:
        document = tomlkit.parse(head)
    except TOMLKitError as error:
        raise ConfigTextError(f"{UNREAD}: {error}") from None
    if tomlkit.dumps(document) != head:
        raise ConfigTextError(_HARM)
    return document


def _checked(text: str, told: Data) -> str:
    found = {key: value for key, value in read(text).items() if value != {} or key in told}
    if found != {key: value for key, value in told.items() if value != {} or key in found}:
        raise ConfigTextError(_HARM)
    return text
