"""A program on a real screen, that of tmux: what stands where, as a person sees it."""

from __future__ import annotations

import shlex
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

SECONDS = 60
_WIDTH, _HEIGHT = 120, 60
_TYPING = 0.5
"""Seconds before Enter: keys that come at once are a paste to Codex, and its Enter a new line."""


class Screen:
    """One program in a tmux of its own, which ends with it."""

    def __init__(self, socket: Path) -> None:
        # By its bare name from its own folder: the path of a socket has 108 bytes at most.
        self._tmux = ["tmux", "-S", socket.name, "-f", "/dev/null"]
        self._folder = socket.parent

    def start(self, command: Sequence[str], environment: Mapping[str, str], cwd: Path) -> None:
        """Start a program with nothing but this environment."""
        pairs = [f"{name}={value}" for name, value in environment.items()]
        line = shlex.join(["env", "-i", *pairs, "TERM=tmux-256color", *command])
        size = ["-x", str(_WIDTH), "-y", str(_HEIGHT)]
        self._run("new-session", "-d", *size, "-c", str(cwd), line)

    def show(self) -> str:
        """Give what stands on the screen, without empty lines."""
        lines = self._run("capture-pane", "-p").splitlines()
        return "\n".join(line.rstrip() for line in lines if line.strip())

    def wait_for(self, words: str) -> str:
        """Wait until words stand on the screen, and give it."""
        end = time.monotonic() + SECONDS
        while words not in (shown := self.show()):
            assert time.monotonic() < end, f"{words!r} did not show:\n{shown}"
            time.sleep(0.1)
        return shown

    def press(self, key: str) -> None:
        """Press one key, by tmux's name for it."""
        self._run("send-keys", key)

    def enter(self, words: str) -> None:
        """Type words and send them."""
        self._run("send-keys", "-l", words)
        self.wait_for(words)
        time.sleep(_TYPING)
        self.press("Enter")

    def close(self) -> None:
        """End the program, if it still runs."""
        command = [*self._tmux, "kill-server"]
        subprocess.run(command, cwd=self._folder, capture_output=True, check=False)

    def _run(self, *arguments: str) -> str:
        command = [*self._tmux, *arguments]
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=True)
        return done.stdout


@contextmanager
def screen(
    folder: Path, command: Sequence[str], environment: Mapping[str, str], cwd: Path
) -> Iterator[Screen]:
    """Run a program on a screen for the length of a `with` block; `folder` takes the socket."""
    running = Screen(folder / "tmux")
    running.start(command, environment, cwd)
    try:
        yield running
    finally:
        running.close()
