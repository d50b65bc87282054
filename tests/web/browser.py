"""Chromium without a window, driven over its own protocol (Chrome DevTools), one page at a time.

The protocol is JSON over a WebSocket, and tornado, which mitmweb runs on, speaks WebSocket: so the
tests need a Chromium and no further package.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, websocket_connect

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType

SECONDS = 60
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_MISSING = (
    "The tests of the web page need Chromium, and none was found: install it (Debian, Ubuntu:"
    " apt-get install chromium), or say where it is with CHROMIUM=/path/to/chromium."
)


class NoBrowserError(Exception):
    """There is no Chromium here; the message says what to do."""


def find_chromium() -> str:
    """Give the path of Chromium: CHROMIUM in the environment, else the first one on PATH."""
    chosen = os.environ.get("CHROMIUM", "")
    candidates = [chosen] if chosen else [*_NAMES, str(_MAC)]
    for found in map(shutil.which, candidates):
        if found:
            return found
    raise NoBrowserError(_MISSING)


class Browser:
    """Runs Chromium for the length of a `with` block; `folder` becomes its profile."""

    def __init__(self, folder: Path, size: tuple[int, int] = (1280, 800)) -> None:
        self.frames: list[str] = []
        """What the pages got over WebSockets."""
        self._command = [
            find_chromium(),
            "--headless=new",
            "--no-sandbox",  # a container seldom allows one; only pages of our own are opened
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--hide-scrollbars",
            "--no-proxy-server",
            "--remote-debugging-port=0",
            f"--user-data-dir={folder}",
            "--window-size={},{}".format(*size),
            "about:blank",
        ]
        self._told = folder / "DevToolsActivePort"
        self._loop = asyncio.new_event_loop()
        self._number = 0
        self._connection: WebSocketClientConnection

    def open(self, url: str) -> None:
        """Go to a page."""
        self.call("Page.navigate", url=url)
        self.wait_for("document.readyState === 'complete'")

    def evaluate(self, script: str) -> Any:
        """Give the JSON value of an expression of JavaScript, or of what it promises."""
        told = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in told:
            raise AssertionError(f"{script}: {told['exceptionDetails']}")
        return told["result"].get("value")

    def wait_for(self, script: str, seconds: float = SECONDS) -> Any:
        """Wait until an expression is true, and give its value."""
        end = time.monotonic() + seconds
        while not (value := self.evaluate(script)):
            if time.monotonic() > end:
                page = self.evaluate("document.body.innerText.slice(0, 2000)")
                raise AssertionError(f"{script} did not come true; the page reads:\n{page}")
            time.sleep(0.05)
        return value

    def press(self, selector: str, words: str = "") -> None:
        """Click on the first element that fits and holds the words."""
        fits = f"e => e.textContent.includes({json.dumps(words)})"
        found = f"[...document.querySelectorAll({json.dumps(selector)})].find({fits})"
        self.wait_for(f"(e => e && (e.click(), true))({found})")

    def write(self, text: str) -> None:
        """Type into the element that has the focus; a line feed is the enter key."""
        for part in text.splitlines(keepends=True):
            self.call("Input.insertText", text=part.rstrip("\n"))
            if part.endswith("\n"):
                key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
                self.call("Input.dispatchKeyEvent", type="keyDown", **key)
                self.call("Input.dispatchKeyEvent", type="keyUp", **key)

    def screenshot(self, path: Path) -> None:
        """Take a picture of the page, as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Call a method of the protocol and give its result."""
        return self._run(self._call(method, parameters))

    async def _call(self, method: str, parameters: dict[str, object]) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        await self._connection.write_message(json.dumps(message))
        while True:
            read = await self._connection.read_message()
            assert read is not None, f"Chromium is gone after {method}"
            told = json.loads(read)
            if told.get("method") == "Network.webSocketFrameReceived":
                self.frames.append(told["params"]["response"]["payloadData"])
            if told.get("id") == self._number:
                assert "error" not in told, f"{method}: {told}"
                return dict(told["result"])

    async def _connect(self) -> None:
        while not self._told.exists() or "\n" not in self._told.read_text():
            assert self._process.poll() is None, "Chromium did not start"
            await asyncio.sleep(0.02)
        port = self._told.read_text().split()[0]
        while not (pages := await self._pages(port)):  # it listens before it has one
            await asyncio.sleep(0.02)
        address = pages[0]["webSocketDebuggerUrl"]
        self._connection = await websocket_connect(address, max_message_size=1 << 28)

    async def _pages(self, port: str) -> list[dict[str, str]]:
        listed = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/json/list")
        return [one for one in json.loads(listed.body) if one["type"] == "page"]

    async def _disconnect(self) -> None:
        self._connection.close()

    def _run[T](self, work: Coroutine[None, None, T]) -> T:
        return self._loop.run_until_complete(asyncio.wait_for(work, SECONDS))

    def __enter__(self) -> Self:
        silent = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdin=silent, stdout=silent, stderr=silent)
        try:
            self._run(self._connect())
            self.call("Network.enable")
            self.call("Page.enable")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._run(self._disconnect())
        finally:
            self._end()

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(SECONDS)
        finally:
            self._process.kill()
            self._process.wait()
            self._loop.close()
