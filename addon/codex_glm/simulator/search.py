"""GLM's search API: `POST …/web_search` (Z.ai API reference)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from codex_glm.simulator.conversation import digest
from codex_glm.simulator.rules.headers import check_headers
from codex_glm.simulator.stream import CREATED
from codex_glm.simulator.verdict import Verdict, Violation, refused

_ENGINES = ("search-prime", "search_std", "search_pro", "search_pro_sogou", "search_pro_quark")
_CHOICES = {
    "search_engine": _ENGINES,
    "content_size": ("medium", "high"),
    "search_recency_filter": ("oneDay", "oneWeek", "oneMonth", "oneYear", "noLimit"),
}
_FIELDS = {*_CHOICES, "search_query", "count", "search_domain_filter", "search_intent"}
_FAULT = re.compile(r"\bGLM (\d{4})\b")


def judge_search(headers: Mapping[str, str], body: object) -> Verdict:
    """Judge one search request; a query such as `GLM 1113` is refused with that code."""
    if not isinstance(body, dict):
        return Verdict((refused("1210", "Incorrect API call parameters"),))
    return Verdict((*check_headers(headers), *_check_fields(body)))


def _check_fields(body: Mapping[str, Any]) -> Iterator[Violation]:
    for name in sorted(set(body) - _FIELDS):
        yield refused("1210", f"unknown field {name}")
    query = body.get("search_query")
    if not isinstance(query, str) or not query.strip():
        yield refused("1214", "search_query cannot be empty")
    elif fault := _FAULT.search(query):
        yield refused(fault[1])
    if "search_engine" not in body:
        yield refused("1214", "search_engine cannot be empty")
    for name, known in _CHOICES.items():
        if name in body and body[name] not in known:
            yield refused("1214", f"{name} must be one of {', '.join(known)}")
    if "count" in body and body["count"] not in range(1, 51):
        yield refused("1214", "count must be from 1 to 50")


def search_reply(body: Mapping[str, Any]) -> dict[str, object]:
    """Answer a search; what is found is made up, and says so."""
    host = body.get("search_domain_filter") or "example.org"
    query, seed = body["search_query"], digest(dict(body))
    results = [
        {
            "title": f"[SIMULATOR] {query} ({number})",
            "content": f"No search engine was asked. Page {number} about {query}.",
            "link": f"https://{host}/{number}",
            "media": host,
            "icon": "",
            "refer": f"ref_{number}",
            "publish_date": f"2026-01-0{number}",
        }
        for number in (1, 2)
    ]
    return {"id": seed, "created": CREATED, "search_intent": [], "search_result": results}
