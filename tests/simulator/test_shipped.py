"""The scenarios that ship with the package, played to their end."""

import json
from pathlib import Path
from typing import Any

import pytest
from codex_glm.simulator.conversation import read_conversation
from codex_glm.simulator.error_codes import error_codes
from codex_glm.simulator.judge import judge
from codex_glm.simulator.reply import Reply, Script
from codex_glm.simulator.scenarios import load_scenarios

from .samples import KEY, body, tool, user

BANNER = (
    "[SIMULATOR] No GLM model was asked: this answer is scripted. Set GLM_API_KEY to talk to GLM."
)
CONTEXT = user("<environment_context><cwd>/w</cwd></environment_context>")
CODEX = ("exec_command", "write_stdin", "apply_patch", "multi_agent_v1__spawn_agent")


def play(prompt: str, *tools: str, **fields: Any) -> list[Reply]:
    """Answer every call with the text of its name until the turn ends."""
    script, replies = Script(load_scenarios()), []
    messages = [{"role": "system", "content": "s"}, CONTEXT, user(prompt)]
    declared = {"tools": [tool(name) for name in tools]} if tools else {}
    while True:
        request_body = body(*messages, **declared, **fields)
        assert judge(KEY, request_body).violations == ()
        reply = script.reply(read_conversation(request_body))
        replies.append(reply)
        if not reply.calls:
            return replies
        messages += _round(reply, len(replies))


def _round(reply: Reply, number: int) -> list[dict[str, Any]]:
    calls = [
        {
            "id": f"c{number}.{index}",
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for index, call in enumerate(reply.calls)
    ]
    outputs = [
        {"role": "tool", "tool_call_id": call["id"], "content": f"output {call['id']}"}
        for call in calls
    ]
    return [{"role": "assistant", "content": reply.text, "tool_calls": calls}, *outputs]


def called(replies: list[Reply]) -> list[list[tuple[str, Any]]]:
    return [[(call.name, json.loads(call.arguments)) for call in one.calls] for one in replies]


def test_agent_with_the_tools_of_codex() -> None:
    replies = play("create greet.py that prints good day and run it", *CODEX)
    patch = '*** Begin Patch\n*** Add File: greet.py\n+print("good day")\n*** End Patch\n'
    assert called(replies) == [
        [("exec_command", {"cmd": "ls -la"})],
        [("apply_patch", {"input": patch})],
        [("exec_command", {"cmd": "python3 greet.py"})],
        [],
    ]
    assert all(reply.thinking for reply in replies)
    assert replies[-1].text.startswith(BANNER + "\n")
    assert "output c3.0" in replies[-1].text


@pytest.mark.parametrize("shell", ["exec_command", "shell_command", "shell"])
def test_agent_without_apply_patch_writes_a_file_that_runs(shell: str, tmp_path: Path) -> None:
    replies = play("Please create hello.py that prints 'hello' and run it.", shell)
    commands = [" ".join(str(step[0][1])) for step in called(replies)[:-1]]
    assert len(commands) == 3
    (name, arguments), *_ = called(replies)[1]
    written = next(iter(arguments.values()))
    command = written if isinstance(written, str) else written[-1]
    assert name == shell
    assert command == "cat > hello.py <<'EOF'\nprint(\"hello\")\nEOF"


def test_agent_needs_a_shell() -> None:
    replies = play("create hello.py that prints hello and run it", "apply_patch")
    assert [reply.scenario for reply in replies] == ["talk 1/1"]


def test_parallel() -> None:
    first, last = play("run two commands in parallel", *CODEX)
    assert called([first]) == [
        [("exec_command", {"cmd": "echo first"}), ("exec_command", {"cmd": "echo second"})]
    ]
    assert last.text.startswith(BANNER)


def test_namespaced_tool() -> None:
    first, last = play("add 2 and -3 with the tool", *CODEX, "mcp__tiny__add")
    assert called([first]) == [[("mcp__tiny__add", {"a": 2, "b": -3})]]
    assert "output c1.0" in last.text


def test_talk_says_what_it_got() -> None:
    (reply,) = play("what is the weather?", *CODEX)
    assert reply.text.startswith(BANNER + "\n")
    assert "glm-5.3 with 3 messages" in reply.text
    assert "exec_command, write_stdin" in reply.text
    assert "- create hello.py that prints hello and run it" in reply.text


def test_compaction() -> None:
    (reply,) = play("You are performing a CONTEXT CHECKPOINT COMPACTION. Sum up.")
    assert reply.scenario == "compaction 1/1"
    assert "summary" in reply.text


@pytest.mark.parametrize(
    ("prompt", "key"),
    [
        ("Give a title for: create a.py that prints a and run it", "title"),
        ("Give a title for: simulate error 1302", "title"),
        ("Assess the planned action", "outcome"),
        ("anything", "answer"),
    ],
)
def test_json_when_json_is_asked_for(prompt: str, key: str) -> None:
    (reply,) = play(prompt, "apply_patch", response_format={"type": "json_object"})
    assert key in json.loads(reply.text)


def test_title_is_as_short_as_codex_wants_it() -> None:
    (reply,) = play("a title, please", response_format={"type": "json_object"})
    assert 1 <= len(json.loads(reply.text)["title"]) <= 36


@pytest.mark.parametrize("code", sorted(error_codes()))
def test_error_on_demand(code: str) -> None:
    (reply,) = play(f"simulate error {code}", *CODEX)
    assert reply.fault
    assert reply.fault.code == code


def test_error_once() -> None:
    script = Script(load_scenarios())
    turn = read_conversation(body(user("simulate error 1305 once")))
    first, second = script.reply(turn), script.reply(turn)
    assert first.fault
    assert first.fault.code == "1305"
    assert (second.fault, second.text) == (None, "[SIMULATOR] Scripted answer: error 1305 is over.")


@pytest.mark.parametrize(
    ("prompt", "finish", "says_something"),
    [
        ("simulate length", "length", True),
        ("simulate sensitive", "sensitive", True),
        ("simulate network", "network_error", True),
        ("simulate window", "model_context_window_exceeded", False),
        ("simulate empty", "stop", False),
    ],
)
def test_finish_on_demand(prompt: str, finish: str, says_something: bool) -> None:
    (reply,) = play(prompt, *CODEX)
    assert (reply.finish, reply.fault) == (finish, None)
    assert bool(reply.thinking or reply.text) == says_something


def test_cut_on_demand() -> None:
    script = Script(load_scenarios())
    always, once = (
        read_conversation(body(user(prompt))) for prompt in ("simulate cut", "simulate cut once")
    )
    cuts = [script.reply(turn).fault is not None for turn in (always, always, once, once)]
    assert cuts == [True, True, True, False]
