"""A search of the web, which the proxy runs between two rounds of one turn of Codex."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .checks import outputs, tool_names

if TYPE_CHECKING:
    from codex_glm.simulator.thread import SimulatorThread

    from .codex import Codex


def test_codex_searches(codex: Codex, simulator: SimulatorThread) -> None:
    result = codex.exec("search the web for the newest release")
    assert result.code == 0, result.said
    (search,) = result.items("web_search")
    assert search["query"] == "newest release"
    assert "No search engine was asked" in result.message
    first, asked, second = simulator.received
    assert "web_search" in tool_names(first)
    assert asked.body["search_query"] == "newest release"
    assert next(iter(outputs(second).values())).startswith("[1] [SIMULATOR] newest release")


def test_what_was_found_is_kept_over_resume(codex: Codex, simulator: SimulatorThread) -> None:
    first = codex.exec("search the web for the newest release")
    before = simulator.received[-1].body["messages"]
    again = codex.exec("resume", "--last", "say hello")
    assert (first.code, again.code) == (0, 0)
    after = simulator.received[-1].body["messages"]
    assert after[: len(before)] == before
