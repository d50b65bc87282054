"""Whether objects and events are complete as the Open Responses specification asks.

What it asks is data: `open_responses.toml`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLES: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text("utf-8")
)
_PLAIN: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
EXTENSIONS = {
    "response.custom_tool_call_input.delta",
    "response.custom_tool_call_input.done",
    "response.web_search_call.in_progress",
    "response.web_search_call.searching",
    "response.web_search_call.completed",
}
"""OpenAI's own events that the specification does not have."""


def lacks(event: dict[str, Any]) -> list[str]:
    """Say what an event, with all that is in it, lacks or has wrong; nothing if it is complete."""
    kind = event["type"]
    assert kind in _TABLES or kind in EXTENSIONS, f"{kind} is not known to the specification"
    table = {**_TABLES["Event"], **_TABLES.get(kind, {})}
    return list(_check_fields(event, table, kind))


def lacks_of(name: str, value: object) -> list[str]:
    """Say what an object of that name lacks, such as a `Response` that was not streamed."""
    return list(_check(value, name, name))


def _check_fields(value: dict[str, Any], table: dict[str, str], where: str) -> Iterator[str]:
    for name, kinds in table.items():
        wanted = kinds.removesuffix(" ?")
        if name in value:
            yield from _check(value[name], wanted, f"{where}.{name}")
        elif wanted == kinds:
            yield f"{where}.{name} is missing"


def _check(value: object, kinds: str, where: str) -> Iterator[str]:
    found = [list(_check_kind(value, kind, where)) for kind in kinds.split(" | ")]
    if all(found):
        yield from min(found, key=len)


def _check_kind(value: object, kind: str, where: str) -> Iterator[str]:
    if kind in _PLAIN:
        truth = isinstance(value, bool) and kind != "boolean"
        if truth or not isinstance(value, _PLAIN[kind]):
            yield f"{where} is {value!r}, no {kind}"
    elif kind.startswith("'"):
        if value != kind.strip("'"):
            yield f"{where} is {value!r}, not {kind}"
    elif kind.startswith("["):
        yield from _check_list(value, kind[1:-1], where)
    elif kind != "any":
        yield from _check_object(value, _TABLES[kind], where)


def _check_list(value: object, kind: str, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where} is no list"
        return
    for index, each in enumerate(value):
        yield from _check(each, kind, f"{where}[{index}]")


def _check_object(value: object, table: dict[str, Any], where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where} is no object"
    elif "one_of" not in table:
        yield from _check_fields(value, table, where)
    else:
        named = {_TABLES[name]["type"].strip("'"): _TABLES[name] for name in table["one_of"]}
        if value.get("type") in named:
            yield from _check_fields(value, named[value["type"]], where)
        elif "others" in table:
            yield from _check_fields(value, _TABLES[table["others"]], where)
        else:
            yield f"{where} has the unknown type {value.get('type')!r}"
