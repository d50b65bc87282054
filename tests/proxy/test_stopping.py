"""A proxy that is asked to stop: what was begun ends well, what comes new is sent away."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest

from .fake_upstream import WHOLE, FakeUpstream, Seen
from .support import KEY, last_event, turn_body, wait_until
from .test_process import ADDON, SINK, change, copied_addon, tool, tracebacks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from .test_process import Process

__all__ = ["copied_addon"]

LONG = 20
"""Seconds within which all that is to happen has happened; nothing here takes that long."""


class Busy(NamedTuple):
    """A proxy with a turn under way, which ends when `answer` is set."""

    proxy: Process
    url: str
    turn: Future[httpx.Response]
    answer: threading.Event
    asked: list[Seen]

    def signal(self, number: signal.Signals) -> None:
        self.proxy.process.send_signal(number)

    def exit_code(self) -> int:
        return self.proxy.process.wait(LONG)


@contextmanager
def busy(
    folder: Path, *arguments: str, name: str = "mitmdump", addon: Path = ADDON
) -> Iterator[Busy]:
    answer = threading.Event()

    def hold(_: Seen) -> bytes:
        answer.wait(LONG)
        return WHOLE

    with FakeUpstream(hold) as glm, ThreadPoolExecutor() as clients:
        environ = {"GLM_API_BASE": glm.base_url, "GLM_API_KEY": KEY}
        web = ("--set", "web_port=0") if name == "mitmweb" else ()
        options = ("--mode", SINK, *web, *arguments)
        with tool(folder, *options, name=name, addon=addon, environ=environ) as proxy:
            url = proxy.url
            turn = clients.submit(post, url)
            try:
                wait_until(lambda: glm.seen)
                yield Busy(proxy, url, turn, answer, glm.seen)
            finally:
                answer.set()


def post(url: str) -> httpx.Response:
    return httpx.post(f"{url}/v1/responses", json=turn_body(), trust_env=False, timeout=LONG)


@pytest.mark.parametrize(
    ("name", "number"),
    [("mitmdump", signal.SIGTERM), ("mitmdump", signal.SIGINT), ("mitmweb", signal.SIGTERM)],
)
def test_what_was_begun_ends_well(tmp_path: Path, name: str, number: signal.Signals) -> None:
    with busy(tmp_path, name=name) as at_work:
        at_work.signal(number)
        wait_until(lambda: "Stopping: 1 under way, for 30 s at most" in at_work.proxy.output)

        refused = post(at_work.url)
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "3"
        assert refused.headers["connection"] == "close"
        assert "x-should-retry" not in refused.headers
        assert refused.json()["error"]["code"] == "proxy_stopping"
        assert httpx.get(f"{at_work.url}/health", trust_env=False).status_code == 200
        assert at_work.proxy.process.poll() is None

        at_work.answer.set()
        assert last_event(at_work.turn.result(LONG))["type"] == "completed"
        assert at_work.exit_code() == 0
        assert len(at_work.asked) == 1, "a refused turn went to GLM"
    assert not tracebacks(at_work.proxy.output)
    assert "cut:" not in at_work.proxy.output


def test_what_was_begun_before_a_reload_ends_well(tmp_path: Path, copied_addon: Path) -> None:
    with busy(tmp_path, addon=copied_addon) as at_work:
        change(copied_addon / "glm.py", (copied_addon / "glm.py").read_text())
        wait_until(lambda: at_work.proxy.output.count("Loading script") == 2)
        wait_until(lambda: httpx.get(f"{at_work.url}/health", trust_env=False).is_success)
        at_work.signal(signal.SIGTERM)
        wait_until(lambda: "Stopping: 1 under way" in at_work.proxy.output)
        at_work.answer.set()
        assert last_event(at_work.turn.result(LONG))["type"] == "completed"
        assert at_work.exit_code() == 0
    assert "cut:" not in at_work.proxy.output


def test_the_wait_is_bounded(tmp_path: Path) -> None:
    with busy(tmp_path, "--set", "glm_stop_seconds=0.2") as at_work:
        at_work.signal(signal.SIGTERM)
        assert at_work.exit_code() == 0
        assert "1 cut: Codex asks again by itself." in at_work.proxy.output
        with pytest.raises(httpx.TransportError):
            at_work.turn.result(LONG)


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with busy(tmp_path, "--set", "glm_stop_seconds=3600") as at_work:
        at_work.signal(signal.SIGTERM)
        wait_until(lambda: "Stopping: 1 under way" in at_work.proxy.output)
        at_work.signal(signal.SIGTERM)
        assert at_work.exit_code() == 0


def test_no_time_means_at_once(tmp_path: Path) -> None:
    with busy(tmp_path, "--set", "glm_stop_seconds=0") as at_work:
        at_work.signal(signal.SIGTERM)
        assert at_work.exit_code() == 0
    assert "Stopping" not in at_work.proxy.output


def test_a_client_that_leaves_is_not_waited_for(tmp_path: Path) -> None:
    with busy(tmp_path, "--set", "glm_stop_seconds=3600") as at_work:
        with httpx.Client(trust_env=False, timeout=0.5) as client, pytest.raises(httpx.ReadTimeout):
            client.post(f"{at_work.url}/v1/responses", json=turn_body(stream=False))
        at_work.answer.set()
        at_work.turn.result(LONG)
        at_work.signal(signal.SIGTERM)
        assert at_work.exit_code() == 0
