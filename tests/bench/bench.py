"""The run: who is up, what was measured, what went wrong."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from tests.e2e.codex import clean_environment

from .client import Target
from .columns import Column, Place
from .processes import Pair, Process, free_port
from .request import SHORT, History

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SECONDS_TO_START = 90
SECONDS_TO_SERVE = 10
"""From when it listens."""
NANOSECONDS = 1_000_000_000

type Samples = dict[str, list[float]]
"""What a measurement gave, by the name of the metric."""


class NotServedError(RuntimeError):
    """A column did not come up: nothing can be measured of it."""


class Sizes(NamedTuple):
    """How much is measured."""

    rounds: int
    turn_rounds: int
    """Of short turns: many, as what they cost drifts by more than the columns differ."""
    stream_rounds: int
    turns: int
    long_turns: int
    streams: tuple[int, ...]
    seconds: float
    """Of a paced run."""
    flat_events: int
    """Of all streams of a flat run together, about."""
    flat_seconds: float
    """After which a flat run is cut off."""
    starts: int
    memory_turns: int


FULL = Sizes(3, 10, 5, 400, 30, (1, 32, 128, 400), 2.5, 16_000, 4.0, 5, 2000)
QUICK = Sizes(1, 2, 1, 40, 8, (1, 32), 1.5, 6_000, 2.0, 1, 200)


@dataclass
class Results:
    """All samples, by metric and column, and what went wrong, by column."""

    samples: dict[str, dict[str, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    problems: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, column: str, samples: Samples) -> None:
        for metric, values in samples.items():
            self.samples[metric][column] += values


@dataclass
class Server:
    """A column that is up."""

    process: Process | None
    target: Target

    def seconds(self) -> float:
        return self.process.seconds() if self.process else 0.0

    def resident(self) -> int:
        return self.process.resident() if self.process else 0

    def end(self) -> None:
        if self.process:
            self.process.end()


def processors(pin: bool) -> tuple[set[int] | None, set[int] | None]:
    """Share the processors out: one for who is measured, the others for client and upstream."""
    every = sorted(os.sched_getaffinity(0))
    return ({every[-1]}, set(every[:-1])) if pin and len(every) > 1 else (None, None)


class Bench:
    """Client, upstream and servers, for the length of a `with` block."""

    def __init__(self, columns: Sequence[Column], sizes: Sizes, pin: bool = True) -> None:
        self.sizes, self.columns = sizes, list(columns)
        self.results = Results()
        self.pinned = processors(pin)
        self._servers: dict[str, Server] = {}
        self._folders = 0

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="codex-glm-bench-")
        self.pair = Pair(self.pinned[1])
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers.values():
            server.end()
        self.pair.__exit__()
        self._folder.cleanup()

    def launch(self, column: Column) -> Server:
        """Start a column in a folder and with a port of its own, and do not wait."""
        if column.start is None:
            return Server(None, self._target(column, self.pair.port))
        self._folders += 1
        folder = Path(self._folder.name) / str(self._folders)
        folder.mkdir()
        place = Place(folder, free_port(), self.pair.port)
        start = column.start(place)
        environment = clean_environment(folder, start.environment)
        process = Process(start.command, environment, self.pinned[0], folder / "log")
        return Server(process, self._target(column, place.port))

    def _target(self, column: Column, port: int) -> Target:
        return Target(port, column.path, column.dialect, column.model, column.key)

    def wait(self, server: Server) -> None:
        """Wait until a turn was served; raises NotServedError if that does not come."""
        begin = time.monotonic()
        end, said = begin + SECONDS_TO_START, "it never listened"
        while time.monotonic() < end and (server.process is None or server.process.running):
            if _listens(server.target.port):
                said = self._one_turn(server)
                if not said:
                    return
                end = min(end, begin + SECONDS_TO_SERVE)
            else:
                begin = time.monotonic()
            time.sleep(0.005)
        raise NotServedError(f"served no turn: {said}; {_last_words(server)}")

    def _one_turn(self, server: Server) -> str:
        """Take a turn; gives what is wrong with it."""
        try:
            return "".join(self.turns(server, 1)["example"])
        except RuntimeError as error:  # it listens, but breaks connections off
            return str(error)

    def server(self, column: Column) -> Server:
        """Give a column that is up and has served a turn; started if it is not."""
        server = self._servers.get(column.name)
        if server and (server.process is None or server.process.running):
            return server
        server = self._servers[column.name] = self.launch(column)
        self.wait(server)
        return server

    def turns(
        self,
        server: Server,
        count: int,
        fresh: bool = False,
        events: int = 19,
        history: History = SHORT,
    ) -> dict[str, Any]:
        """Take turns one after the other; see `client.turns`."""
        return dict(
            self.pair.ask(
                "turns",
                target=server.target,
                count=count,
                fresh=fresh,
                events=events,
                history=history,
            )
        )

    def in_turn(self, round_number: int) -> Iterator[Column]:
        """Give the columns in an order that differs from round to round, and mind the failed."""
        place = round_number * 3 % max(len(self.columns), 1)
        yield from self.columns[place:] + self.columns[:place]

    def note(self, column: Column, words: str) -> None:
        """Note something that the reader of the tables has to know."""
        self.results.problems[column.name].append(words)

    def drop(self, column: Column) -> None:
        """End a server: the next measurement begins with a new one."""
        server = self._servers.pop(column.name, None)
        if server:
            server.end()

    def failed(self, column: Column, row: str, error: Exception) -> None:
        """Note what went wrong, and get ready for the next measurement."""
        self.note(column, f"{row}: {error}")
        self.drop(column)
        self.pair.recover()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _last_words(server: Server) -> str:
    log = server.process.log if server.process else None
    return log.read_text("utf-8", "replace")[-300:] if log else ""
