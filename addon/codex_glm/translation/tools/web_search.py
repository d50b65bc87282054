"""Web search: to GLM a function, to the client items that tell what was searched.

OpenAI's servers run this tool themselves, so Codex only shows `web_search_call` items and sends
them back without what was found (codex-cli 0.169.0). Here the proxy runs the searches between two
rounds. What GLM got to read travels like kept thinking: in the `encrypted_content` of a reasoning
item without a summary, directly behind the search, sealed to the key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from ..reasoning import seal, unseal
from ..wire import events
from ..wire.growing_text import join_pairs
from ..wire.wire_json import encode_text, parse_object
from .silent_arguments import SilentArguments

if TYPE_CHECKING:
    from ..receipt import Receipt
    from ..wire.events import Event
    from ..wire.item_ids import ItemIds
    from ..wire.wire_json import JsonObject

NAME = "web_search"
"""The function's name at GLM, and the label of what was found."""

RECENCY = ("oneDay", "oneWeek", "oneMonth", "oneYear", "noLimit")
"""GLM's values of `search_recency_filter` (Z.ai API reference)."""

_PARAMETERS: JsonObject = {
    "type": "object",
    "properties": {
        "query": {"type": "string", "description": "What to search for, in a few words."},
        "recency": {
            "type": "string",
            "enum": list(RECENCY),
            "description": "How old the pages may be; leave it out for any age.",
        },
    },
    "required": ["query"],
}

FUNCTION: JsonObject = {
    "name": NAME,
    "description": (
        "Search the web. Use it for what may have changed since your training, or what you are "
        "not sure of: versions, APIs, error messages, news. Gives titles, links and excerpts. "
        "Name the links that your answer rests on."
    ),
    "parameters": _PARAMETERS,
}

_SIZES = {"low": "medium", "medium": "medium", "high": "high"}
_MOST_CHARACTERS = 24_000


class SearchOptions(NamedTuple):
    """What the client's declaration of the tool asks of every search."""

    content_size: str = "medium"
    """GLM's `content_size`."""
    domains: tuple[str, ...] = ()
    """Hosts that results may come from; empty: any."""


class Search(NamedTuple):
    """A search to run."""

    query: str
    recency: str
    """GLM's `search_recency_filter`; empty: none."""


class Found(NamedTuple):
    """What a search gave: the text that GLM is to read, and whether that is only an error."""

    text: str
    failed: bool = False


def read_options(tool: JsonObject, receipt: Receipt) -> SearchOptions:
    """Read the client's declaration; what GLM's search cannot do goes into the receipt."""
    filters = tool.get("filters")
    allowed = filters.get("allowed_domains") if isinstance(filters, dict) else None
    domains = [each for each in allowed or () if isinstance(each, str)]
    if tool.get("user_location"):
        receipt.add("withheld", "private", "web_search: user_location stays here")
    size = _SIZES.get(str(tool.get("search_context_size")), "medium")
    return SearchOptions(size, tuple(domains))


def format_results(results: list[JsonObject], domains: tuple[str, ...]) -> Found:
    """Put the `search_result` list of GLM's search API into words for the model."""
    kept = [each for each in results if _is_allowed(str(each.get("link") or ""), domains)]
    if not kept:
        return Found("The search found nothing. Try other words.")
    text = "\n\n".join(_format_result(number, each) for number, each in enumerate(kept, 1))
    return Found(join_pairs(text)[:_MOST_CHARACTERS])


def _is_allowed(link: str, domains: tuple[str, ...]) -> bool:
    host = link.partition("//")[2].partition("/")[0].rpartition("@")[2].partition(":")[0].lower()
    return not domains or any(host == d.lower() or host.endswith(f".{d.lower()}") for d in domains)


def _format_result(number: int, result: JsonObject) -> str:
    date = f" ({result['publish_date']})" if result.get("publish_date") else ""
    lines = [f"[{number}] {result.get('title') or 'Untitled'}{date}"]
    lines += [str(result[key]) for key in ("link", "content") if result.get(key)]
    return "\n".join(lines)


class WebSearchItem(SilentArguments):
    """A search in the making; it takes its place in the output once GLM has asked for it whole."""

    def __init__(self, ids: ItemIds, call_id: str) -> None:
        super().__init__()
        self.search = Search("", "")
        """What to search; known once the item is closed."""
        self.call_id = call_id
        self._ids = ids
        self._place = ("", 0)

    def open(self) -> list[Event]:
        """Announce nothing: an item without its query says nothing."""
        return []

    def is_whole(self) -> bool:
        """Tell that the search is not to be run, where GLM ran out of tokens while asking."""
        return False

    def close(self, receipt: Receipt) -> list[Event]:
        """Announce the search, now that its query is known."""
        self.search = _read_search(self._put_right(NAME, _PARAMETERS, receipt), receipt)
        self._place = item_id, index = self._ids.take()
        self.call_id = self.call_id or f"call_{item_id}"
        return [
            events.output_item_added(index, self._json("in_progress")),
            events.web_search("in_progress", f"ws_{item_id}", index),
            events.web_search("searching", f"ws_{item_id}", index),
        ]

    def close_half(self) -> list[Event]:
        """Run nothing: GLM ran out of tokens while asking."""
        return []

    def another(self, ids: ItemIds) -> WebSearchItem:
        """Make the item for a further search that GLM wrote into this one."""
        return WebSearchItem(ids, "")

    def finish(self, found: Found) -> list[Event]:
        """Tell that the search is over."""
        item_id, index = self._place
        return [
            events.web_search("completed", f"ws_{item_id}", index),
            events.output_item_done(index, self._json("failed" if found.failed else "completed")),
        ]

    def memory(self, found: Found) -> dict[str, str]:
        """Give what GLM needs to read of the search in later rounds and turns."""
        query, recency = self.search
        arguments = {"query": query} | ({"recency": recency} if recency else {})
        kept = (self.call_id, encode_text(arguments), found.text)
        return dict(zip(Remembered._fields, kept, strict=True))

    def _json(self, status: str) -> JsonObject:
        query = self.search.query
        return {
            "id": f"ws_{self._place[0]}",
            "type": "web_search_call",
            "status": status,
            "action": {"type": "search", "query": query, "queries": [query]},
        }


def _read_search(arguments: str, receipt: Receipt) -> Search:
    try:
        given = parse_object(arguments)
    except ValueError:
        receipt.add("repaired", "bad-arguments", "web_search: the raw text became the query")
        return Search(arguments.strip(), "")
    query, recency = given.get("query"), given.get("recency")
    return Search(
        join_pairs(query).strip() if isinstance(query, str) else "",
        str(recency) if recency in RECENCY[:-1] else "",
    )


class Remembered(NamedTuple):
    """A search of before, as GLM asked for it, and what it was told."""

    call_id: str
    arguments: str
    output: str


def memory_item(place: tuple[str, int], searches: list[dict[str, str]], key: bytes) -> list[Event]:
    """Give the events of the item that keeps what the searches of one round found."""
    item_id, index = place
    item: JsonObject = {"id": f"rs_{item_id}", "type": "reasoning", "summary": []}
    envelope = seal(encode_text({"searches": searches}), NAME, key)
    done = {**item, "status": "completed", "encrypted_content": envelope}
    return [
        events.output_item_added(index, {**item, "status": "in_progress"}),
        events.output_item_done(index, done),
    ]


def is_memory(item: JsonObject) -> bool:
    """Tell whether an input item keeps what searches found."""
    envelope = item.get("encrypted_content")
    return isinstance(envelope, str) and envelope.startswith(f"glm-thinking/1 {NAME} ")


def read_memory(envelope: str, key: bytes) -> list[Remembered] | str:
    """Open what searches found; where that must not be used, the reason as a string."""
    opened = unseal(envelope, NAME, key)
    if opened.refused:
        return opened.refused
    kept = cast("list[dict[str, str]]", parse_object(opened.text)["searches"])
    return [Remembered(**each) for each in kept]
