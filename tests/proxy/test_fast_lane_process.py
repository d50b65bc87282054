"""The fast lane in a real mitmdump: a reload in mid-stream, and the end of the process."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from .paced_upstream import PacedUpstream, Pieces, RawClient, Script
from .support import KEY, wait_until
from .test_fast_lane import END, FRAMES, HEAD, HELLO, ONE_EACH, STOP
from .test_process import SINK, Process, change, copied_addon, tool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["copied_addon"]

WATCH = """
from codex_glm.proxy.inside_mitmproxy.fast_lane.wire import Wire
received = Wire.data_received
def told(wire, data):
    received(wire, data)
    print("from socket to socket", flush=True)
Wire.data_received = told
"""


@contextmanager
def watched(folder: Path, addon: Path, glm: PacedUpstream, *arguments: str) -> Iterator[Process]:
    """Run the proxy so that it tells of each use of the lane."""
    (folder / "watch.py").write_text(WATCH)
    watching = ["-s", str(folder / "watch.py")]
    environ = {"GLM_API_BASE": glm.base_url, "GLM_API_KEY": KEY}
    with tool(
        folder, "--mode", SINK, *watching, *arguments, addon=addon, environ=environ
    ) as started:
        yield started


def uses(started: Process) -> int:
    return started.output.count("from socket to socket")


def client_of(started: Process) -> RawClient:
    return RawClient(urlsplit(started.url).port or 0)


def test_a_reload_in_mid_stream(tmp_path: Path, copied_addon: Path) -> None:
    """The stream goes on to its end with the code that it began with; the next one has the new."""
    script, go_on = copied_addon / "glm.py", threading.Event()
    pieces: Pieces = (HEAD, *FRAMES[:4], go_on, *FRAMES[4:], END)
    with (
        PacedUpstream(Script(pieces, pause=0.05), Script(ONE_EACH, pause=0.05)) as glm,
        watched(tmp_path, copied_addon, glm) as started,
        ThreadPoolExecutor(1) as pool,
    ):
        client = client_of(started)
        asked = pool.submit(client.ask)
        wait_until(lambda: uses(started))
        change(script, script.read_text())
        wait_until(lambda: started.output.count("Loading script") == 3, 20)
        used = uses(started)
        go_on.set()
        first = asked.result(20)
        assert uses(started) > used
        second = client.ask()
        client.close()
    assert first.whole
    assert first.steady == second.steady
    assert "fast lane" not in started.output


@pytest.mark.parametrize("seconds", ["0", "30"])
def test_the_end_of_the_process(tmp_path: Path, copied_addon: Path, seconds: str) -> None:
    """Asked to stop, the proxy lets a stream come to its end, or cuts it where it may not wait."""
    go_on = threading.Event()
    pieces: Pieces = (HEAD, *HELLO, go_on, *STOP, END)
    with (
        PacedUpstream(Script(pieces, pause=0.05)) as glm,
        watched(tmp_path, copied_addon, glm, "--set", f"glm_stop_seconds={seconds}") as started,
        ThreadPoolExecutor(1) as pool,
    ):
        client = client_of(started)
        asked = pool.submit(client.ask)
        wait_until(lambda: uses(started))
        started.process.send_signal(signal.SIGTERM)
        if seconds != "0":
            wait_until(lambda: "stopping" in started.output.lower())
            go_on.set()
        assert started.process.wait(10) == 0
        assert asked.result(10).whole is (seconds != "0")
        go_on.set()
        client.close()
    assert "fast lane" not in started.output
