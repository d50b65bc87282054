"""`codex app-server` on stdio: one JSON-RPC message a line, from both sides."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from tests.e2e.codex import kill_session

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from tests.e2e.codex import Codex

type Message = dict[str, Any]


class RefusedError(Exception):
    """The server answered a request with an error."""


class AppServer:
    """Runs the server for the length of a `with` block.

    Args:
        codex: Whose binary, home (with its config.toml) and working directory.
        answers: What the user says to a request of the server, by its method.

    """

    def __init__(self, codex: Codex, answers: Mapping[str, object]) -> None:
        self.told: list[Message] = []
        """Every notification and request of the server, oldest first."""
        self._codex, self._answers = codex, answers
        self._inbox: queue.Queue[Message] = queue.Queue()
        self._results: dict[int, Message] = {}

    def call(self, method: str, **params: object) -> Message:
        """Make a request and give its result; raises RefusedError."""
        number = len(self._results) + 1
        self._send({"id": number, "method": method, "params": params})
        self._results[number] = {}
        self._pump(lambda: self._results[number])
        if "error" in self._results[number]:
            raise RefusedError(f"{method}: {self._results[number]['error']['message']}")
        return dict(self._results[number]["result"])

    def wait_for(self, method: str, since: int) -> Message:
        """Wait for a notification that is not among the first `since` of `told`."""
        return dict(self._pump(lambda: self._find(method, since))["params"])

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [str(self._codex.binary), "app-server"],
            cwd=self._codex.work,
            env=self._codex.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        client = {"name": "compat", "title": "compat", "version": "1"}
        self.call("initialize", clientInfo=client, capabilities={"experimentalApi": True})
        self._send({"method": "initialized"})
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        kill_session(self._process)
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._inbox.put(json.loads(line))

    def _send(self, message: Message) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self._process.stdin.flush()

    def _find(self, method: str, since: int) -> Message:
        return next((m for m in self.told[since:] if m["method"] == method), {})

    def _pump(self, wanted: Any) -> Message:
        """Take in messages until what is wanted is there."""
        end = time.monotonic() + self._codex.seconds
        while not (found := wanted()):
            try:
                self._take(self._inbox.get(timeout=max(end - time.monotonic(), 0.01)))
            except queue.Empty:
                raise TimeoutError(
                    f"codex app-server did not go on after {self.told[-3:]}"
                ) from None
        return dict(found)

    def _take(self, message: Message) -> None:
        if "method" not in message:
            self._results[message["id"]] = message
            return
        self.told.append(message)
        if "id" in message:
            answer = self._answers.get(message["method"])
            error = {"code": -32601, "message": "the test has no answer to this"}
            reply = {"error": error} if answer is None else {"result": answer}
            self._send({"id": message["id"], **reply})
