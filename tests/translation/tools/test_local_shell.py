from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.receipt import Receipt
from codex_glm.translation.tools.local_shell import LocalShellCallItem, named, read_arguments
from codex_glm.translation.wire.item_ids import ItemIds

if TYPE_CHECKING:
    from codex_glm.translation.wire.events import Event
    from codex_glm.translation.wire.wire_json import JsonObject


def run(*fragments: str, call_id: str = "c") -> tuple[list[JsonObject], list[str]]:
    """Give the finished items and the lines of the receipt."""
    receipt, item = Receipt(), LocalShellCallItem(ItemIds("x"), call_id)
    assert item.open() == []
    assert all(item.append(fragment) == [] for fragment in fragments)
    assert item.arguments == "".join(fragments)
    return _done(item.close(receipt)), [f"{e.kind} {e.rule}" for e in receipt.entries]


def _done(events: list[Event]) -> list[JsonObject]:
    items = [e["item"] for e in events if e["type"] == "response.output_item.done"]
    return [item for item in items if isinstance(item, dict)]


def test_a_call() -> None:
    events = LocalShellCallItem(ItemIds("x"), "c")
    events.append('{"command":["ls"]}')
    added, done = events.close(Receipt())
    call = {
        "id": "lsh_x00",
        "type": "local_shell_call",
        "call_id": "c",
        "status": "completed",
        "action": {"type": "exec", "command": ["ls"], "env": {}},
    }
    assert (added["type"], added["item"]) == (
        "response.output_item.added",
        {**call, "status": "in_progress"},
    )
    assert (done["type"], done["item"]) == ("response.output_item.done", call)


@pytest.mark.parametrize(
    ("arguments", "action", "told"),
    [
        (
            {"command": ["ls"], "timeout_ms": 5, "working_directory": "a", "user": "u"},
            {"command": ["ls"], "timeout_ms": 5, "working_directory": "a", "user": "u"},
            [],
        ),
        ({"command": ["ls"], "env": {"A": "b", "C": 1}}, {"env": {"A": "b"}}, []),
        ({"command": ["ls"], "env": ["A"], "timeout_ms": True}, {"env": {}}, []),
        ({"command": "ls -la"}, {"command": ["bash", "-lc", "ls -la"]}, ["repaired arguments"]),
        (
            {"command": '["ls","-la"]', "timeout_ms": "5"},
            {"command": ["ls", "-la"], "timeout_ms": 5},
            ["repaired arguments"] * 2,
        ),
    ],
)
def test_actions(arguments: JsonObject, action: JsonObject, told: list[str]) -> None:
    (item,), receipt = run(json.dumps(arguments))
    found = item["action"]
    assert isinstance(found, dict)
    assert found | action == found
    assert receipt == told


BROKEN = [
    *('{"command":["ls', '{"cmd":"ls"}', "", "ls", '["ls"]'),
    *('{"command":[]}', '{"command":[7]}', '{"command":""}'),
]


@pytest.mark.parametrize("arguments", BROKEN)
def test_what_is_no_command_goes_on_as_a_function(arguments: str) -> None:
    (item,), receipt = run(arguments)
    assert (item["type"], item["name"], item["call_id"]) == ("function_call", "local_shell", "c")
    assert receipt[0] == "changed bad-arguments"


def test_an_id_of_its_own() -> None:
    (item,), _ = run('{"command":["a"]}', call_id="")
    assert item["call_id"] == "call_x00"


@pytest.mark.parametrize(
    ("arguments", "whole"),
    [
        ('{"command":["a"]}', True),
        ('{"command":"a"}', True),
        ('{"command":["a', False),
        ("", False),
    ],
)
def test_halves(arguments: str, whole: bool) -> None:
    item = LocalShellCallItem(ItemIds("x"), "c")
    item.append(arguments)
    assert item.is_whole() is whole
    half = _done(item.close_half()) if not whole else []
    assert [(i["type"], i["status"], i["arguments"]) for i in half] == (
        [("function_call", "incomplete", arguments)] if arguments and not whole else []
    )


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        (
            {"type": "exec", "command": ["ls"], "timeout_ms": None, "env": {}, "user": None},
            {"command": ["ls"]},
        ),
        (
            {"env": {"A": "b"}, "working_directory": "a", "command": ["ls"]},
            {"command": ["ls"], "working_directory": "a", "env": {"A": "b"}},
        ),
        (None, {}),
    ],
)
def test_read_arguments(action: object, arguments: JsonObject) -> None:
    assert read_arguments(action) == json.dumps(arguments, separators=(",", ":"))


def test_named() -> None:
    assert named({"id": "i", "call_id": "c"}) == {"id": "i", "call_id": "c", "name": "local_shell"}
    assert named({"id": "i"})["call_id"] == "i"
