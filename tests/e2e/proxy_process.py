"""A real mitmdump (or mitmweb) with the addon, as a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import codex_glm
import httpx
from mitmproxy import http
from mitmproxy.io import FlowReader

from .codex import NOTHING, clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

PROJECT = Path(codex_glm.__file__).parents[2]
ADDON = PROJECT / "addon/glm.py"
REVERSE = ("--mode", "reverse:http://glm.invalid@127.0.0.1:0")
FORWARD = ("--mode", "regular@127.0.0.1:0")
SECONDS = 60
"""A bound for machines that are busy: what takes longer hangs."""

_PORT = re.compile(r"listening at 127\.0\.0\.1:(\d+)")
_CONFIG = "listen_host: 127.0.0.1\nweb_open_browser: false\nflow_detail: 0\n"
"""A settings file of the tests' own: the checkout's may hold what its owner put there."""


def tool(name: str) -> list[str]:
    """Give the start of the command for one of mitmproxy's programs with the addon."""
    return [str(Path(sys.executable).with_name(name)), "-s", str(ADDON)]


def forward_command(folder: Path, *command: str) -> list[str]:
    """Give `codex-glm forward …` around a command, with a simulator; flows go to `dump`."""
    config = folder / "config.yaml"
    config.write_text(_CONFIG)
    files = {"confdir": "conf", "save_stream_file": "dump", "glm_config": config.name}
    chosen = [*(f"{name}={folder / file}" for name, file in files.items()), "glm_rows=on"]
    sets = [part for one in chosen for part in ("--set", one)]
    return [sys.executable, "-m", "codex_glm", "forward", *sets, *command]


def surroundings(folder: Path) -> dict[str, str]:
    """Give what that needs of its environment; its log goes into the folder."""
    return {"PYTHONPATH": str(ADDON.parent), "TMPDIR": str(folder)}


class ProxyProcess:
    """Runs the proxy for the length of a `with` block.

    Args:
        folder: For its home, its log and its dump; the dump holds every flow.
        arguments: After the command; by default reverse mode.
        command: What to start; by default mitmdump.
        cwd: Where; by default in `folder`.
        environment: Added to a clean one.
        keeps: Whether every flow goes into the dump.

    """

    def __init__(
        self,
        folder: Path,
        arguments: Sequence[str] = REVERSE,
        command: Sequence[str] = (),
        cwd: Path | None = None,
        environment: Mapping[str, str] = NOTHING,
        *,
        keeps: bool = True,
    ) -> None:
        folder.mkdir(parents=True)
        self.confdir, self.dump, self._log = folder / "conf", folder / "dump", folder / "log"
        config = folder / "config.yaml"
        config.write_text(_CONFIG)
        options = [f"confdir={self.confdir}", f"glm_config={config}"]
        sets = [part for option in options for part in ("--set", option)]
        saving = ["-w", str(self.dump)] if keeps else []
        self._command = [*(command or tool("mitmdump")), *sets, *saving, *arguments]
        self._cwd = cwd or folder
        self._environment = clean_environment(folder, environment)
        self.port = 0

    @property
    def base(self) -> str:
        """The base URL for Codex."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self._log.read_text("utf-8")

    @property
    def codex_line(self) -> str:
        """The `codex exec` line of the banner."""
        (line,) = re.findall(r"^codex exec .*$", self.output, re.MULTILINE)
        return str(line)

    @property
    def config_block(self) -> str:
        """The lines of the banner for Codex' config.toml."""
        found = re.search(
            r'^model = "(?s:.*?)supports_websockets = \w+$', self.output, re.MULTILINE
        )
        assert found, self.output
        return f"{found[0]}\n"

    def health(self) -> dict[str, Any]:
        """Ask it how it is."""
        url = f"http://127.0.0.1:{self.port}/health"
        return dict(httpx.get(url, trust_env=False, timeout=SECONDS).raise_for_status().json())

    def flows(self) -> list[http.HTTPFlow]:
        """Give the flows of the dump; complete once the proxy has ended."""
        with self.dump.open("rb") as file:
            return [flow for flow in FlowReader(file).stream() if isinstance(flow, http.HTTPFlow)]

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def wait(self, seconds: float) -> int:
        """Wait until it has ended; gives its exit code."""
        return self._process.wait(seconds)

    def end(self) -> str:
        """End it, so that its dump is complete; gives its whole output."""
        self._process.terminate()
        try:
            assert self._process.wait(SECONDS) == 0, self.output
        finally:
            self._process.kill()
            self._process.wait()
        return self.output

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._cwd,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            # The addon's own banner is the last thing to be printed in a start.
            found = _PORT.search(self.output)
            if found and "  key     " in self.output:
                self.port = int(found[1])
                return
            time.sleep(0.02)
        raise AssertionError(f"the proxy did not start:\n{self.output}")
