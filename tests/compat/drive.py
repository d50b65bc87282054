"""Making Codex do what a row says: on the command line, over its app-server, or in its terminal."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from tests.e2e.terminal import terminal

from .app_server import AppServer, RefusedError
from .evidence import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.e2e.codex import Codex, Result

    from .feature import Feature

NO_END = 124
"""Exit code of a run that had to be ended, as timeout(1) has it."""

_FREE = {"sandbox_mode": '"danger-full-access"', "approval_policy": '"never"'}


def drive(feature: Feature, codex: Codex) -> Outcome:
    """Do all acts of a row, and stop at the first that goes wrong."""
    return _DRIVERS[feature.driver](feature, codex)


def _exec(feature: Feature, codex: Codex) -> Outcome:
    """An act is the prompt, or all arguments of `codex exec`."""
    outcome = Outcome()
    for act in feature.acts:
        try:
            _add_run(outcome, codex.exec(*([act] if isinstance(act, str) else act)))
        except subprocess.TimeoutExpired:
            outcome.code, outcome.said = NO_END, f"no end after {codex.seconds} s"
        if outcome.code:
            break
    return outcome


def _add_run(outcome: Outcome, result: Result) -> None:
    outcome.code = result.code
    outcome.said += result.said
    lines = [line for line in result.stdout.splitlines() if line.startswith("{")]
    events = [json.loads(line) for line in lines]
    outcome.items += [e["item"] for e in events if e["type"] == "item.completed"]


def _app_server(feature: Feature, codex: Codex) -> Outcome:
    """An act is words of the user, or `{method, params, until}`; the thread's id is put in."""
    outcome = Outcome()
    _configure(codex, {})
    with AppServer(codex, feature.answers) as server:
        thread = server.call("thread/start", cwd=str(codex.work))["thread"]["id"]
        try:
            for act in feature.acts:
                _act(server, thread, act)
        except RefusedError as refusal:
            outcome.code, outcome.said = 1, str(refusal)
        except TimeoutError as late:
            outcome.code, outcome.said = NO_END, str(late)
        _add_told(outcome, server.told)
    return outcome


def _act(server: AppServer, thread: str, act: Any) -> None:
    words = {"method": "turn/start", "params": {"input": [{"type": "text", "text": act}]}}
    chosen: Mapping[str, Any] = words if isinstance(act, str) else act
    since = len(server.told)
    server.call(chosen["method"], threadId=thread, **chosen.get("params", {}))
    server.wait_for(chosen.get("until", "turn/completed"), since)


def _add_told(outcome: Outcome, told: list[dict[str, Any]]) -> None:
    outcome.said += "\n".join(json.dumps(message, ensure_ascii=False) for message in told)
    done = [m["params"]["item"] for m in told if m["method"] == "item/completed"]
    outcome.items += [*done, *({"type": m["method"], **m["params"]} for m in told if "id" in m)]
    turns = [m["params"]["turn"] for m in told if m["method"] == "turn/completed"]
    outcome.code |= int(any(turn["status"] != "completed" for turn in turns))


def _tui(feature: Feature, codex: Codex) -> Outcome:
    """The one act is `{prompt, until}`: the first words, and what is drawn at the end."""
    (act,) = feature.acts
    _configure(codex, {f'projects."{codex.work}".trust_level': '"trusted"'})
    known = codex.run([str(codex.binary), "--help"]).stdout
    alone = ["--no-daemon"] if "--no-daemon" in known else []  # else a server outlives the test
    environment = {**codex.environment(), "TERM": "xterm-256color"}
    command = [str(codex.binary), *alone, act["prompt"]]
    with terminal(command, environment, codex.work) as screen:
        screen.wait_for(act["until"])
        return Outcome(said=screen.drawn.decode("utf-8", "replace"))


def _configure(codex: Codex, more: Mapping[str, str]) -> None:
    settings = {**_FREE, **more, **codex.settings}
    table = "".join(f"{key} = {value}\n" for key, value in settings.items())
    (codex.home / ".codex/config.toml").write_text(table)


_DRIVERS = {"exec": _exec, "app-server": _app_server, "tui": _tui}
