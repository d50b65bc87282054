"""Requests that Codex makes beside the conversation: which kind one is, and which model answers it.

The rules are data: `side_requests.toml`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import TYPE_CHECKING

from ..models import is_glm_name, resolve_model
from ..vocabulary import is_known
from ..wire.wire_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..models import ModelMap
    from ..receipt import Receipt
    from ..wire.wire_json import JsonObject

_TABLE = tomllib.loads(files(__package__).joinpath("side_requests.toml").read_text("utf-8"))

_SUBAGENT = "x-openai-subagent"
_TURN_METADATA = "x-codex-turn-metadata"

NO_SMALL_MODEL = "off"
"""Takes the place of a small model's name where there is to be none."""


@dataclass(frozen=True, slots=True)
class SideKind:
    """One kind of side request."""

    name: str
    model: str
    """`small`, `others-small`, `asked`, or the name of a model; see the table."""
    effort: str = ""


@dataclass(frozen=True, slots=True)
class SideChoice:
    """What the user decides about side requests."""

    small: str = ""
    """The small model; empty: the table's for the base, `off`: none."""
    models: ModelMap = ()
    """Pairs of a kind (`*`: any) and what goes in place of the table's `model`."""


MAIN = SideKind("", "asked")
"""What is no side request: a turn of the conversation."""

KINDS: tuple[str, ...] = tuple(row["name"] for row in _TABLE["kinds"])


def read_facts(headers: Mapping[str, str], body: JsonObject) -> JsonObject:
    """Give what Codex says of a request, in its headers (names in lower case) or in its body."""
    told = body.get("client_metadata")
    metadata: JsonObject = told if isinstance(told, dict) else {}
    turn = headers.get(_TURN_METADATA) or metadata.get(_TURN_METADATA)
    try:
        facts = parse_object(turn) if isinstance(turn, str) else {}
    except ValueError:
        facts = {}
    subagent = headers.get(_SUBAGENT) or metadata.get(_SUBAGENT)
    return {**facts, "subagent": subagent} if facts or subagent else {}


def side_kind(facts: JsonObject, choice: SideChoice) -> SideKind:
    """Tell of which kind a request is, by what Codex says of it."""
    for row in _TABLE["kinds"] if facts else ():
        if any(facts.get(fact) in values for fact, values in row["when"].items()):
            name: str = row["name"]
            own = (model for kind, model in choice.models if kind in ("*", name))
            return SideKind(name, next(own, row["model"]), row.get("effort", ""))
    return MAIN


def note_unseen(facts: JsonObject, receipt: Receipt) -> None:
    """Write down what a request says of its origin in words that were never seen."""
    for fact in ("request_kind", "subagent", "thread_source"):
        word = f"{fact}={facts.get(fact)}"
        if facts.get(fact) and not is_known("request-kind", word):
            receipt.unknown("request-kind", word, "nothing depends on it")


def side_model(
    kind: SideKind, asked: str, base: str, own_rules: ModelMap, choice: SideChoice
) -> str:
    """Give the GLM model for a request of a kind; the user's own name map holds here too."""
    chosen = kind.model
    if chosen == "others-small":
        own = is_glm_name(asked) or _mapped(asked, own_rules)
        chosen = "asked" if own else "small"
    if chosen == "small":
        chosen = small_model(base, choice) or "asked"
    if chosen == "asked":
        return resolve_model(asked, base, own_rules)
    return _mapped(chosen, own_rules) or chosen


def small_model(base: str, choice: SideChoice) -> str:
    """Name the model that small requests go to; empty: there is none."""
    table: str = _TABLE["small"].get(base, "")
    chosen = choice.small or table
    return "" if chosen == NO_SMALL_MODEL else chosen


def _mapped(name: str, own_rules: ModelMap) -> str:
    return next((model for pattern, model in own_rules if fnmatchcase(name, pattern)), "")
