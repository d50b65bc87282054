r"""Scenarios: what the simulator answers, as data.

A file holds a list of scenarios. The first whose `when` fits the request answers it; files are
read in the order of their names. A scenario reads:

    - name: hello                     # shown in the log
      about: say hello                # optional: named as a known prompt in the talk scenario
      when:                           # every key optional; all given ones must hold
        prompt: 'hello (?P<who>\w+)'   # regular expression, searched in the user's last words
        model: 'glm-5'                # regular expression, searched in the model id
        tool: 'exec_command|shell'    # regular expression, must match a whole declared tool name
        response_format: json_object  # or text
        min_rounds: 0                 # tool-call rounds since those words
        max_rounds: 3
      steps:                          # one per round; the last one repeats
        - take: 'id (?P<id>\w+)'      # regular expression: its groups, from the newest user or
                                      #   tool message that it is found in
          thinking: I should look.    # reasoning_content, if the model thinks
          text: Looking, {who}.       # content
          json: {a: 1}                # in place of text: content is this value as JSON
          calls:                      # tool calls; of each the first alternative declared is taken
            - exec_command: {cmd: ls} #   an alternative: tool name (or what follows its last "__")
              shell: {command: [ls]}  #   to arguments
          finish: stop                # finish_reason; by default stop or tool_calls
          usage: normal               # on the finish chunk; `separate` chunk; `none`
          fault: {...}                # see Fault

Strings may hold `{name}`: a named group of the prompt's expression or of `take`, or one of
last_output, prompt, model, messages, tools, images, known. Braces around anything else stay as
they are.
A string that is just `{name:number}` becomes a number.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

_HERE = Path(__file__).with_name("scenarios")


class ScenarioError(ValueError):
    """A scenario that cannot be read: the message names it and says what is wrong."""


@dataclass(frozen=True)
class When:
    """The requests a scenario answers; None stands for "any"."""

    prompt: re.Pattern[str] | None = None
    model: re.Pattern[str] | None = None
    tool: re.Pattern[str] | None = None
    response_format: Literal["text", "json_object"] | None = None
    min_rounds: int = 0
    max_rounds: int | None = None


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a reply.

    Attributes:
        attempts: Only the first so many requests of a turn's step fail; None means all.
        code: GLM error code: a plain HTTP error in place of the reply.
        message: Its message; by default the documented one.
        status: Its HTTP status; by default the documented one. Without a code: of the reply.
        cut_after: Close the TCP connection after so many chunks.
        stall: Seconds to wait before chunk number `stall_before`.
        stall_before: Chunk counted from 0.
        raw: Literal body, sent as it is. A chunk of it is what ends in an empty line.
        gzip: Compress the body.
        done: False leaves out `data: [DONE]`.
        headers: Extra response headers.
        content_type: In place of GLM's.

    """

    attempts: int | None = None
    code: str = ""
    message: str = ""
    status: int = 0
    cut_after: int | None = None
    stall: float = 0.0
    stall_before: int = 0
    raw: bytes | None = None
    gzip: bool = False
    done: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = ""


@dataclass(frozen=True)
class Step:
    """One reply, before its templates are filled."""

    thinking: str = ""
    text: str = ""
    json: object = None
    calls: tuple[Mapping[str, object], ...] = ()
    finish: str = ""
    usage: Literal["normal", "separate", "none"] = "normal"
    fault: Fault | None = None
    take: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Scenario:
    """A named answer to a kind of request."""

    name: str
    steps: tuple[Step, ...]
    when: When = When()
    about: str = ""


def load_scenarios(*paths: Path) -> tuple[Scenario, ...]:
    """Read scenario files in the order given; without any, the ones that ship with the package."""
    chosen = paths or tuple(sorted(_HERE.glob("*.yaml")))
    return tuple(scenario for path in chosen for scenario in _read_file(path))


def parse_scenario(entry: Mapping[str, Any]) -> Scenario:
    """Build a scenario from its mapping, as a YAML file holds it; `raw` may also be bytes."""
    name = str(entry.get("name", "without a name"))
    try:
        return _build_scenario(name, entry)
    except KeyError as error:
        raise ScenarioError(f"scenario {name}: {error} is missing") from error
    except (TypeError, AttributeError, re.error, ScenarioError) as error:
        raise ScenarioError(f"scenario {name}: {error}") from error


def _build_scenario(name: str, entry: Mapping[str, Any]) -> Scenario:
    _only_known(Scenario, entry)
    steps = tuple(_parse_step(step) for step in entry["steps"])
    if not steps:
        raise ScenarioError("needs at least one step")
    return Scenario(name, steps, _parse_when(entry.get("when", {})), entry.get("about", ""))


def _read_file(path: Path) -> Iterable[Scenario]:
    try:
        entries = YAML(typ="safe").load(path)
    except YAMLError as error:
        raise ScenarioError(f"{path}: {error}") from error
    if not isinstance(entries, list):
        raise ScenarioError(f"{path}: must hold a list of scenarios")
    return [parse_scenario(entry) for entry in entries]


def _parse_when(entry: Mapping[str, Any]) -> When:
    _only_known(When, entry)
    patterns = {
        key: re.compile(entry[key], re.DOTALL)
        for key in ("prompt", "model", "tool")
        if key in entry
    }
    return When(**{**entry, **patterns})


def _parse_step(entry: Mapping[str, Any]) -> Step:
    _only_known(Step, entry)
    fault = entry.get("fault")
    calls = tuple(entry.get("calls", ()))
    if entry.get("usage", "normal") not in ("normal", "separate", "none"):
        raise ScenarioError(f"usage cannot be {entry['usage']}")
    take = re.compile(entry["take"]) if "take" in entry else None
    parsed = {"calls": calls, "fault": _parse_fault(fault) if fault else None, "take": take}
    return Step(**{**entry, **parsed})


def _parse_fault(entry: Mapping[str, Any]) -> Fault:
    _only_known(Fault, entry)
    raw, code = entry.get("raw"), entry.get("code", "")
    encoded = raw.encode() if isinstance(raw, str) else raw
    return Fault(**{**entry, "raw": encoded, "code": str(code)})


def _only_known(kind: type[Any], entry: Mapping[str, Any]) -> None:
    known = {one.name for one in fields(kind)}
    if unknown := sorted(set(entry) - known):
        raise ScenarioError(f"{kind.__name__.lower()} has no {', '.join(unknown)}")
