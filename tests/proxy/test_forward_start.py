"""`codex-glm forward COMMAND`: a proxy that is there for one command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from codex_glm.proxy.launch import forward_start

from .support import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDON = Path(forward_start.__file__).parents[3]
OURS = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "localhost", "CODEX_CA_CERTIFICATE": "c"}
SHOW = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {}),
        ({"NO_PROXY": "*"}, {}),
        ({"NO_PROXY": ".com, .openai.com,chatgpt.com:443,*.chatgpt.com"}, {}),
        ({"NO_PROXY": "a.example, 10.0.0.0/8,"}, {"NO_PROXY": "localhost,a.example,10.0.0.0/8"}),
        ({"no_proxy": "a.b"}, {"NO_PROXY": "localhost,a.b", "no_proxy": "localhost,a.b"}),
        ({"https_proxy": "http://p:1", "HTTPS_PROXY": "x"}, {"https_proxy": OURS["HTTPS_PROXY"]}),
        ({"HOME": "/h"}, {"HOME": "/h"}),
    ],
)  # fmt: skip
def test_environment(before: dict[str, str], after: dict[str, str]) -> None:
    assert forward_start.codex_environment(before, OURS) == {**OURS, **after}


def test_only_codex_gets_options() -> None:
    told = forward_start.with_options(
        ["/usr/bin/codex", "exec", "x"], {"HTTPS_PROXY": 'http://"p"'}
    )
    assert told == [
        "/usr/bin/codex",
        "-c",
        'shell_environment_policy.set.HTTPS_PROXY="http://\\"p\\""',
        "-c",
        'shell_environment_policy.set.NO_PROXY=""',
        "exec",
        "x",
    ]
    assert forward_start.with_options(["npx", "codex"], {}) == ["npx", "codex"]


def test_a_password_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    environ = {"https_proxy": "http://me:s3cret@corp:3128"}
    told = forward_start.with_options(["codex"], environ)
    assert 'shell_environment_policy.set.https_proxy=""' in told
    said = capsys.readouterr().err
    assert said.startswith("https_proxy holds an @")
    assert "s3cret" not in said + "".join(told)
    forward_start.with_options(["codex"], {"https_proxy": "http://corp:3128"})
    assert capsys.readouterr().err == ""


def forward(folder: Path, *command: str, sets: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    (folder / "config.yaml").write_text("flow_detail: 0\ntermlog_verbosity: error\n")
    options = [f"confdir={folder / 'conf'}", f"glm_config={folder / 'config.yaml'}", *sets]
    words = [part for option in options for part in ("--set", option)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ADDON), "TMPDIR": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-m", "codex_glm", "forward", *words, *command],
        env=environment | {"HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def programs(word: str) -> list[int]:
    """Give the processes whose command line holds a word."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if word in path.read_bytes().decode(errors="ignore"):
                found.append(int(path.parent.name))
    return found


def test_a_command_runs_through_a_proxy_of_its_own(tmp_path: Path) -> None:
    program = tmp_path / "codex"
    program.write_text(f"#!{sys.executable}\n{SHOW}\nsys.exit(3)\n")
    program.chmod(0o755)
    process = forward(tmp_path, str(program), "exec", "--json", "--", "a b")
    told, said = process.communicate(timeout=60)
    assert process.returncode == 3, said
    arguments, environment = json.loads(told)
    assert arguments[4:] == ["exec", "--json", "--", "a b"]
    assert arguments[1] == 'shell_environment_policy.set.HTTPS_PROXY=""'
    assert environment["HTTPS_PROXY"].startswith("http://127.0.0.1:")
    assert environment["CODEX_CA_CERTIFICATE"] == str(tmp_path / "conf/mitmproxy-ca-cert.pem")
    assert Path(environment["CODEX_CA_CERTIFICATE"]).is_file()
    assert "SIMULATOR: no GLM is asked." in said
    assert "SSL_CERT_FILE" not in environment
    assert programs(str(tmp_path)) == []


@pytest.mark.parametrize(
    ("command", "sets", "words"),
    [
        ("there-is-no-such-command", (), "there-is-no-such-command: No such file or directory"),
        ("true", ("glm_effort=turbo",), "glm_effort: 'turbo' is none of"),
        ("true", ("glm_config=/no/such/file",), "No such file or directory"),
    ],
)
def test_what_does_not_start_is_told(
    command: str, sets: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    process = forward(tmp_path, command, sets=sets)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert words in said
    assert programs(str(tmp_path)) == []


@pytest.fixture
def sleeping(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Return a run whose command has begun, and waits."""
    marker = tmp_path / "begun"
    process = forward(tmp_path, "sh", "-c", f"touch '{marker}'; exec sleep 60")
    end = time.monotonic() + 60
    while not marker.exists() and time.monotonic() < end:
        time.sleep(0.02)
    yield process
    process.kill()
    process.communicate()


def test_the_proxy_and_the_command_end_with_it(
    sleeping: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert programs(str(tmp_path))
    sleeping.send_signal(signal.SIGINT)  # is the command's affair
    with pytest.raises(subprocess.TimeoutExpired):
        sleeping.wait(0.5)
    sleeping.terminate()
    assert sleeping.wait(60) == 128 + signal.SIGTERM
    assert programs(str(tmp_path)) == []


def test_a_proxy_that_is_starting_ends_with_it(tmp_path: Path) -> None:
    process = forward(tmp_path, "touch", str(tmp_path / "begun"))
    end = time.monotonic() + 60
    while programs(str(tmp_path)) in ([], [process.pid]) and time.monotonic() < end:
        time.sleep(0.005)
    process.terminate()
    assert process.wait(60) == 128 + signal.SIGTERM
    # Nobody waits for a proxy that was being started when the signal came.
    wait_until(lambda: programs(str(tmp_path)) == [])
    assert not (tmp_path / "begun").exists()


def test_a_signal_waits_until_the_program_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    class Program(subprocess.Popen[bytes]):
        def __init__(self, command: list[str]) -> None:
            super().__init__(command)
            started.append(self)
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(subprocess, "Popen", Program)
    before = signal.getsignal(signal.SIGTERM)
    handled = {signal.SIGTERM: forward_start._end}
    with (
        pytest.raises(SystemExit),
        forward_start._handled(handled),
        forward_start._program(["sleep", "60"]),
    ):
        pytest.fail("it was to end")
    (program,) = started
    assert program.wait(10) == -signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is before
