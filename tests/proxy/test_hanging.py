"""A GLM that keeps a connection open though it has nothing more to say: nobody waits for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.translation.grammar import assert_valid

from .fake_upstream import HOLD, WHOLE, FakeUpstream, Step, chunk, chunked, thinking
from .support import events, failure_code, rules, served, text_of, turn_body, wait_until

if TYPE_CHECKING:
    from .conftest import StartProxy

KEEPALIVE = "0.2"
LAST_CHUNK = b"0\r\n\r\n"


def test_a_whole_reply_that_glm_keeps_open_is_ended(start_proxy: StartProxy) -> None:
    with FakeUpstream(Step(WHOLE.removesuffix(LAST_CHUNK), HOLD), WHOLE) as glm:
        proxy = served(start_proxy, glm, glm_keepalive=KEEPALIVE)
        assert text_of(proxy.post()) == "Hello."
        assert glm.left.wait(10), "its connection is closed"
        assert len(glm.seen) == 1
    kept = proxy.flow().metadata["glm"]
    assert (kept["outcome"], kept["failure"]) == ("completed", "")
    assert not proxy.addon.turns.under_way


def test_what_a_reply_asks_for_is_done_though_it_is_kept_open(start_proxy: StartProxy) -> None:
    """An answer that breaks the client's schema is asked for again."""
    form = {"type": "json_schema", "name": "n", "schema": {"type": "object"}}
    wrong = chunked(chunk("[]"), chunk(finish="stop"), b"data: [DONE]\n\n", ended=False)
    right = chunked(chunk("{}"), chunk(finish="stop"), b"data: [DONE]\n\n")
    with FakeUpstream(Step(wrong, HOLD), right) as glm:
        proxy = served(start_proxy, glm, glm_keepalive=KEEPALIVE)
        assert text_of(proxy.post(turn_body(text={"format": form}))) == "{}"
        assert len(glm.seen) == 2
    rounds = proxy.flow().metadata["glm"]["rounds"]
    assert len(rounds) == 2


SILENT = pytest.mark.parametrize(
    ("said", "rule"),
    [(b"", "stale"), (chunked(thinking(), ended=False), "cut")],
    ids=["no word", "a thought"],
)


@SILENT
def test_a_glm_that_falls_silent_is_asked_again(
    start_proxy: StartProxy, said: bytes, rule: str
) -> None:
    with FakeUpstream(Step(said, HOLD), WHOLE) as glm:
        proxy = served(start_proxy, glm, glm_keepalive=KEEPALIVE, tcp_timeout=1)
        answer = proxy.post()
        assert text_of(answer) == "Hello."
        assert_valid(events(answer.content))
        assert len(glm.seen) > 1
    assert rules(proxy)[0] == rule  # on a busy machine, the next answer may be too late as well


def test_half_an_answer_is_no_success_and_makes_room(start_proxy: StartProxy) -> None:
    half = chunked(chunk("Hel"), ended=False)
    with FakeUpstream(Step(half, HOLD)) as glm:
        proxy = served(start_proxy, glm, glm_keepalive=KEEPALIVE, tcp_timeout=1)
        assert failure_code(proxy.post()) == "server_error"
        wait_until(lambda: not proxy.addon.turns.under_way)
        assert glm.left.wait(10)
