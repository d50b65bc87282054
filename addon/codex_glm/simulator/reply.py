"""A reply of the simulated GLM, and the script that chooses it."""

import json
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from codex_glm.simulator.conversation import Conversation
from codex_glm.simulator.scenarios import Fault, Scenario, Step

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_NUMBER = re.compile(r"\{(\w+):number\}")
_MOST_TURNS = 1000

NO_SCENARIO = "[SIMULATOR] No GLM model was asked, and no scenario fits this request."
"""The answer when a list of scenarios has none that fits."""


@dataclass(frozen=True)
class Call:
    """A tool call: the declared function name and its arguments as compact JSON text."""

    name: str
    arguments: str


@dataclass(frozen=True)
class Reply:
    """What the simulated model says, before it is put on the wire.

    Attributes:
        scenario: Name of the scenario and number of its step, for the log.
        usage: "normal" (on the finish chunk), "separate" (a chunk of its own) or "none".

    """

    scenario: str
    thinking: str = ""
    text: str = ""
    calls: tuple[Call, ...] = ()
    finish: str = "stop"
    usage: str = "normal"
    fault: Fault | None = None


class Script:
    """Chooses replies; remembers only how often a fault has already happened."""

    def __init__(self, scenarios: Sequence[Scenario]) -> None:
        self._scenarios = scenarios
        self._attempts: OrderedDict[tuple[str, int, str], int] = OrderedDict()

    def reply(self, conversation: Conversation) -> Reply:
        """Choose the scenario and the step for a request, and fill in its templates."""
        for scenario in self._scenarios:
            groups = match_scenario(scenario, conversation)
            if groups is not None:
                return self._perform(scenario, conversation, groups)
        return Reply("none", text=NO_SCENARIO)

    def _perform(
        self, scenario: Scenario, conversation: Conversation, groups: Mapping[str, str]
    ) -> Reply:
        number = min(conversation.rounds, len(scenario.steps) - 1)
        step = scenario.steps[number]
        values = {**self._facts(conversation), **groups, **_taken(step, conversation.told)}
        fault = step.fault
        if fault and not self._still_fails(fault, (scenario.name, number, conversation.key)):
            fault = None
        return _fill(scenario, number, values, conversation.tools, fault)

    def _still_fails(self, fault: Fault, key: tuple[str, int, str]) -> bool:
        if fault.attempts is None:
            return True
        count = self._attempts.pop(key, 0) + 1
        self._attempts[key] = count
        if len(self._attempts) > _MOST_TURNS:
            self._attempts.popitem(last=False)
        return count <= fault.attempts

    def _facts(self, conversation: Conversation) -> dict[str, str]:
        known = [f"- {scenario.about}" for scenario in self._scenarios if scenario.about]
        return {
            "images": "; ".join(conversation.images) or "none",
            "known": "\n".join(known),
            "last_output": conversation.last_output,
            "messages": str(conversation.messages),
            "model": conversation.model,
            "prompt": conversation.prompt,
            "tools": ", ".join(conversation.tools) or "none",
        }


def match_scenario(scenario: Scenario, conversation: Conversation) -> dict[str, str] | None:
    """Return the prompt's named groups if the scenario answers this request, else None."""
    when = scenario.when
    found = when.prompt.search(conversation.prompt) if when.prompt else None
    most = when.max_rounds
    fits = (
        (found or not when.prompt)
        and (not when.model or when.model.search(conversation.model))
        and (not when.tool or any(when.tool.fullmatch(name) for name in conversation.tools))
        and when.response_format in (None, conversation.response_format)
        and conversation.rounds >= when.min_rounds
        and (most is None or conversation.rounds <= most)
    )
    if not fits:
        return None
    return {key: value or "" for key, value in (found.groupdict() if found else {}).items()}


def fill_template(template: object, values: Mapping[str, str]) -> object:
    """Fill `{name}` in every string of a YAML value; unknown names stay as they are.

    A string that is just `{name:number}` becomes a JSON number.
    """
    if isinstance(template, str) and (number := _NUMBER.fullmatch(template)):
        return json.loads(values.get(number[1], "null"))
    if isinstance(template, str):
        return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)
    if isinstance(template, Mapping):
        return {key: fill_template(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [fill_template(value, values) for value in template]
    return template


def _fill(
    scenario: Scenario,
    number: int,
    values: Mapping[str, str],
    tools: Sequence[str],
    fault: Fault | None,
) -> Reply:
    step = scenario.steps[number]
    calls = tuple(_calls(step.calls, values, tools))
    return Reply(
        scenario=f"{scenario.name} {number + 1}/{len(scenario.steps)}",
        thinking=str(fill_template(step.thinking, values)),
        text=_text(step, values),
        calls=calls,
        finish=step.finish or ("tool_calls" if calls else "stop"),
        usage=step.usage,
        fault=_fill_fault(fault, values),
    )


def _taken(step: Step, told: Sequence[str]) -> dict[str, str]:
    searched = (step.take.search(text) for text in reversed(told) if step.take)
    found = next((each for each in searched if each), None)
    return {key: value or "" for key, value in found.groupdict().items()} if found else {}


def _text(step: Step, values: Mapping[str, str]) -> str:
    if step.json is not None:
        return json.dumps(fill_template(step.json, values), ensure_ascii=False)
    return str(fill_template(step.text, values))


def _calls(
    calls: Iterable[Mapping[str, object]], values: Mapping[str, str], tools: Sequence[str]
) -> Iterable[Call]:
    for alternatives in calls:
        for wanted, arguments in alternatives.items():
            declared = next((name for name in tools if _names(wanted, name)), None)
            if declared:
                filled = fill_template(arguments, values)
                text = json.dumps(filled, ensure_ascii=False, separators=(",", ":"))
                yield Call(declared, text)
                break


def _names(wanted: str, declared: str) -> bool:
    return declared == wanted or declared.endswith(f"__{wanted}")


def _fill_fault(fault: Fault | None, values: Mapping[str, str]) -> Fault | None:
    if fault is None:
        return None
    code = str(fill_template(fault.code, values))
    return replace(fault, code=code, message=str(fill_template(fault.message, values)))
