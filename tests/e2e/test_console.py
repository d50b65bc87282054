"""`mitmproxy -s addon/glm.py`: the console, in a terminal of its own."""

from __future__ import annotations

import os
import pty
import re
import socket
import subprocess
import termios
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from .codex import clean_environment, glm_codex
from .conftest import GLM_KEY, glm_environment
from .proxy_process import tool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from codex_glm.simulator.thread import SimulatorThread

SECONDS = 20
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|[\x0e\x0f]")


class Terminal:
    """A program in a terminal, whose screen is kept as the bytes that drew it."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.drawn = b""
        self._keyboard, inside = pty.openpty()
        termios.tcsetwinsize(inside, (40, 160))
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._keyboard, keys.encode())

    def wait_for(self, words: str) -> None:
        """Wait until words have been drawn."""
        end = time.monotonic() + SECONDS
        while words not in self.text:
            assert time.monotonic() < end, f"{words!r} did not show:\n{self.text}"
            time.sleep(0.02)

    @property
    def text(self) -> str:
        """What has been drawn so far, without colours and places."""
        return _ESCAPES.sub(b"", self.drawn).decode("utf-8", "replace")

    def close(self) -> None:
        """End the program if it still runs."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        os.close(self._keyboard)

    def _read(self) -> None:
        with suppress(OSError):  # Linux says so when the program has ended
            while data := os.read(self._keyboard, 65536):
                self.drawn += data


@contextmanager
def terminal(command: list[str], environment: dict[str, str]) -> Iterator[Terminal]:
    running = Terminal(command, environment)
    try:
        yield running
    finally:
        running.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_console(tmp_path: Path, simulator: SimulatorThread) -> None:
    port, config = free_port(), tmp_path / "config.yaml"
    config.write_text("web_open_browser: false\n")
    command = [*tool("mitmproxy"), "--mode", f"reverse:http://glm.invalid@127.0.0.1:{port}"]
    for option in (f"confdir={tmp_path / 'conf'}", f"glm_config={config}"):
        command += ["--set", option]
    given = {**glm_environment(simulator), "TERM": "xterm-256color"}
    with terminal(command, clean_environment(tmp_path, given)) as console:
        console.wait_for(f":{port}")
        result = glm_codex(tmp_path / "codex", f"http://127.0.0.1:{port}/v1").exec("say hello")
        assert result.code == 0, result.said
        assert len(simulator.received) == 1
        console.wait_for("/v1/responses")
        console.press("q")
        console.wait_for("Quit (")
        console.press("y")
        assert console.process.wait(10) == 0
    for wrong in (GLM_KEY, "Traceback", "codex-glm 0.", "codex exec"):
        assert wrong not in console.text, "the screen is the console's own"
