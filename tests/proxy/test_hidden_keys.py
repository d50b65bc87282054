"""The GLM key is on the wire and nowhere else: every file that a run writes is searched for it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from mitmproxy import optmanager

from .fake_upstream import CUT, WHOLE, FakeUpstream, Step, chunk, chunked, reply
from .support import KEY, turn_body, wait_until
from .test_process import ADDON, CONFIG, SINK, tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import StartProxy

SECRET = KEY.partition(".")[2]
ECHO = json.dumps({"error": {"code": "1000", "message": f"the key {KEY} is not known"}}).encode()
ANSWERS: list[bytes | Step] = [
    WHOLE,
    reply(ECHO, 401),
    Step(chunked(chunk("Hel"), ended=False), CUT),
    WHOLE,
]
"""A good answer, an error that quotes the key, a cut one, and a good one again."""


@pytest.fixture
def glm() -> Iterator[FakeUpstream]:
    with FakeUpstream(*ANSWERS) as listening:
        yield listening


def found_in(folder: Path, but: set[str]) -> list[str]:
    """Name the files below a folder that hold the key, or its secret half."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in but]
    assert len(files) > 4, "the run wrote too little to say anything"
    return [str(path) for path in files if SECRET.encode() in path.read_bytes()]


@pytest.mark.parametrize("way", ["environment", "option", "file", "client"])
def test_no_file_of_a_run_holds_the_key(tmp_path: Path, glm: FakeUpstream, way: str) -> None:
    """With everything on that writes: debug log, dump, HAR, fixtures, the dumps of a signal."""
    sets = ["glm_retries=0", "glm_rows=on", f"hardump={tmp_path / 'all.har'}"]
    sets += [f"glm_record={tmp_path / 'recorded'}", f"glm_api_base={glm.base_url}"]
    sets += [f"glm_api_key={KEY}"] if way == "option" else []
    config = f"{CONFIG}glm_api_key: {KEY}\n" if way == "file" else CONFIG
    environ = {"PYTHONASYNCIODEBUG": "1", **({"GLM_API_KEY": KEY} if way == "environment" else {})}
    arguments = ["-v", "-w", str(tmp_path / "dump"), "--mode", SINK]
    arguments += [part for one in sets for part in ("--set", one)]
    headers = {"authorization": f"Bearer {KEY}"} if way == "client" else {}
    with tool(tmp_path, *arguments, config=config, environ=environ) as started:
        with httpx.Client(base_url=started.url, trust_env=False, headers=headers) as client:
            said = [
                client.post("/v1/responses", json=turn_body(stream=streamed)).text
                for streamed in (True, False, True, True)
            ]
            said += [client.get(path).text for path in ("/health", "/v1/models", "/nowhere")]
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            started.process.send_signal(number)
        wait_until(lambda: "# Thread" in started.output)
        if way == "environment":
            line = Path(f"/proc/{started.process.pid}/cmdline")
            assert SECRET.encode() not in (line.read_bytes() if line.exists() else b"")
        started.process.send_signal(signal.SIGTERM)
        assert started.process.wait(20) == 0
    assert [seen.headers["authorization"] for seen in glm.seen] == [f"Bearer {KEY}"] * 4
    assert "is not known" in said[1], "the error was to quote the key"
    assert not [words for words in said if SECRET in words]
    assert found_in(tmp_path, but={"mine.yaml"} if way == "file" else set()) == []


@pytest.mark.parametrize("asked", ["--options", "--commands"])
def test_mitmproxy_does_not_print_it(tmp_path: Path, asked: str) -> None:
    program = Path(sys.executable).with_name("mitmdump")
    command = [str(program), "-s", str(ADDON / "glm.py"), "--set", f"glm_api_key={KEY}", asked]
    command += ["--set", f"confdir={tmp_path}"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ("glm_api_key" if asked == "--options" else "set option") in told.stdout
    assert SECRET not in told.stdout + told.stderr


def test_no_change_of_options_tells_it(start_proxy: StartProxy, glm: FakeUpstream) -> None:
    """What mitmweb broadcasts of its options whenever one of them changes."""
    proxy = start_proxy(glm_api_base=glm.base_url)
    told: list[object] = []
    options = proxy.master.options

    def listen(updated: set[str]) -> None:
        told.append(optmanager.dump_dicts(options, sorted(updated)))

    options.changed.connect(listen)
    proxy.set(glm_api_key=KEY)
    proxy.post()
    assert glm.seen[0].headers["authorization"] == f"Bearer {KEY}"
    assert "glm_api_key" in str(told)
    assert SECRET not in str(told)


def test_a_defect_does_not_tell_it(
    start_proxy: StartProxy,
    glm: FakeUpstream,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Exceptions that quote the key: in a hook, in a task of the loop, in a stream."""
    proxy = start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY)
    loop = proxy.master.event_loop
    context = {"message": KEY, "exception": RuntimeError(f"in a task: {KEY}")}
    loop.call_soon_threadsafe(loop.call_exception_handler, context)
    with monkeypatch.context() as patch:
        patch.setattr("codex_glm.proxy.turns.under_way.record.record_request", _quote_the_key)
        assert proxy.post().status_code == 500
    with monkeypatch.context() as patch:
        patch.setattr("codex_glm.translation.reply.translate.join_deltas", _quote_the_key)
        assert "response.failed" in proxy.post().text
    wait_until(lambda: caplog.text.count("<GLM key>") >= 3)
    assert "in a task" in caplog.text
    assert SECRET not in caplog.text
    assert SECRET not in str([flow.get_state() for flow in proxy.flows])


def _quote_the_key(*_: object) -> None:
    raise RuntimeError(f"it was {KEY}")
