"""Scenarios as data: loading, matching, filling."""

from pathlib import Path
from typing import Any

import pytest
from codex_glm.simulator.conversation import read_conversation
from codex_glm.simulator.reply import NO_SCENARIO, Call, Script, fill_template, match_scenario
from codex_glm.simulator.scenarios import ScenarioError, load_scenarios, parse_scenario

from .samples import body, called, output, tool, user


def scenario(steps: Any = None, **entry: Any) -> Any:
    return parse_scenario({"name": "s", "steps": steps or [{"text": "t"}], **entry})


def two_rounds(**fields: Any) -> dict[str, Any]:
    calls = [called("c1"), output("c1"), called("c2"), output("c2", "hi")]
    return body(user("say it"), *calls, **fields)


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ({}, True),
        ({"prompt": "SAY"}, False),
        ({"prompt": "(?i)SAY"}, True),
        ({"model": "5.3"}, True),
        ({"model": "4.7"}, False),
        ({"tool": "exec_command|shell"}, True),
        ({"tool": "exec"}, False),
        ({"response_format": "text"}, True),
        ({"response_format": "json_object"}, False),
        ({"min_rounds": 2}, True),
        ({"min_rounds": 3}, False),
        ({"max_rounds": 2}, True),
        ({"max_rounds": 1}, False),
        ({"prompt": "say", "model": "4.7"}, False),
    ],
)
def test_when(when: dict[str, Any], fits: bool) -> None:
    conversation = read_conversation(two_rounds(tools=[tool()]))
    assert (match_scenario(scenario(when=when), conversation) is not None) == fits


def test_first_match_answers() -> None:
    script = Script(
        [
            scenario([{"text": "no"}], when={"prompt": "other"}),
            scenario([{"text": "one"}]),
            scenario([{"text": "two"}]),
        ]
    )
    assert script.reply(read_conversation(body())).text == "one"


def test_no_match_says_so() -> None:
    reply = Script([]).reply(read_conversation(body()))
    assert (reply.text, reply.finish) == (NO_SCENARIO, "stop")


@pytest.mark.parametrize(("rounds", "text"), [(0, "a"), (1, "b"), (2, "c"), (3, "c")])
def test_step_is_the_round_and_the_last_repeats(rounds: int, text: str) -> None:
    script = Script([scenario([{"text": "a"}, {"text": "b"}, {"text": "c"}])])
    calls = [part for n in range(rounds) for part in (called(f"c{n}"), output(f"c{n}"))]
    assert script.reply(read_conversation(body(user("go"), *calls))).text == text


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (["exec_command", "shell"], Call("exec_command", '{"cmd":"ls"}')),
        (["shell"], Call("shell", '{"command":["ls"]}')),
        (["mcp__tiny__shell"], Call("mcp__tiny__shell", '{"command":["ls"]}')),
        (["myshell"], None),
    ],
)
def test_first_declared_alternative_is_called(declared: list[str], expected: Call | None) -> None:
    calls = [{"exec_command": {"cmd": "ls"}, "shell": {"command": ["ls"]}}]
    conversation = read_conversation(body(tools=[tool(name) for name in declared]))
    reply = Script([scenario([{"calls": calls}])]).reply(conversation)
    assert reply.calls == ((expected,) if expected else ())
    assert reply.finish == ("tool_calls" if expected else "stop")


def test_templates_are_filled() -> None:
    steps = [{"text": "{who} {last_output} {model} {nobody}", "json": None, "thinking": "{who}"}]
    script = Script([scenario(steps, when={"prompt": r"say (?P<who>\w+)"})])
    reply = script.reply(read_conversation(two_rounds()))
    assert (reply.text, reply.thinking) == ("it hi glm-5.3 {nobody}", "it")


def test_a_step_takes_from_the_newest_message_that_fits() -> None:
    steps = [
        {"take": r"id (?P<id>\d+)", "text": "{id}", "calls": [{"close": {"id": "{id:number}"}}]}
    ]
    told = (user("id 1"), called("c"), output("c", "id 2"), output("d", "none"), user("id none"))
    reply = Script([scenario(steps)]).reply(read_conversation(body(*told, tools=[tool("close")])))
    assert (reply.text, reply.calls) == ("2", (Call("close", '{"id":2}'),))


def test_a_step_that_finds_nothing_to_take_leaves_the_place() -> None:
    script = Script([scenario([{"take": r"id (?P<id>\d+)", "text": "{id}"}])])
    assert script.reply(read_conversation(body(user("no number")))).text == "{id}"


def test_template_values_keep_their_kind() -> None:
    template = {"a": ["{n}", "{n:number}"], "b": 1, "c": None}
    assert fill_template(template, {"n": "-2"}) == {"a": ["-2", -2], "b": 1, "c": None}


def test_filled_text_is_not_filled_again() -> None:
    assert fill_template("{a}", {"a": "{b}", "b": "no"}) == "{b}"


def test_json_step_is_valid_json_whatever_was_captured() -> None:
    script = Script([scenario([{"json": {"t": "{prompt}"}}])])
    assert script.reply(read_conversation(body(user('a "b"')))).text == '{"t": "a \\"b\\""}'


def test_fault_is_counted_for_each_turn() -> None:
    script = Script([scenario([{"fault": {"code": 1302, "attempts": 2}, "text": "t"}])])
    one, other = (read_conversation(body(user(words))) for words in ("a", "b"))
    outcomes = [bool(script.reply(turn).fault) for turn in (one, one, other, one, one)]
    assert outcomes == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ({"name": "x"}, "steps"),
        ({"name": "x", "steps": [{"txt": "a"}]}, "step has no txt"),
        ({"name": "x", "steps": [{}], "if": {}}, "scenario has no if"),
        ({"name": "x", "steps": [{}], "when": {"promt": "a"}}, "when has no promt"),
        ({"name": "x", "steps": [{"fault": {"cut": 1}}]}, "fault has no cut"),
        ({"name": "x", "steps": [{}], "when": {"prompt": "("}}, "unterminated"),
        ({"name": "x", "steps": []}, "at least one step"),
        ({"name": "x", "steps": [{"take": "("}]}, "unterminated"),
        ({"name": "x", "steps": [{"usage": "twice"}]}, "usage cannot be twice"),
    ],
)
def test_bad_scenario_is_named(entry: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ScenarioError, match=rf"scenario x: .*{complaint}"):
        parse_scenario(entry)


def test_files_are_read_in_the_order_given(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).write_text(f"- name: {name}\n  steps: [{{}}]\n")
    loaded = load_scenarios(tmp_path / "b", tmp_path / "a")
    assert [one.name for one in loaded] == ["b", "a"]


def test_file_must_hold_a_list(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("name: x\n")
    with pytest.raises(ScenarioError, match="list of scenarios"):
        load_scenarios(tmp_path / "x")


def test_file_must_be_yaml(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("- [")
    with pytest.raises(ScenarioError, match="x: "):
        load_scenarios(tmp_path / "x")
