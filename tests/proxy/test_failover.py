"""Further places to go to: in order, and never in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .fake_upstream import WHOLE, FakeUpstream, Step, chunked, error, reply
from .support import KEY, failure_code, rules, served, text_of, turn_body

if TYPE_CHECKING:
    from .conftest import StartProxy


BUSY = error("1302")
PAGE = reply(b"<html>oh</html>", 502, "text/html")


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARE", "of.spare")


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("code", ["1308", "1113", "1000"])
def test_goes_on(start_proxy: StartProxy, stream: bool, code: str) -> None:
    with FakeUpstream(error(code)) as first, FakeUpstream(WHOLE) as second:
        proxy = served(start_proxy, first, glm_failover=[f"{second.base_url}=SPARE"])
        response = proxy.post(turn_body(stream=stream))
        assert (len(first.seen), len(second.seen)) == (1, 1)
        assert second.seen[0].headers["authorization"] == "Bearer of.spare"
        assert first.seen[0].headers["authorization"] == f"Bearer {KEY}"
        assert second.seen[0].headers["host"] == f"127.0.0.1:{second.port}"
    assert text_of(response) == "Hello."
    kept = proxy.flow().metadata["glm"]
    assert kept["rounds"][-1]["url"] == f"{second.base_url}/chat/completions"
    told = [entry["detail"] for entry in kept["receipt"] if entry["rule"] == "failover"]
    assert len(told) == 1
    assert first.base_url in told[0]
    assert second.base_url in told[0]
    assert "billed" not in told[0], "both are of one kind"
    assert "of.spare" not in str(proxy.flow().get_state())


FAILED = b'data: {"error":{"code":"1308","message":"m"}}\n\n'


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("fault", "read_last"),
    [(error("1113"), 9), (error("1308"), 1), (chunked(FAILED), len(b"0\r\n\r\n"))],
    ids=["the body alone", "a byte of it", "the last chunk"],
)
def test_goes_on_at_the_same_host(
    start_proxy: StartProxy, stream: bool, fault: bytes, read_last: int
) -> None:
    """The end of the failed reply comes in a read of its own, on the connection that goes on."""
    failed = Step(fault[:-read_last], pause=0.1, rest=fault[-read_last:])
    with FakeUpstream(failed, WHOLE) as glm:
        other = glm.base_url.replace("/v4", "/payg/v4")
        proxy = served(start_proxy, glm, glm_failover=[f"{other}=SPARE"])
        assert text_of(proxy.post(turn_body(stream=stream))) == "Hello."
        assert [seen.connection for seen in glm.seen] == [1, 1]
        assert "/payg/v4/" in glm.seen[1].head


def test_another_product_is_told(start_proxy: StartProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {"first": "zai-plan", "second": "zai-payg"}
    with FakeUpstream(error("1308")) as first, FakeUpstream(WHOLE) as second:
        by_base = {first.base_url: kinds["first"], second.base_url: kinds["second"]}
        monkeypatch.setattr(
            "codex_glm.proxy.turns.upstream.base_kind", lambda base: by_base.get(base, "other")
        )
        proxy = served(start_proxy, first, glm_failover=[f"{second.base_url}=SPARE"])
        assert text_of(proxy.post()) == "Hello."
    receipt = proxy.flow().metadata["glm"]["receipt"]
    assert any("which is billed differently" in entry["detail"] for entry in receipt)
    assert "noted" in proxy.flow().comment


def test_retries_come_first_and_all_places_may_fail(start_proxy: StartProxy) -> None:
    with FakeUpstream(PAGE) as first, FakeUpstream(error("1308")) as second:
        places = [f"{second.base_url}=SPARE"]
        proxy = served(start_proxy, first, glm_failover=places, glm_retries="2")
        response = proxy.post()
        assert (len(first.seen), len(second.seen)) == (3, 1)
    assert failure_code(response) == "invalid_prompt"
    assert "The limit of the GLM plan is reached." in response.text
    assert rules(proxy) == ["internal"] * 3


def test_not_for_what_is_wrong_everywhere(start_proxy: StartProxy) -> None:
    with FakeUpstream(error("1210", 400)) as first, FakeUpstream(WHOLE) as second:
        proxy = served(start_proxy, first, glm_failover=[f"{second.base_url}=SPARE"])
        assert failure_code(proxy.post()) == "invalid_prompt"
        assert second.seen == []


def test_without_a_key_of_its_own_the_next_place_serves(start_proxy: StartProxy) -> None:
    with FakeUpstream(WHOLE) as first, FakeUpstream(WHOLE) as second:
        places = [f"{second.base_url}=SPARE"]
        proxy = start_proxy(glm_api_base=first.base_url, glm_failover=places)
        assert text_of(proxy.post()) == "Hello."
        assert (len(first.seen), len(second.seen)) == (0, 1)
