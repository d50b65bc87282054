"""What GLM gets wrong about calls, and what a real Codex makes of what it then gets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from codex_glm.simulator.scenarios import Scenario, parse_scenario
from codex_glm.simulator.thread import SimulatorThread

from .checks import outputs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .codex import Codex

PATCH = "*** Begin Patch\n*** Add File: made.txt\n+made\n*** End Patch"
WRAPPED = {
    "bare": PATCH,
    "fence": f"```patch\n{PATCH}\n```",
    "heredoc": f"apply_patch <<'EOF'\n{PATCH}\nEOF",
    "json": json.dumps({"input": PATCH}),
    "command": json.dumps({"command": ["apply_patch", PATCH]}),
    "prose": f"Here is the patch:\n{PATCH}\n",
    "escaped": PATCH.replace("\n", "\\n"),
    "endless": f"```\n{PATCH.removesuffix('*** End Patch')}```",
}
"""Patches that must be applied, by the name of what is wrong with them."""

REFUSED = {
    "elsewhere": f"cd sub && apply_patch <<'EOF'\n{PATCH}\nEOF",
    "cut": PATCH.removesuffix("\n*** End Patch"),
}
"""Patches that Codex must refuse."""

MARKUP = (
    "<tool_call>exec_command\n<arg_key>cmd</arg_key>\n<arg_value>echo one && echo made > made.txt"
)
MARKUP += (
    "</arg_value>\n<arg_key>yield_time_ms</arg_key>\n<arg_value>9000</arg_value>\n</tool_call>"
)
LEAKED = {
    "text": {"thinking": "I make it.", "text": f"I make the file.\n{MARKUP}", "finish": "stop"},
    "thinking": {"thinking": f"I make it. {MARKUP}", "finish": "stop"},
    "patch": {
        "text": "<tool_call>apply_patch<arg_key>input</arg_key><arg_value>"
        f"{PATCH}</arg_value></tool_call>"
    },
}
"""Replies with a call that GLM's server did not read as one."""

SPOKEN = {
    "fenced": {"text": f"A call looks like this:\n```\n{MARKUP}\n```"},
    "mentioned": {"text": f"{MARKUP} is how I call a tool."},
}
"""Replies that only speak of calls."""


def sent(name: str, arguments: str, finish: str = "tool_calls") -> bytes:
    """Give a stream with one call as it stands, broken or not."""
    call: dict[str, object] = {"index": 0, "function": {"name": name, "arguments": arguments}}
    call |= {"id": "call_1"} if name else {}
    deltas = [{"role": "assistant", "content": "I go."}, {"tool_calls": [call]}]
    chunks: list[dict[str, object]] = [{"index": 0, "delta": delta} for delta in deltas]
    chunks.append({"index": 0, "delta": {}, "finish_reason": finish})
    lines = [f"data: {json.dumps({'id': 'x', 'choices': [chunk]})}\n\n" for chunk in chunks]
    return "".join([*lines, "data: [DONE]\n\n"]).encode()


MADE = "echo made > made.txt"
MENDED = {
    "a list for a script": json.dumps({"cmd": ["bash", "-lc", MADE]}),
    "a number as text": json.dumps({"cmd": MADE, "yield_time_ms": "9000"}),
    "an object as text": json.dumps(json.dumps({"cmd": MADE})),
    "an object twice": json.dumps({"cmd": MADE}) * 2,
    "a bare line break": f'{{"cmd":"true\n{MADE}"}}',
    "an empty object first": "{}" + json.dumps({"cmd": MADE}),
}
"""Arguments of exec_command that Codex refuses as they are."""

HALF = '{"cmd":"echo made > made.txt'
HALF_PATCH = json.dumps({"input": PATCH})[:60]
BROKEN = {
    "cut arguments": (sent("exec_command", HALF), "failed to parse function arguments: EOF"),
    "bare arguments": (sent("exec_command", "ls"), "failed to parse function arguments: expected"),
    "listed arguments": (sent("exec_command", '["ls"]'), "invalid type: string"),
    "no such field": (sent("exec_command", '{"command":"ls"}'), "missing field `cmd`"),
    "no name": (sent("", f'{HALF}"}}'), "unsupported call: call_without_name"),
    "cut patch": (sent("apply_patch", HALF_PATCH), "invalid patch"),
}
"""Streams with a call that nobody can run, and what GLM is to be told of it."""

SPENT = {
    "spent in arguments": (sent("exec_command", HALF, "length"), "failed to parse function"),
    "spent in a patch": (sent("apply_patch", HALF_PATCH, "length"), "invalid patch"),
}
"""The same, where GLM ran out of tokens."""


def scenario(name: str, *steps: object) -> Scenario:
    ending = {"text": "[SIMULATOR] Scripted answer: the end."}
    return parse_scenario(
        {"name": name, "when": {"prompt": f"case {name}$"}, "steps": [*steps, ending]}
    )


def patching(name: str, text: str) -> Scenario:
    return scenario(name, {"calls": [{"apply_patch": {"input": text}}]})


@pytest.fixture(scope="module")
def glm() -> Iterator[SimulatorThread]:
    """Return a GLM that gets calls wrong."""
    scenarios = [patching(name, text) for name, text in {**WRAPPED, **REFUSED}.items()]
    scenarios += [scenario(name, step) for name, step in {**LEAKED, **SPOKEN}.items()]
    for name, arguments in MENDED.items():
        scenarios.append(scenario(name, {"fault": {"raw": sent("exec_command", arguments)}}))
    for name, (raw, _) in {**BROKEN, **SPENT}.items():
        scenarios.append(scenario(name, {"fault": {"raw": raw}}))
    scenarios.append(scenario("again"))
    at_once = sent("get_goal", "", "length")
    scenarios.append(scenario("spent at once", {"fault": {"raw": at_once}}))
    with SimulatorThread(scenarios) as running:
        yield running


def told(simulator: SimulatorThread) -> str:
    """Give what GLM is told of its only call."""
    (output,) = outputs(simulator.received[-1]).values()
    return output


@pytest.mark.parametrize("name", WRAPPED)
def test_a_patch_is_applied(name: str, codex: Codex, simulator: SimulatorThread) -> None:
    result = codex.exec(f"case {name}")
    assert result.code == 0, result.said
    assert (codex.work / "made.txt").read_text() == "made\n"
    assert "Success. Updated the following files:\nA made.txt" in told(simulator)


@pytest.mark.parametrize("name", REFUSED)
def test_a_patch_is_refused(name: str, codex: Codex, simulator: SimulatorThread) -> None:
    result = codex.exec(f"case {name}")
    assert result.code == 0, result.said
    assert list(codex.work.iterdir()) == []
    assert "invalid patch" in told(simulator)


@pytest.mark.parametrize("name", LEAKED)
def test_a_call_in_the_text_is_made(name: str, codex: Codex, simulator: SimulatorThread) -> None:
    result = codex.exec(f"case {name}")
    assert result.code == 0, result.said
    assert (codex.work / "made.txt").read_text() == "made\n"
    assert "<tool_call>" not in result.said
    assert len(outputs(simulator.received[-1])) == 1


@pytest.mark.parametrize("name", SPOKEN)
def test_markup_that_is_only_spoken_of_stays(
    name: str, codex: Codex, simulator: SimulatorThread
) -> None:
    result = codex.exec(f"case {name}")
    assert result.code == 0, result.said
    assert result.message == SPOKEN[name]["text"]
    assert (list(codex.work.iterdir()), len(simulator.received)) == ([], 1)


@pytest.mark.parametrize("name", MENDED)
def test_arguments_are_mended(name: str, codex: Codex, simulator: SimulatorThread) -> None:
    result = codex.exec(f"case {name}")
    assert result.code == 0, result.said
    assert (codex.work / "made.txt").read_text() == "made\n"
    assert "Process exited with code 0" in told(simulator)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_call_is_told_to_glm(name: str, codex: Codex, simulator: SimulatorThread) -> None:
    result = codex.exec(f"case {name}")
    assert result.code == 0, result.said
    assert list(codex.work.iterdir()) == []
    assert BROKEN[name][1] in told(simulator)


@pytest.mark.parametrize("name", SPENT)
def test_a_call_that_was_not_finished_is_told_to_glm(
    name: str, codex: Codex, simulator: SimulatorThread
) -> None:
    """Codex ends such a turn; GLM learns of the call in the next one."""
    result = codex.exec(f"case {name}")
    assert result.code == 1
    assert "Incomplete response returned, reason: max_output_tokens" in result.said
    assert list(codex.work.iterdir()) == []
    again = codex.exec("resume", "--last", "case again")
    assert again.code == 0, again.said
    assert SPENT[name][1] in told(simulator)


def test_a_call_without_any_arguments_does_not_run(
    codex: Codex, simulator: SimulatorThread
) -> None:
    result = codex.exec("case spent at once")
    assert result.code == 1
    again = codex.exec("resume", "--last", "case again")
    assert again.code == 0, again.said
    assert outputs(simulator.received[-1]) == {}
