"""mitmdump and mitmweb as processes: starting, being refused, reloading, ending."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from .fake_upstream import WHOLE, FakeUpstream
from .support import KEY, failure_code, last_event, turn_body, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ADDON = Path(__file__).parents[2] / "addon"
SINK_OF = "reverse:http://glm.invalid"
SINK = f"{SINK_OF}@127.0.0.1:0"
NOTHING: Mapping[str, str] = {}
CONFIG = "listen_host: 127.0.0.1\nweb_open_browser: false\nflow_detail: 0\n"


class Process:
    """A running tool; its output goes to a file, which can be read at any time."""

    def __init__(self, command: list[str], folder: Path, environ: Mapping[str, str]) -> None:
        self.log = folder / "log"
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("GLM_", "PYTEST"))}
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env={**clean, "PYTHONUNBUFFERED": "1", **environ},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    @property
    def url(self) -> str:
        """The address of the banner, which is the last thing that a start prints."""
        pattern = re.compile(r"^  Codex   (http://\S+)/v1$", re.MULTILINE)
        wait_until(lambda: pattern.search(self.output) or self.process.poll() is not None, 20)
        found = pattern.search(self.output)
        assert found, self.output
        return found[1]

    def post(self) -> httpx.Response:
        return httpx.post(f"{self.url}/v1/responses", json=turn_body(), trust_env=False)


def tracebacks(output: str) -> int:
    """Count them, but for those that Python 3.12.1 (not 3.13) gives of itself.

    It says one for each connection that is still open, or just accepted, when the loop ends.
    """
    callback = "StreamReaderProtocol.connection_made.<locals>.callback"
    return output.count("Traceback") - output.count(f"Exception in callback {callback}")


@contextmanager
def tool(
    folder: Path,
    *arguments: str,
    name: str = "mitmdump",
    config: str = CONFIG,
    addon: Path = ADDON,
    environ: Mapping[str, str] = NOTHING,
) -> Iterator[Process]:
    file = folder / "mine.yaml"
    file.write_text(config)
    program = str(Path(sys.executable).with_name(name))
    options = [f"confdir={folder / 'conf'}", f"glm_config={file}"]
    sets = [part for option in options for part in ("--set", option)]
    command = [program, "-s", str(addon / "glm.py"), *sets, *arguments]
    running = Process(command, folder, environ)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


@pytest.mark.parametrize(
    ("arguments", "line", "said"),
    [
        ([], "glm_modle: x", "mine.yaml: unknown option glm_modle"),
        ([], "glm_effort: turbo", "mine.yaml: glm_effort: 'turbo' is none of none, minimal,"),
        ([], "glm_tool_stream: maybe", "mine.yaml: glm_tool_stream: "),
        ([], "glm_api_key: two words", "mine.yaml: glm_api_key: a key is one word"),
        ([], "listen_port: many", "mine.yaml: listen_port: "),
        (["--set", "glm_simulator=maybe"], "", "glm_simulator: 'maybe' is none of off, auto, on"),
        (["--set", "glm_modle=x"], "", "unknown option glm_modle"),
        (["--set", "glm_tool_stream=maybe"], "", "glm_tool_stream"),
        (["--set", "glm_model_map=x"], "", "glm_model_map: write asked=model, not 'x'"),
        (["--set", "glm_api_base=http://glm.example"], "", "glm_api_base: plain http"),
        (["--set", "stream_large_bodies=1m"], "", "stream_large_bodies would send"),
        (["--ssl-insecure"], "", "ssl_insecure would give the key"),
        ([], "proxy_debug: true", "proxy_debug would write keys"),
        (["--mode", "regular@0.0.0.0:0"], "", "regular@0.0.0.0:0 would let others"),
        (["--mode", f"{SINK_OF}@:0"], "", f"{SINK_OF}@:0 would let others"),
        (["--mode", f"{SINK_OF}@:::0"], "", f"{SINK_OF}@:::0 would let others"),
        (["--mode", "socks5@0"], "listen_host: ''", "socks5@0 would let others"),
        (["--mode", "socks5@0"], "listen_host: 0.0.0.0", "socks5@0 would let others"),
        (["--set", "glm_client_tokens=me=UNSET"], "", "glm_client_tokens: me: there is no token"),
    ],
)
def test_refused_start(tmp_path: Path, arguments: list[str], line: str, said: str) -> None:
    with tool(tmp_path, "--mode", SINK, *arguments, config=CONFIG + line) as started:
        assert started.process.wait(20) == 1
    assert said in started.output
    assert "Traceback" not in started.output
    assert started.output.count(said) == 1


def test_bad_environment_stops_the_start(tmp_path: Path) -> None:
    with tool(tmp_path, "--mode", SINK, environ={"GLM_API_KEY": "two words"}) as started:
        assert started.process.wait(20) == 1
    assert "GLM_API_KEY in the environment: a key is one word" in started.output
    assert "two words" not in started.output


def test_from_file_to_sigterm(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The file's mode is served, from another folder, and the process ends in time."""
    began = time.monotonic()
    with FakeUpstream(WHOLE) as glm:
        environ = {"GLM_API_BASE": glm.base_url, "GLM_API_KEY": KEY}
        with tool(tmp_path, config=f'{CONFIG}mode: ["{SINK}"]\n', environ=environ) as started:
            assert started.url.startswith("http://127.0.0.1:")
            record_property("seconds_to_serving", round(time.monotonic() - began, 2))
            assert last_event(started.post())["type"] == "completed"
            started.process.send_signal(signal.SIGTERM)
            assert started.process.wait(10) == 0
        assert glm.seen[0].headers["authorization"] == f"Bearer {KEY}"
    assert not tracebacks(started.output)
    assert KEY not in started.output
    assert "GLM_API_KEY in the environment" in started.output
    assert "gpt-5 → glm-" in started.output


def test_arguments_win_even_when_they_repeat_the_default(tmp_path: Path) -> None:
    config = f"{CONFIG}glm_simulator: 'on'\nglm_effort: high\nglm_api_base: https://file.example\n"
    arguments = ["--set", "glm_simulator=off", "--set", "glm_api_base="]
    with tool(tmp_path, "--mode", SINK, *arguments, config=config) as started:
        told = httpx.get(f"{started.url}/health", trust_env=False).json()
    assert (told["simulator"], told["upstream_source"]) == (False, "default")


def test_others_may_come_in_with_a_token(tmp_path: Path) -> None:
    """The same bind that is refused without: the connection's own address is a Host as well."""
    token = "token-of-the-tests-0123456789"
    arguments = ["--mode", f"{SINK_OF}@0.0.0.0:0", "--set", "glm_client_tokens=me=MINE"]
    environ = {"MINE": token, "GLM_API_KEY": KEY}
    with tool(tmp_path, *arguments, "--set", "glm_simulator=on", environ=environ) as started:
        refused = started.post()
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
        headers = {"authorization": f"Bearer {token}"}
        url = f"{started.url}/v1/responses"
        answered = httpx.post(url, json=turn_body(), headers=headers, trust_env=False)
        assert last_event(answered)["type"] == "completed"
    assert token not in started.output


@pytest.fixture
def copied_addon(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(ADDON, tmp_path / "copy" / "addon", ignore=ignored))


def change(script: Path, text: str) -> None:
    """Change a script in one step, as it is loaded whenever it is another one."""
    new = script.with_suffix(".new")
    new.write_text(text)
    later = time.time() + 2
    os.utime(new, (later, later))
    new.replace(script)


def test_reload(tmp_path: Path, copied_addon: Path) -> None:
    script = copied_addon / "glm.py"
    good = script.read_text()
    with FakeUpstream(WHOLE) as glm:
        mode = f"reverse:http://127.0.0.1:{glm.port}@127.0.0.1:0"
        environ = {"GLM_API_BASE": glm.base_url, "GLM_API_KEY": KEY}
        with tool(tmp_path, "--mode", mode, addon=copied_addon, environ=environ) as started:
            assert last_event(started.post())["type"] == "completed"
            change(script, good)
            wait_until(lambda: started.output.count("Loading script") == 2)
            assert last_event(started.post())["type"] == "completed"
            assert len(glm.seen) == 2
    assert "Traceback" not in started.output


def test_no_key_in_auto_mode_is_the_simulator(tmp_path: Path) -> None:
    with tool(tmp_path, "--mode", SINK, "--set", "glm_simulator=auto") as started:
        response = started.post()
    assert "SIMULATOR" in response.text
    assert "SIMULATOR: no GLM is asked" in started.output


def test_no_key_and_no_simulator(tmp_path: Path) -> None:
    with tool(tmp_path, "--mode", SINK) as started:
        assert failure_code(started.post()) == "invalid_prompt"
    assert "missing" in started.output


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_mitmweb(tmp_path: Path) -> None:
    web = f"http://127.0.0.1:{free_port()}"
    arguments = ["--mode", SINK, "--set", f"web_port={web.rpartition(':')[2]}"]
    arguments += ["--set", f"glm_api_key={KEY}"]
    with tool(tmp_path, *arguments, name="mitmweb") as started:
        assert started.url
        found = re.search(r"mitmweb http://127\.0\.0\.1:\d+/\?token=(\w+)", started.output)
        assert found, started.output
        with httpx.Client(base_url=web, trust_env=False) as client:
            assert client.get("/").status_code == 403
            assert client.get("/options").status_code == 403
            client.headers["authorization"] = f"Bearer {found[1]}"
            assert client.get("/").status_code == 200
            options = client.get("/options")
    assert options.json()["glm_api_key"]["value"] == "(hidden)"
    assert KEY not in json.dumps(options.json())
    assert KEY not in started.output
