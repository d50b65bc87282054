"""What the tests of the edge share: a proxy in a thread, and Codex's requests."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import httpx
from codex_glm.proxy.addon import CodexGlm
from codex_glm.proxy.forward.mode import Forward
from codex_glm.proxy.forward.usage import Usage
from codex_glm.translation.wire.sse import END_OF_STREAM
from mitmproxy.addons.view import View
from mitmproxy.options import Options
from mitmproxy.tools.dump import DumpMaster

from tests.translation.grammar import assert_valid

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import TracebackType

    from mitmproxy.http import HTTPFlow

    from .conftest import StartProxy
    from .fake_upstream import FakeUpstream

FIXTURES = Path(__file__).parents[1] / "fixtures"
SINK = "reverse:http://127.0.0.1:9@127.0.0.1:0"
KEY = "0123456789abcdef.TopSecretOfGlm"
JSON = {"content-type": "application/json"}
HEADERS_TO_GLM = {
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "content-length",
    "content-type",
    "host",
    "user-agent",
}
"""All headers that GLM gets, each with a value of the addon's own."""


def turn_body(**fields: object) -> dict[str, object]:
    """Make a small turn; streamed, as Codex's are."""
    return {"model": "gpt-5", "input": "say hello", "stream": True, **fields}


def codex_request(name: str) -> dict[str, object]:
    """Give a recorded request of Codex."""
    body: dict[str, object] = json.loads((FIXTURES / "codex" / f"{name}.json").read_text())["body"]
    return body


def events(body: bytes) -> list[dict[str, object]]:
    """Read an event stream."""
    frames = [f for f in body.removesuffix(END_OF_STREAM).decode().split("\n\n") if f]
    return [json.loads(frame.partition("data: ")[2]) for frame in frames]


def last_event(response: httpx.Response) -> dict[str, object]:
    """Give the last event of a stream, its name without `response.`."""
    event = events(response.content)[-1]
    return event | {"type": str(event["type"]).removeprefix("response.")}


def failure_code(response: httpx.Response) -> str:
    """Give the code in the `response.failed` that ends a stream."""
    event = last_event(response)
    assert event["type"] == "failed"
    inner = event["response"]
    assert isinstance(inner, dict)
    return str(inner["error"]["code"])


def wait_until(true: Callable[[], object], seconds: float = 10) -> None:
    """Wait for what happens in another thread."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


class _Witness:
    """Keeps the flows that ended, as a later addon sees them."""

    def __init__(self) -> None:
        self.flows: list[HTTPFlow] = []
        self.started = threading.Event()

    def running(self) -> None:
        self.started.set()

    def response(self, flow: HTTPFlow) -> None:
        self.flows.append(flow)

    def error(self, flow: HTTPFlow) -> None:
        self.flows.append(flow)


class ProxyThread:
    """mitmproxy with the addon, in a thread; options as keyword arguments, `view` for a view."""

    def __init__(self, **options: object) -> None:
        self.addon = CodexGlm()
        self.master: DumpMaster
        self._witness = _Witness()
        self._options: dict[str, object] = {"mode": [SINK], **options}
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)

    @property
    def port(self) -> int:
        server = self.master.addons.get("proxyserver")
        return int(server.listen_addrs()[0][1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def flows(self) -> list[HTTPFlow]:
        return self._witness.flows

    def client(self, timeout: float = 10) -> httpx.Client:
        """Make a client that keeps its connection."""
        return httpx.Client(base_url=self.url, trust_env=False, timeout=timeout)

    def post(self, body: object = None, **options: object) -> httpx.Response:
        """Post a turn on a connection of its own."""
        sent = {"json": turn_body() if body is None else body} if "content" not in options else {}
        with self.client() as client:
            return client.post("/v1/responses", **sent, **options)  # type: ignore[arg-type]

    def flow(self, number: int = -1) -> HTTPFlow:
        """Give a flow that has ended; waits, as the client may know of the end before."""
        wait_until(lambda: self.flows)
        return self.flows[number]

    def set(self, **options: object) -> None:
        """Set options at runtime, as mitmweb's editor does."""

        async def update() -> None:
            self.master.options.update(**options)

        self.run(update())

    @property
    def view(self) -> list[HTTPFlow]:
        """What a view shows, in the order of its coming."""
        return list(self.master.addons.get("view")._store.values())

    def run[T](self, coroutine: Coroutine[None, None, T]) -> T:
        """Run something in the proxy's loop."""
        loop = self.master.event_loop
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(10)

    async def _main(self) -> None:
        early = {name: self._options.pop(name) for name in ("mode", "confdir")}
        self.master = DumpMaster(Options(**early), with_dumper=False)
        scripts = self.master.addons.get("scriptloader")
        own = lambda: self.addon.settings  # noqa: E731
        for addon in (Forward(own), Usage(self.addon.turns, own), self.addon):  # as `-s` does
            scripts.addons.append(self.master.addons.register(addon))
        self.master.addons.add(*([View()] if self._options.pop("view", False) else []))
        self.master.addons.add(self._witness)
        self.master.options.update(termlog_verbosity="error", **self._options)
        await self.master.run()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._witness.started.wait(10), "the proxy did not start"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.master.shutdown()
        self._thread.join(10)
        assert not self._thread.is_alive(), "the proxy did not stop"


def served(start_proxy: StartProxy, glm: FakeUpstream, **options: object) -> ProxyThread:
    """Start a proxy in front of a fake GLM."""
    return start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY, **options)


def text_of(response: httpx.Response) -> str:
    """Give the text of a whole or a streamed reply that went well; checks the grammar."""
    if response.headers["content-type"] == "application/json":
        final = response.json()
    else:
        told = events(response.content)
        assert_valid(told)
        final = told[-1]["response"]
    assert final["status"] == "completed"
    return str(final["output"][-1]["content"][0]["text"])


def rules(proxy: ProxyThread) -> list[object]:
    """Give why the last turn was tried again, each time."""
    wait_until(lambda: proxy.flows)
    rounds = proxy.flow().metadata["glm"]["rounds"]
    return [each["rule"] for each in rounds if each["rule"]]
