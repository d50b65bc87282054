"""mitmproxy with this addon, ready for Codex.

It only puts together a command line and becomes that command, so that whatever it does can be
done by hand.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from codex_glm.commands import places
from codex_glm.proxy.config import config_file

TOOLS = {"web": "mitmweb", "dump": "mitmdump", "console": "mitmproxy"}
SINK = "reverse:http://glm.invalid"
"""A reverse proxy needs a target. This one leads nowhere: the addon chooses the real one."""

DEFAULTS: dict[str, object] = {
    "mode": [SINK],
    "listen_host": "127.0.0.1",
    "listen_port": 18765,
    "glm_simulator": "auto",
}
"""What holds where neither the command line nor the settings file says otherwise."""
_EARLY = ("mode", "listen_host", "listen_port", "web_host", "web_port", "confdir")
"""Options that mitmproxy reads before the addon can apply the settings file."""


def command_line(tool: str, arguments: list[str], file: dict[str, object]) -> list[str]:
    """Give the command: the user's arguments first in rank, then the file's, then our defaults."""
    early = {name: file[name] for name in _EARLY if name in file}
    chosen = {**{k: v for k, v in DEFAULTS.items() if k not in file}, **early}
    given = _named(arguments)
    sets = []
    for name, value in chosen.items():
        if name not in given and (tool == "web" or not name.startswith("web_")):
            for each in value if isinstance(value, list) else [value]:
                sets += ["--set", f"{name}={each}"]
    return [*_program(TOOLS[tool]), "-s", str(places.SCRIPT), *sets, *arguments]


def _program(name: str) -> list[str]:
    """Give the program beside this interpreter; where mitmproxy came from elsewhere, its code."""
    beside = Path(sys.executable).with_name(name)
    if beside.exists():
        return [str(beside)]
    return [sys.executable, "-P", "-c", f"from mitmproxy.tools.main import {name}; {name}()"]


def _named(arguments: list[str]) -> set[str]:
    """Name the options that the arguments set, by `--set name=` or by a flag."""
    named = {argument.removeprefix("--set=").partition("=")[0] for argument in arguments}
    flags = {"-m": "mode", "-p": "listen_port"}
    flags |= {f"--{name.replace('_', '-')}": name for name in _EARLY}
    return named | {flags[argument] for argument in named if argument in flags}


def become(tool: str, arguments: list[str], config: str = "") -> None:
    """Become one of `TOOLS`, with these arguments; `config` names another settings file."""
    if config:
        arguments = ["--set", f"glm_config={config}", *arguments]
    try:
        file = read_config(arguments)
    except config_file.ConfigError as error:
        sys.exit(str(error))
    command = command_line(tool, arguments, file)
    os.execv(command[0], command)  # noqa: S606  # a fixed program of this installation


def read_config(arguments: list[str]) -> dict[str, object]:
    """Read the settings file that the arguments name, or the default one; raises ConfigError."""
    given = [argument.removeprefix("--set=").partition("=") for argument in arguments]
    chosen = [value for name, _, value in given if name == "glm_config" and value]
    if chosen:
        return config_file.read_file(Path(chosen[-1]).expanduser())
    default = places.settings_file(os.environ)
    return config_file.read_file(default) if default.exists() else {}
