from __future__ import annotations

import pytest
from codex_glm.simulator.search import judge_search, search_reply

HEADERS = {"Authorization": "Bearer id.secret", "Content-Type": "application/json"}
GOOD = {"search_engine": "search_pro", "search_query": "x"}


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (GOOD, []),
        ({**GOOD, "count": 50, "content_size": "high"}, []),
        (None, ["1210"]),
        ({**GOOD, "model": "glm-5"}, ["1210"]),
        ({**GOOD, "search_query": " "}, ["1214"]),
        ({**GOOD, "search_query": "GLM 1113"}, ["1113"]),
        ({"search_query": "x"}, ["1214"]),
        ({**GOOD, "search_engine": "altavista"}, ["1214"]),
        ({**GOOD, "content_size": "low"}, ["1214"]),
        ({**GOOD, "search_recency_filter": "now"}, ["1214"]),
        ({**GOOD, "count": 51}, ["1214"]),
    ],
)
def test_judge(body: object, codes: list[str]) -> None:
    assert [each.code for each in judge_search(HEADERS, body).violations] == codes


def test_a_key_is_needed() -> None:
    refusal = judge_search({}, GOOD).refusal
    assert refusal
    assert refusal.status == 401


def test_the_same_search_finds_the_same() -> None:
    assert search_reply(GOOD) == search_reply(GOOD) != search_reply({**GOOD, "search_query": "y"})
