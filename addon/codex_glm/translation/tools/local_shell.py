"""The built-in shell tool of older Codex versions: its declaration, its calls, and their history.

OpenAI's models know `local_shell` without being told of it, GLM does not. Codex declares it for
codex-mini-latest (codex-cli 0.40.0 to 0.63.0); a call of it is an item with an action, not with
arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..wire import events
from ..wire.wire_json import encode_text, parse_object
from .arguments import repair_arguments
from .calls import FunctionCallItem
from .shell_commands import mend_command
from .silent_arguments import SilentArguments

if TYPE_CHECKING:
    from ..receipt import Receipt
    from ..wire.events import Event
    from ..wire.item_ids import ItemIds
    from ..wire.wire_json import JsonObject

NAME = "local_shell"
DESCRIPTION = (
    "Runs a command on the user's machine and gives its output. The command is a list of words, of "
    'which the first is the program: ["bash", "-lc", SCRIPT] for anything that needs a shell.'
)
SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "command": {"type": "array", "items": {"type": "string"}, "description": "The words."},
        "working_directory": {"type": "string", "description": "Where it runs."},
        "timeout_ms": {"type": "integer", "description": "How long it may run."},
        "env": {"type": "object", "description": "Environment variables, as strings."},
    },
    "required": ["command"],
}
_TYPES: dict[str, type] = {"working_directory": str, "timeout_ms": int, "user": str}


class LocalShellCallItem(SilentArguments):
    """A call of the built-in shell; it takes its place in the output once it is whole."""

    def __init__(self, ids: ItemIds, call_id: str) -> None:
        super().__init__()
        self._ids = ids
        self._call_id = call_id

    def open(self) -> list[Event]:
        """Announce nothing: it is not known yet whether the call fits into its item."""
        return []

    def is_whole(self) -> bool:
        """Tell whether the arguments hold a command."""
        texts, _ = repair_arguments(self._arguments.value, SCHEMA)
        return all(_read_action(mend_command(NAME, each, SCHEMA)[0]) for each in texts)

    def close(self, receipt: Receipt) -> list[Event]:
        """Announce and finish the call; what is no command goes on as the call of a function.

        Codex knows no function of that name, and says so.
        """
        arguments = self._put_right(NAME, SCHEMA, receipt)
        mended, note = mend_command(NAME, arguments, SCHEMA)
        action = _read_action(mended)
        if action is None:
            item = self._as_function()
            receipt.add("changed", "bad-arguments", f"{NAME}: no command, passed on as a function")
            return item.open() + item.append(arguments) + item.close(receipt)
        if note:
            receipt.add("repaired", "arguments", f"{NAME}: {note}")
        item_id, index = self._ids.take()
        call: JsonObject = {
            "id": f"lsh_{item_id}",
            "type": "local_shell_call",
            "call_id": self._call_id or f"call_{item_id}",
            "status": "completed",
            "action": action,
        }
        begun = {**call, "status": "in_progress"}
        return [events.output_item_added(index, begun), events.output_item_done(index, call)]

    def close_half(self) -> list[Event]:
        """Finish a call that GLM did not end, for Codex to refuse."""
        item = self._as_function()
        return item.open() + item.append(self._arguments.value) + item.close_half()

    def another(self, ids: ItemIds) -> LocalShellCallItem:
        """Make the item for a further call that GLM wrote into this one."""
        return LocalShellCallItem(ids, "")

    def _as_function(self) -> FunctionCallItem:
        item_id, index = self._ids.take()
        return FunctionCallItem(item_id, index, self._call_id or f"call_{item_id}", NAME, None)


def _read_action(arguments: str) -> JsonObject | None:
    """Make the action of a call; None where the arguments hold no command."""
    try:
        given = parse_object(arguments)
    except ValueError:
        return None
    command, env = given.get("command"), given.get("env")
    if not isinstance(command, list) or not command:
        return None
    if not all(isinstance(word, str) for word in command):
        return None
    known = env.items() if isinstance(env, dict) else ()
    action: JsonObject = {
        "type": "exec",
        "command": command,
        "env": {name: value for name, value in known if isinstance(value, str)},
    }
    return action | {
        key: given[key] for key, kind in _TYPES.items() if type(given.get(key)) is kind
    }


def named(item: JsonObject) -> JsonObject:
    """Give an item of the client's history with its call's name and id.

    An output names its call in `id` (OpenAI API reference); Codex sends a `function_call_output`.
    """
    return {**item, "name": NAME, "call_id": item.get("call_id") or item.get("id")}


def read_arguments(action: object) -> str:
    """Give the arguments of a call of the client's history, from its action."""
    given = action if isinstance(action, dict) else {}
    kept = ("command", *_TYPES, "env")
    return encode_text({key: given[key] for key in kept if given.get(key)})
