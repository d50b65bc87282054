"""The line of a turn: written when the client has its reply."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from codex_glm.proxy.shown import record

from .support import served, text_of, turn_body, wait_until

if TYPE_CHECKING:
    from .conftest import StartProxy
    from .fake_upstream import FakeUpstream


@pytest.mark.parametrize("stream", [True, False])
def test_the_client_does_not_wait_for_it(
    start_proxy: StartProxy, glm: FakeUpstream, monkeypatch: pytest.MonkeyPatch, *, stream: bool
) -> None:
    has_reply, was_first = threading.Event(), []
    monkeypatch.setattr(record, "log_end", lambda *_: was_first.append(has_reply.wait(5)))
    proxy = served(start_proxy, glm)
    assert text_of(proxy.post(turn_body(stream=stream))) == "Hello."
    has_reply.set()
    wait_until(lambda: was_first)
    assert was_first == [True]
