"""`python -m codex_glm.proxy.start web|dump|console …`: mitmproxy with this addon, ready for Codex.

It only puts together a command line and becomes that command, so that whatever it does can be
done by hand.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import codex_glm
from codex_glm.proxy import config_file

TOOLS = {"web": "mitmweb", "dump": "mitmdump", "console": "mitmproxy"}
SINK = "reverse:http://glm.invalid"
"""A reverse proxy needs a target. This one leads nowhere: the addon chooses the real one."""

_DEFAULTS: dict[str, object] = {
    "mode": [SINK],
    "listen_host": "127.0.0.1",
    "listen_port": 18765,
    "glm_simulator": "auto",
}
_EARLY = ("mode", "listen_host", "listen_port", "web_host", "web_port", "confdir")
"""Options that mitmproxy reads before the addon can apply the settings file."""


def command_line(tool: str, arguments: list[str], file: dict[str, object]) -> list[str]:
    """Give the command: the user's arguments first in rank, then the file's, then our defaults."""
    script = Path(codex_glm.__file__).parents[1] / "glm.py"
    early = {name: file[name] for name in _EARLY if name in file}
    chosen = {**{k: v for k, v in _DEFAULTS.items() if k not in file}, **early}
    given = _named(arguments)
    sets = []
    for name, value in chosen.items():
        if name not in given and (tool == "web" or not name.startswith("web_")):
            for each in value if isinstance(value, list) else [value]:
                sets += ["--set", f"{name}={each}"]
    return [str(Path(sys.executable).with_name(TOOLS[tool])), "-s", str(script), *sets, *arguments]


def _named(arguments: list[str]) -> set[str]:
    """Name the options that the arguments set, by `--set name=` or by a flag."""
    named = {argument.partition("=")[0] for argument in arguments}
    flags = {"-m": "mode", "-p": "listen_port"}
    flags |= {f"--{name.replace('_', '-')}": name for name in _EARLY}
    return named | {flags[argument] for argument in named if argument in flags}


def _read_config(arguments: list[str]) -> dict[str, object]:
    name = "glm_config="
    chosen = [a.removeprefix(name) for a in arguments if a.startswith(name)]
    if chosen:
        return config_file.read_file(Path(chosen[-1]).expanduser())
    default = config_file.DEFAULT_PATH
    return config_file.read_file(default) if default.exists() else {}


def main() -> None:
    """Become the tool named by the first argument."""
    if len(sys.argv) < 2 or sys.argv[1] not in TOOLS:
        sys.exit(f"usage: python -m codex_glm.proxy.start {'|'.join(TOOLS)} [options of mitmproxy]")
    try:
        file = _read_config(sys.argv[2:])
    except config_file.ConfigError as error:
        sys.exit(str(error))
    command = command_line(sys.argv[1], sys.argv[2:], file)
    os.execv(command[0], command)  # noqa: S606  # a fixed program beside this interpreter


if __name__ == "__main__":
    main()
