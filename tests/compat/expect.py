"""What must hold after a run, as data.

`offered` (one key) shows that Codex has a feature:

    tool: exec_command          # a request declares such a tool (regular expression)
    line: GET /v1/models        # Codex makes such a request
    header: {name: value}       # a request has such headers
    item: {type: ...}           # an item of a request's input is like this

`expect` (any of them):

    code: 0                     # exit code; 0 if not given
    answer: it is done          # in the last words of the model
    files: {a.txt: "words\\n"}   # whole texts
    items: {file_change: 1}     # so many completed items of a kind
    shown: {type: ...}          # a completed item is like this
    said: words                 # in anything that Codex printed
    unsaid: words               # in nothing
    asked: [{type: ...}]        # items of Codex' requests are like these
    header: {name: value}       # a request of Codex has such headers
    told: [{role: tool, ...}]   # messages in GLM's requests are like these
    sent: [{...}]               # GLM's requests themselves are like these
    requests: 2                 # so many requests reach GLM
    lines: {POST /v1/x: 1}      # so many such requests of Codex
    receipt: [rule]             # rules that stand in a receipt

"Like this": a table has the keys and each value is like the one given; each entry of a list is like
some entry; a text is a regular expression, searched in the text, or in other values as JSON.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .evidence import Evidence


def like(pattern: object, value: object) -> bool:
    """Tell whether a value is like a pattern."""
    if isinstance(pattern, Mapping):
        return isinstance(value, Mapping) and all(like(p, value.get(k)) for k, p in pattern.items())
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(like(p, v) for v in value) for p in pattern)
    if isinstance(pattern, str):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return re.search(pattern, text, re.DOTALL) is not None
    return pattern == value


def missing(offered: Mapping[str, Any], evidence: Evidence) -> str:
    """Say how the run shows that Codex does not have the feature; "" if it has it."""
    for kind, wanted in offered.items():
        if not _OFFERED[kind](wanted, evidence):
            return f"{_ABSENCE[kind]} `{_name(wanted)}`"
    return ""


def problems(expect: Mapping[str, Any], evidence: Evidence) -> list[str]:
    """Name everything that is not as it must be."""
    checks = {"code": 0, **expect}
    return [found for key, wanted in checks.items() if (found := _CHECKS[key](wanted, evidence))]


def _name(wanted: object) -> str:
    words = next(iter(wanted.values())) if isinstance(wanted, Mapping) else wanted
    return re.sub(r"[\\^$]|\|.*", "", str(words))  # a plain name, the first of alternatives


_OFFERED: dict[str, Callable[[Any, Evidence], bool]] = {
    "tool": lambda wanted, e: any(re.fullmatch(wanted, n) for t in e.turns for n in t.tools()),
    "line": lambda wanted, e: any(re.search(wanted, one.line) for one in e.asked),
    "header": lambda wanted, e: any(like(wanted, one.headers) for one in e.asked),
    "item": lambda wanted, e: any(like(wanted, item) for item in _input(e)),
}
_ABSENCE = {
    "tool": "its requests declare no",
    "line": "it never asks",
    "header": "none of its requests says",
    "item": "its requests hold no",
}


def _input(evidence: Evidence) -> list[Any]:
    return [item for turn in evidence.turns for item in turn.body.get("input", ())]


def _messages(evidence: Evidence) -> list[Any]:
    return [message for one in evidence.received for message in one.body.get("messages", ())]


def _code(wanted: int, e: Evidence) -> str:
    return "" if e.outcome.code == wanted else f"exit {e.outcome.code}: {e.outcome.said[-300:]}"


def _answer(wanted: str, e: Evidence) -> str:
    return "" if like(wanted, e.outcome.message) else f"the answer is {e.outcome.message[-300:]!r}"


def _files(wanted: Mapping[str, str], e: Evidence) -> str:
    paths = {name: e.work / name for name in wanted}
    held = {name: path.read_text() if path.is_file() else None for name, path in paths.items()}
    return "" if held == wanted else f"the files hold {held}"


def _items(wanted: Mapping[str, int], e: Evidence) -> str:
    counted = Counter(item["type"] for item in e.outcome.items)
    return "" if {k: counted[k] for k in wanted} == wanted else f"its items are {dict(counted)}"


def _all_like(wanted: Iterable[object], values: Iterable[object], where: str) -> str:
    values = list(values)
    lost = [pattern for pattern in wanted if not any(like(pattern, value) for value in values)]
    return f"no {where} is like {lost}" if lost else ""


def _lines(wanted: Mapping[str, int], e: Evidence) -> str:
    counted = Counter(one.line for one in e.asked)
    return "" if {k: counted[k] for k in wanted} == wanted else f"Codex asked {dict(counted)}"


def _requests(wanted: int, e: Evidence) -> str:
    return "" if len(e.received) == wanted else f"{len(e.received)} requests reached GLM"


_CHECKS: dict[str, Callable[[Any, Evidence], str]] = {
    "code": _code,
    "answer": _answer,
    "files": _files,
    "items": _items,
    "shown": lambda wanted, e: _all_like([wanted], e.outcome.items, "item that Codex shows"),
    "said": lambda wanted, e: "" if like(wanted, e.outcome.said) else f"nowhere said: {wanted}",
    "unsaid": lambda wanted, e: f"said: {wanted}" if like(wanted, e.outcome.said) else "",
    "asked": lambda wanted, e: _all_like(wanted, _input(e), "item of Codex' requests"),
    "header": lambda wanted, e: _all_like([wanted], [t.headers for t in e.turns], "header"),
    "told": lambda wanted, e: _all_like(wanted, _messages(e), "message to GLM"),
    "sent": lambda wanted, e: _all_like(wanted, [one.body for one in e.received], "request to GLM"),
    "requests": _requests,
    "lines": _lines,
    "receipt": lambda wanted, e: _all_like(
        [{"rule": rule} for rule in wanted], [r for t in e.turns for r in t.receipt], "receipt"
    ),
}
OFFERED, EXPECTED = frozenset(_OFFERED), frozenset(_CHECKS)
"""The keys that `offered` and `expect` may have."""
