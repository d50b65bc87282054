"""Searches of the web through GLM's search API (Z.ai API reference, `POST …/web_search`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codex_glm.sidecalls.calls import recorded
from codex_glm.sidecalls.client import SideCallError
from codex_glm.translation.tools.web_search import Found, format_results

if TYPE_CHECKING:
    from collections.abc import Callable

    from codex_glm.sidecalls.calls import SideCall
    from codex_glm.sidecalls.client import SideClient
    from codex_glm.translation.tools.web_search import Search, SearchOptions
    from codex_glm.translation.wire.wire_json import JsonObject

    type Note = Callable[[SideCall], None]

_RESULTS = 10


def default_engine(base: str) -> str:
    """Give the engine that a base offers by default: the two hosts name theirs differently."""
    return "search_pro" if "bigmodel.cn" in base else "search-prime"


async def search(
    client: SideClient, engine: str, wanted: Search, options: SearchOptions, note: Note
) -> Found:
    """Run one search; a failure is said in the words that the model is to read."""
    if not wanted.query:
        return Found("Error: web_search was called without a query.", failed=True)
    body: JsonObject = {
        "search_engine": engine,
        "search_query": wanted.query,
        "count": _RESULTS,
        "content_size": options.content_size,
    }
    if wanted.recency:
        body["search_recency_filter"] = wanted.recency
    if len(options.domains) == 1:
        body["search_domain_filter"] = options.domains[0]
    try:
        reply = await recorded(client, "/web_search", body, "web_search", note)
    except SideCallError as error:
        return Found(f"Error: the search failed ({error}). Go on without it.", failed=True)
    results = reply.get("search_result")
    kept = [each for each in results if isinstance(each, dict)] if isinstance(results, list) else []
    return format_results(kept, options.domains)
