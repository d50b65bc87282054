from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from codex_glm.sidecalls.client import SideClient
from codex_glm.sidecalls.search import default_engine, search
from codex_glm.simulator.thread import SimulatorThread
from codex_glm.translation.tools.web_search import Found, Search, SearchOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codex_glm.sidecalls.calls import SideCall


@pytest.fixture
def simulator() -> Iterator[SimulatorThread]:
    with SimulatorThread([]) as running:
        yield running


def run(
    simulator: SimulatorThread,
    query: str,
    *,
    recency: str = "",
    engine: str = "search-prime",
    options: SearchOptions | None = None,
) -> tuple[Found, list[SideCall]]:
    calls: list[SideCall] = []
    client = SideClient(simulator.base_url, "id.secret", 5)
    wanted = Search(query, recency)
    made = search(client, engine, wanted, options or SearchOptions(), calls.append)
    return asyncio.run(made), calls


@pytest.mark.parametrize(
    ("recency", "options", "sent"),
    [
        ("", SearchOptions(), {}),
        (
            "oneDay",
            SearchOptions("high"),
            {"search_recency_filter": "oneDay", "content_size": "high"},
        ),
        ("", SearchOptions(domains=("a.org",)), {"search_domain_filter": "a.org"}),
        ("", SearchOptions(domains=("a.org", "b.org")), {}),
    ],
)
def test_what_is_sent(
    simulator: SimulatorThread, recency: str, options: SearchOptions, sent: dict[str, object]
) -> None:
    run(simulator, "news", recency=recency, options=options)
    (received,) = simulator.received
    plain = {
        "search_engine": "search-prime",
        "search_query": "news",
        "count": 10,
        "content_size": "medium",
    }
    assert received.body == plain | sent
    assert received.violations == []


def test_what_is_found(simulator: SimulatorThread) -> None:
    found, (call,) = run(simulator, "news")
    assert found.text.startswith("[1] [SIMULATOR] news (1) (2026-01-01)\nhttps://example.org/1\n")
    assert (found.failed, call.kind, call.outcome) == (False, "web_search", "ok")


@pytest.mark.parametrize(
    ("query", "engine", "words", "calls"),
    [
        ("", "search-prime", "without a query", 0),
        ("GLM 1113", "search-prime", "GLM 1113", 1),
        ("news", "altavista", "search_engine must be one of", 1),
    ],
)
def test_failures_are_words_for_the_model(
    simulator: SimulatorThread, query: str, engine: str, words: str, calls: int
) -> None:
    found, made = run(simulator, query, engine=engine)
    assert found.failed
    assert words in found.text
    assert len(made) == calls


def test_a_reply_without_results(
    simulator: SimulatorThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codex_glm.simulator.engine.search_reply", lambda _body: {"id": "x"})
    assert run(simulator, "news")[0].text.startswith("The search found nothing")


@pytest.mark.parametrize(
    ("base", "engine"),
    [
        ("https://open.bigmodel.cn/api/coding/paas/v4", "search_pro"),
        ("https://api.z.ai/api/paas/v4", "search-prime"),
        ("http://127.0.0.1:1/v4", "search-prime"),
    ],
)
def test_each_host_has_its_engine(base: str, engine: str) -> None:
    assert default_engine(base) == engine
