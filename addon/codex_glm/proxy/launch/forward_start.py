"""The forward proxy for an unmodified Codex: alone, or around one command and as long as that."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codex_glm.commands import places
from codex_glm.proxy.config import config_file
from codex_glm.proxy.entry.client_tokens import OPTION
from codex_glm.proxy.forward.hosts import is_openai
from codex_glm.proxy.launch import model_list, start
from codex_glm.translation.provider import forward_options, withheld

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType

    type Handler = Callable[[int, FrameType | None], object]

PORT = 18767
"""Where the proxy listens if it runs alone; beside a command it takes a free port."""

_NO_TOKEN = (
    f"{OPTION} is set, and a command beside the proxy has no token: start the proxy alone "
    f"({places.command('forward')}), and the command with HTTPS_PROXY=http://me:TOKEN@… from the "
    "line that it prints."
)
_SECONDS = 60
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LINE = re.compile(r"^HTTPS_PROXY=.*(?= codex exec )", re.MULTILINE)
"""The beginning of the banner's line for Codex: what to set in its environment."""


def run(
    command: Sequence[str], sets: Sequence[str] = (), config: str = "", *, web: bool = False
) -> int:
    """Become the proxy, or run a command through one that ends with it; gives the exit code.

    `sets` are options of the proxy, `name=value`; `config` names another settings file; with `web`
    there is mitmweb's page.
    """
    arguments = _arguments(sets, config, alone=not command)
    try:
        file = start.read_config(arguments)
    except config_file.ConfigError as error:
        return _fail(str(error))
    if command and _tokens(sets, file):
        return _fail(_NO_TOKEN)
    proxy = start.command_line("web" if web else "dump", arguments, file)
    if command:
        return _run_beside(proxy, command)
    return os.execv(proxy[0], proxy)  # noqa: S606  # a fixed program of this installation


def _arguments(sets: Sequence[str], config: str, *, alone: bool) -> list[str]:
    """Give the options for mitmproxy; beside a command, ports are taken as they are free."""
    given = dict(one.split("=", 1) for one in sets if "=" in one)
    place = given.get("listen_host") or "127.0.0.1"
    port = given.get("listen_port") or (PORT if alone else 0)
    ours = {"mode": f"regular@{place}:{port}", "glm_config": config}
    if not alone:
        # At the level `error` there is no banner, which says where the proxy listens.
        sets = [one for one in sets if one != "termlog_verbosity=error"]
        ours |= {"web_port": "0", "termlog_verbosity": "info"}
    named = {one.partition("=")[0] for one in sets}
    own = [f"{name}={value}" for name, value in ours.items() if value and name not in named]
    return [part for one in (*own, *sets) for part in ("--set", one)]


def _tokens(sets: Sequence[str], file: Mapping[str, object]) -> bool:
    """Tell whether clients need a token; on the command line the bare name takes them away."""
    given = [one.partition("=")[2] for one in sets if one.partition("=")[0] == OPTION]
    return any(given) if given else bool(file.get(OPTION))


def codex_environment(environ: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
    """Give the environment for a command that is, or starts, Codex; `ours` is the proxy's line.

    Hosts that were to be reached without a proxy still are, unless OpenAI's are among them: those
    the proxy has to answer. Where the small spelling is there already it is set too.
    """
    given = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    kept = [rule.strip() for rule in given.split(",") if rule.strip() and not _covers_openai(rule)]
    direct = ",".join(dict.fromkeys([*ours["NO_PROXY"].split(","), *kept]))
    chosen = {**ours, "NO_PROXY": direct}
    small = {name.lower(): value for name, value in chosen.items() if name.lower() in environ}
    return {**environ, **chosen, **small}


def with_options(command: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Give the command; where it is Codex itself, its own commands keep the way out they had.

    Says so where they do not.
    """
    first, *rest = command
    if Path(first).name != "codex":
        return list(command)
    if names := " and ".join(withheld(environ)):
        words = "holds an @, and perhaps a password, which every user could read in Codex's options"
        then = "the commands that Codex runs get it empty, unless you export one without."
        print(f"{names} {words}: {then}\n", file=sys.stderr, flush=True)  # noqa: T201
    return [first, *forward_options(environ), *rest]


def _covers_openai(rule: str) -> bool:
    name = rule.strip().removeprefix("*").removeprefix(".").partition(":")[0].lower()
    return name == "" or is_openai(name) or name in ("com", "org")


def _run_beside(proxy: list[str], command: Sequence[str]) -> int:
    handle, log = tempfile.mkstemp(prefix="codex-glm-forward-", suffix=".log")
    # In a session of its own, as Ctrl-C is meant for the command.
    files = {"stdin": subprocess.DEVNULL, "stdout": handle, "stderr": subprocess.STDOUT}
    with (
        _handled({signal.SIGTERM: _end, signal.SIGHUP: _end}),
        _program(proxy, start_new_session=True, **files) as process,
    ):
        os.close(handle)
        try:
            if not (ours := _wait_until_ready(process, Path(log))):
                return _fail(f"the proxy did not start:\n{Path(log).read_text('utf-8')}")
            with model_list.kept(os.environ):
                return _run(with_options(command, os.environ), codex_environment(os.environ, ours))
        finally:
            process.terminate()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> dict[str, str]:
    """Wait for the line of the banner, and give its variables; empty if it does not come."""
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end and process.poll() is None:
        said = log.read_text("utf-8")
        if found := _LINE.search(said):
            _tell(said, log)
            words = (word.partition("=") for word in shlex.split(found[0]))
            return {name: value for name, equals, value in words if equals and name.isupper()}
        time.sleep(0.02)
    return {}


def _tell(said: str, log: Path) -> None:
    """Say who answers, on the standard error: the standard output is the command's."""
    banner = said[said.index("codex-glm ") : said.index("  forward ")].rstrip()
    print(f"{banner}\n  log     {log}\n", file=sys.stderr, flush=True)  # noqa: T201


def _run(command: list[str], environment: dict[str, str]) -> int:
    """Run it in this terminal, and end it where this process is ended; gives its exit code."""
    try:
        with (
            _handled({signal.SIGINT: _leave_to_command}),
            _program(command, env=environment) as child,
        ):
            code = child.wait()
    except OSError as error:
        return _fail(f"{command[0]}: {error.strerror}")
    return code if code >= 0 else 128 - code


@contextmanager
def _program(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program, and end it after the block; a signal that comes as it starts waits for that.

    Else the signal could end this process when the program is there, and nobody knows it yet.
    """
    came: list[int] = []
    waiting = dict.fromkeys(_SIGNALS, lambda number, _frame: came.append(number))
    with _handled(waiting):
        process = subprocess.Popen(command, **options)  # noqa: S603  # the proxy, or the user's own
    try:
        for number in came:
            signal.raise_signal(number)
        yield process
    finally:
        process.terminate()


@contextmanager
def _handled(handlers: Mapping[signal.Signals, Handler]) -> Iterator[None]:
    """Have these signals handled otherwise, for a block."""
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave_to_command(number: int, frame: FrameType | None) -> None:
    """Ctrl-C reaches the command as well, which knows what to do with it."""


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _fail(words: str) -> int:
    print(words, file=sys.stderr)  # noqa: T201
    return 1
