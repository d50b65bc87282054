"""What a streamed event costs the proxy: passed on by mitmproxy alone, and by the addon's ways.

`python -m tests.bench.fast_lane [paced|flat] [--tls] [--streams N] [--rate N] [--seconds N]`.
All variants run at once, each in a mitmdump of its own, and take turns in being asked, so that the
ratios of one run can be compared; the processor time is that of the proxy's process alone.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.proxy.certificate import make_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDON = Path(__file__).parents[2] / "addon/glm.py"
PASS = "def responseheaders(flow): flow.response.stream = True\n"
LAYERS_ONLY = """
from codex_glm.proxy.inside_mitmproxy.fast_lane import lane
lane.wire_for = lambda lane: None
"""
EVENT = (
    b'data: {"id":"20261122215607d0b1c2a3","created":1795384567,"object":"chat.completion.chunk",'
    b'"model":"glm-5.3","choices":[{"index":0,"delta":{"role":"assistant","content":"word%d "}}]}'
    b"\n\n"
)
LAST = EVENT.replace(b'"content":"word%d "}}', b'"content":""},"finish_reason":"stop"}')
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
WORD = re.compile(rb"word[0-9]")
REQUEST = b'{"model":"gpt-5","input":"say hello","stream":true}'


class Load(NamedTuple):
    """What is asked for: streams at once, events a second in each (0: no pause), seconds."""

    streams: int
    rate: float
    seconds: float

    @property
    def events(self) -> int:
        return int(self.rate * self.seconds) if self.rate else 3000


class Proxy:
    """One mitmdump."""

    def __init__(self, name: str, folder: Path, mode: str, *arguments: str) -> None:
        self.name = name
        self.log = (folder / f"{name}.log").open("w+b")
        options = ["-q", "--mode", f"{mode}@127.0.0.1:0", "--set", f"confdir={folder / 'conf'}"]
        command = [str(Path(sys.executable).with_name("mitmdump")), *options, *arguments]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        self.port = self._port()

    def _port(self) -> int:
        for _ in range(600):
            time.sleep(0.05)
            assert self.process.poll() is None, Path(self.log.name).read_text()
            if port := listening_port(self.process.pid):
                return port
        raise AssertionError("no port")

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()

    @property
    def cpu(self) -> float:
        """Microseconds of processor time."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1000


def listening_port(pid: int) -> int:
    """Give the port on which a process listens; 0 while there is none."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            inodes.add(str(link.readlink()).removeprefix("socket:[").rstrip("]"))
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        parts = line.split()
        if parts[3] == "0A" and parts[9] in inodes:
            return int(parts[1].partition(":")[2], 16)
    return 0


class Upstream:
    """A GLM that streams as told."""

    def __init__(self, load: Load) -> None:
        self.load = load

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lower = head.lower()
                size = int(lower.partition(b"content-length: ")[2].partition(b"\r\n")[0])
                await reader.readexactly(size)
                writer.write(HEAD)
                await self.stream(writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            writer.close()

    async def stream(self, writer: asyncio.StreamWriter) -> None:
        load, begun = self.load, time.monotonic()
        for number in range(load.events):
            if load.rate:
                await asyncio.sleep(max(0, begun + number / load.rate - time.monotonic()))
            event = EVENT % number
            writer.write(b"%x\r\n%s\r\n" % (len(event), event))
            if not load.rate and number % 64 == 0:
                await writer.drain()
        done = b"data: [DONE]\n\n"
        for event in (LAST, done):
            writer.write(b"%x\r\n%s\r\n" % (len(event), event))
        writer.write(b"0\r\n\r\n")


async def ask(port: int, load: Load, delay: float) -> int:
    """Read one stream to its end; gives how many events of text came."""
    await asyncio.sleep(delay)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    head = (
        b"POST /v1/responses HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (port, len(REQUEST), REQUEST)
    )
    writer.write(head)
    words, tail, copies = 0, b"", 1
    while not tail.endswith(b"\r\n0\r\n\r\n"):
        data = await reader.read(1 << 18)
        assert data, "cut"
        seen = tail + data
        words += len(WORD.findall(seen)) - len(WORD.findall(tail))
        if b"event: response.created" in seen:
            copies = 5  # the deltas, and the four events that tell the whole text once more
        tail = seen[-20:]
    writer.close()
    return words // copies


async def measure(proxy: Proxy, load: Load) -> float:
    """Give microseconds of processor time for an event."""
    gap = 1 / load.rate if load.rate else 0
    asked = [
        asyncio.create_task(ask(proxy.port, load, gap * number / load.streams))
        for number in range(load.streams)
    ]
    if not load.rate:
        before = proxy.cpu
        words = await asyncio.gather(*asked)
        spent = (proxy.cpu - before) / (load.events * load.streams)
    else:
        await asyncio.sleep(1)
        before = proxy.cpu
        await asyncio.sleep(load.seconds - 2)
        spent = (proxy.cpu - before) / ((load.seconds - 2) * load.rate * load.streams)
        words = await asyncio.gather(*asked)
    # A word may lie across two chunks; that no event is lost is what the tests are for.
    assert min(words) > 0.95 * load.events, (proxy.name, words)
    return spent


def variants(folder: Path, base: str, *sets: str) -> Iterator[Proxy]:
    """Start a proxy for each way."""
    (folder / "pass.py").write_text(PASS)
    (folder / "layers.py").write_text(LAYERS_ONLY)
    (folder / "none.yaml").write_text("flow_detail: 0\n")
    ours = ["-s", str(ADDON), "--set", f"glm_api_base={base}/v4", "--set", "glm_api_key=k", *sets]
    ours += ["--set", f"glm_config={folder / 'none.yaml'}"]
    sink = "reverse:http://glm.invalid"
    yield Proxy("pass", folder, f"reverse:{base}", "-s", str(folder / "pass.py"), *sets)
    yield Proxy("stock", folder, sink, *ours, "--set", "glm_fast_lane=false")
    yield Proxy("layers", folder, sink, *ours, "-s", str(folder / "layers.py"))
    yield Proxy("lane", folder, sink, *ours)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("paced", "flat"))
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--streams", type=int, default=16)
    parser.add_argument("--rate", type=float, default=30)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


async def main() -> None:
    given = read_arguments()
    load = Load(given.streams, given.rate if given.kind == "paced" else 0, given.seconds)
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder, context, sets = Path(name), None, []
        if given.tls:
            file = make_certificate(folder)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(file)
            sets = ["--set", f"ssl_verify_upstream_trusted_ca={file}"]
        server = await asyncio.start_server(Upstream(load).serve, "127.0.0.1", 0, ssl=context)
        base = f"http{'s' if given.tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        proxies = []
        for proxy in variants(folder, base, *sets):
            proxies.append(proxy)
            running.callback(proxy.end)
        spent: dict[str, list[float]] = {proxy.name: [] for proxy in proxies}
        for _ in range(given.rounds):
            for proxy in proxies:
                spent[proxy.name].append(await measure(proxy, load))
    first = statistics.median(spent["pass"])
    for way, values in spent.items():
        middle = statistics.median(values)
        each = " ".join(f"{value:.1f}" for value in values)
        sys.stdout.write(f"{way:8} {middle:7.1f} us  x{middle / first:.2f}   ({each})\n")


if __name__ == "__main__":
    asyncio.run(main())
