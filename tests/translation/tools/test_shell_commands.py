from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.tools.shell_commands import mend_command
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject


def schema(kind: str, name: str = "command") -> JsonObject:
    return {"type": "object", "properties": {name: {"type": kind}}}


LIST, TEXT = schema("array"), schema("string")


@pytest.mark.parametrize(
    ("tool", "given", "wanted", "mended"),
    [
        ("shell", {"command": "ls -la"}, LIST, {"command": ["bash", "-lc", "ls -la"]}),
        ("shell", {"command": "ls", "workdir": "a"}, LIST,
         {"command": ["bash", "-lc", "ls"], "workdir": "a"}),
        ("shell", {"command": "ls"}, {"properties": {"command": "odd"}},
         {"command": ["bash", "-lc", "ls"]}),
        ("container.exec", {"command": "ls"}, {}, {"command": ["bash", "-lc", "ls"]}),
        ("local_shell", {"command": "ls"}, LIST, {"command": ["bash", "-lc", "ls"]}),
        ("shell", {"command": ["ls", "a b"]}, TEXT, {"command": "ls 'a b'"}),
        ("shell_command", {"command": ["bash", "-lc", "ls; pwd"]}, TEXT, {"command": "ls; pwd"}),
        ("shell_command", {"command": ["/bin/sh", "-c", "ls"]}, {}, {"command": "ls"}),
        ("shell_command", {"command": ["bash", "-x", "a.sh"]}, TEXT, {"command": "bash -x a.sh"}),
        ("shell_command", {"command": ["sh", "-c"]}, TEXT, {"command": "sh -c"}),
        ("exec_command", {"cmd": ["ls"]}, schema("string", "cmd"), {"cmd": "ls"}),
    ],
)  # fmt: skip
def test_mended(tool: str, given: JsonObject, wanted: JsonObject, mended: JsonObject) -> None:
    found = mend_command(tool, json.dumps(given), wanted)
    assert json.loads(found.arguments) == mended
    assert found.note


@pytest.mark.parametrize(
    ("tool", "arguments", "wanted"),
    [
        ("shell", '{"command": ["ls"]}', LIST),
        ("shell", '{"command": " "}', LIST),
        ("shell", '{"command": 7}', LIST),
        ("shell", '{"cmd": "ls"}', LIST),
        ("shell", '{"command": "ls"', LIST),
        ("shell", '["ls"]', LIST),
        ("shell", '{"command": "ls"}', schema("object")),
        ("shell_command", '{"command": "ls"}', TEXT),
        ("shell_command", '{"command": []}', TEXT),
        ("shell_command", '{"command": ["ls", 7]}', TEXT),
        ("run", '{"command": "ls"}', LIST),
        ("", '{"command": "ls"}', LIST),
    ],
)
def test_left_alone(tool: str, arguments: str, wanted: JsonObject) -> None:
    assert mend_command(tool, arguments, wanted) == (arguments, "")


@given(st.lists(st.text(min_size=1), min_size=1))
def test_a_list_becomes_a_script_of_the_same_words(words: list[str]) -> None:
    found = mend_command("shell_command", json.dumps({"command": ["x", *words]}), TEXT)
    assert shlex.split(json.loads(found.arguments)["command"]) == ["x", *words]


@given(st.sampled_from(["shell", "exec_command", "run"]), st.text())
def test_no_text_raises(tool: str, text: str) -> None:
    assert mend_command(tool, text, LIST).arguments == text
