"""A terminal for programs that draw on one."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import termios
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 60
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|[\x0e\x0f]")
_ANSWERS = {b"\x1b[6n": b"\x1b[1;1R", b"\x1b[c": b"\x1b[?1;2c"}
"""What programs ask a terminal, and what it says: where the cursor is, what it can do."""


class Terminal:
    """A program in a terminal, whose screen is kept as the bytes that drew it."""

    def __init__(
        self, command: list[str], environment: dict[str, str], cwd: Path | None = None
    ) -> None:
        self.drawn = b""
        self._keyboard, inside = pty.openpty()
        termios.tcsetwinsize(inside, (40, 160))
        self.process = subprocess.Popen(
            command,
            env=environment,
            cwd=cwd,
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
        with suppress(ProcessLookupError):  # with what it started: npm's Codex is a wrapper
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join()
        os.close(self._keyboard)

    def _read(self) -> None:
        with suppress(OSError):  # Linux says so when the program has ended
            while data := os.read(self._keyboard, 65536):
                self.drawn += data
                for question, answer in _ANSWERS.items():
                    if question in data:
                        os.write(self._keyboard, answer)


@contextmanager
def terminal(
    command: list[str], environment: dict[str, str], cwd: Path | None = None
) -> Iterator[Terminal]:
    """Run a program in a terminal for the length of a `with` block."""
    running = Terminal(command, environment, cwd)
    try:
        yield running
    finally:
        running.close()
