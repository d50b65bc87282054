"""Commands of shell tools, in the form that the tool's schema wants.

Codex's older shell tools take a list of words: `shell`, known to Codex as `container.exec` as well,
and `local_shell` (codex-cli 0.40.0 to 0.63.0). Newer ones take a script: `shell_command` (0.63.0)
and `exec_command` (0.163.0). GLM mixes the two up. A script becomes the list that runs it in bash,
and a list becomes the script that stands in it, or that runs it.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from ..wire.wire_json import encode_text, parse_object

if TYPE_CHECKING:
    from ..wire.wire_json import JsonObject

_COMMANDS = {
    "shell": ("command", "array"),
    "container.exec": ("command", "array"),
    "local_shell": ("command", "array"),
    "shell_command": ("command", "string"),
    "exec_command": ("cmd", "string"),
}
"""The shell tools: the argument that holds the command, and its type where no schema tells it."""

_SHELLS = ("bash", "sh", "zsh")
_SCRIPT_FLAGS = ("-c", "-lc")


class Mended(NamedTuple):
    """Arguments as the tool wants them, and what was done to them; no note: nothing."""

    arguments: str
    note: str = ""


def mend_command(tool: str, arguments: str, schema: JsonObject) -> Mended:
    """Put the command of a call into the form that the tool's schema wants, if it is a shell's."""
    name, usual = _COMMANDS.get(tool, ("", ""))
    try:
        given = parse_object(arguments) if name else {}
    except ValueError:
        return Mended(arguments)
    command = given.get(name)
    wanted = _type_of(name, schema) or usual
    if wanted == "array" and isinstance(command, str) and command.strip():
        return Mended(
            encode_text({**given, name: ["bash", "-lc", command]}),
            f"{name}: the string became a script for bash -lc",
        )
    words = _words(command)
    if wanted == "string" and words:
        script = words[2] if _runs_script(words) else shlex.join(words)
        return Mended(encode_text({**given, name: script}), f"{name}: the list became a script")
    return Mended(arguments)


def _type_of(name: str, schema: JsonObject) -> object:
    properties = schema.get("properties")
    command = properties.get(name) if isinstance(properties, dict) else None
    return command.get("type") if isinstance(command, dict) else None


def _words(command: object) -> list[str]:
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        return []
    return command


def _runs_script(words: list[str]) -> bool:
    shell = words[0].rpartition("/")[2]
    return len(words) == 3 and shell in _SHELLS and words[1] in _SCRIPT_FLAGS
