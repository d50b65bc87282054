"""Processes that are measured: start, wait, end; processor time and memory, with children."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROJECT = Path(__file__).parents[2]
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SECONDS_TO_END = 10
_SECONDS_TO_ANSWER = 120


def free_port() -> int:
    """Give a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def processor_seconds(pid: int) -> float:
    """Give the processor time of a process, all its threads, also those that ended.

    Linux tells it to the nanosecond by a clock whose number is made of the process id
    (`clock_getcpuclockid(3)`).
    """
    return time.clock_gettime((~pid) << 3 | 2)


def resident(pid: int) -> int:
    """Give the resident memory of a process, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def family(pid: int) -> list[int]:
    """Give a process and all that come from it."""
    found = [pid]
    for parent in found:
        with suppress(OSError):
            for children in Path(f"/proc/{parent}/task").glob("*/children"):
                found += map(int, children.read_text().split())
    return found


class Process:
    """A program with a session of its own, from start to `end`.

    `cpus` are the processors that it may use; None leaves all to it.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        cpus: set[int] | None,
        log: Path | None = None,
    ) -> None:
        self.log = log
        file: IO[bytes] | int = log.open("wb") if log else subprocess.PIPE
        self._process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=log.parent if log else PROJECT,
            stdin=subprocess.DEVNULL if log else subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT if log else None,
            start_new_session=True,
        )
        if not isinstance(file, int):
            file.close()
        if cpus:
            os.sched_setaffinity(self._process.pid, cpus)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def seconds(self) -> float:
        """Give the processor time of it and its children."""
        return sum(self._of_each(processor_seconds))

    def resident(self) -> int:
        """Give the resident memory of it and its children, in bytes."""
        return int(sum(self._of_each(resident)))

    def _of_each(self, measure: Any) -> list[float]:
        values = []
        for pid in family(self.pid):
            with suppress(OSError):
                values.append(measure(pid))
        return values

    def end(self) -> None:
        """End it and its children."""
        if self.running:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_SECONDS_TO_END)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def tell(self, line: str) -> None:
        """Write a line to its stdin."""
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def answer(self) -> Any:
        """Read a line of JSON from its stdout; raises RuntimeError with the words of an error."""
        assert self._process.stdout
        if not select.select([self._process.stdout], [], [], _SECONDS_TO_ANSWER)[0]:
            raise RuntimeError(f"no answer in {_SECONDS_TO_ANSWER} s")
        value = json.loads(self._process.stdout.readline())
        if isinstance(value, dict) and "error" in value:
            raise RuntimeError(value["error"])
        return value


class Pair:
    """The client and the upstream, each a process of its own."""

    def __init__(self, cpus: set[int] | None) -> None:
        self._cpus = cpus
        self.upstream, self.client = self._start("upstream"), self._start("client")
        self.port = int(self.upstream.answer())

    def _start(self, name: str) -> Process:
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT / "addon")}
        command = [sys.executable, "-m", f"tests.bench.{name}"]
        return Process(command, environment, self._cpus)

    def recover(self) -> None:
        """Get ready again after a measurement that failed half way."""
        self.client.end()
        self.client = self._start("client")
        self.finish()

    def finish(self) -> dict[str, int]:
        """Have the upstream end what it holds; gives what it sent, by stream."""
        self.upstream.tell("finish")
        return dict(self.upstream.answer())

    def ask(self, name: str, **arguments: Any) -> Any:
        """Have the client do something, and wait for its answer."""
        self.begin(name, **arguments)
        return self.client.answer()

    def begin(self, name: str, **arguments: Any) -> None:
        """Have the client do something; `client.answer()` gives what came of it."""
        self.client.tell(json.dumps([name, arguments]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.end()
        self.upstream.end()
