"""A row of the table as data: what Codex is made to do, and what must come of it.

`features/` holds the rows. A row reads, with everything after `acts` optional:

    - name: apply-patch                  # what a command line calls it
      about: apply_patch (freeform)      # what the table calls it
      proof: the file holds the text     # what a cell rests on, for the page
      acts: [write the file]             # one after the other, see drive.py
      driver: exec                       # or app-server, or tui
      steps: [...]                       # what GLM says to a prompt with the row's name in it
      scenarios: [...]                   # in place of steps: whole scenarios of the simulator
      settings: {model: '"glm-5"'}       # overrides of Codex, values as TOML
      provider: {name: '"OpenAI"'}       # the same for the provider's table
      proxy: {glm_images: native}        # options of the addon
      files: {a.txt: words}              # in Codex' folder before it starts
      home: {auth.json: words}           # the same, in its CODEX_HOME
      forward: true                      # the proxy as forward proxy of Codex' own provider
      answers: {method: result}          # what the user says to requests of codex app-server
      offered: {tool: apply_patch}       # how a run shows that Codex has the feature, see expect.py
      absent: ["0.63.0"]                 # versions that are known not to have it
      expect: {answer: done}             # what must hold, see expect.py
      note: with a setting               # said in the cell
      versions: {"0.63.0": {note: …}}    # what differs for a version; tables are merged
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from codex_glm.simulator.scenarios import Scenario, parse_scenario
from ruamel.yaml import YAML

HERE = Path(__file__).parent
PARTS = ("turns", "tools", "servers", "context")
PYPI = "PyPI, openai-codex-cli-bin"


@dataclass(frozen=True)
class Version:
    """A Codex of the table."""

    version: str
    source: str
    about: str


@dataclass(frozen=True)
class Feature:
    """A row, as it is for one version."""

    name: str
    about: str
    proof: str
    acts: tuple[Any, ...]
    driver: Literal["exec", "app-server", "tui"] = "exec"
    steps: tuple[Mapping[str, Any], ...] = ()
    scenarios: tuple[Mapping[str, Any], ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    provider: Mapping[str, str] = field(default_factory=dict)
    proxy: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    home: Mapping[str, str] = field(default_factory=dict)
    forward: bool = False
    answers: Mapping[str, object] = field(default_factory=dict)
    offered: Mapping[str, Any] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    expect: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    def script(self) -> list[Scenario]:
        """Give what the simulated GLM says; a prompt asks for it with the row's name."""
        own = {"name": self.name, "when": {"prompt": f"\\b{self.name}\\b"}, "steps": self.steps}
        return [
            parse_scenario(entry) for entry in (*self.scenarios, *([own] if self.steps else ()))
        ]


def load() -> tuple[list[Version], list[dict[str, Any]]]:
    """Read the versions and the rows, in the order of the table."""
    versions = _read("versions.yaml")
    return [Version(**each) for each in versions], [
        r for p in PARTS for r in _read(f"features/{p}.yaml")
    ]


def _read(name: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = YAML(typ="safe").load(HERE / name)
    return entries


def feature(row: Mapping[str, Any], version: str) -> Feature:
    """Give a row as it is for a version; raises ValueError for a key that rows do not have."""
    entry = dict(row)
    for key, value in entry.pop("versions", {}).get(version, {}).items():
        merged = isinstance(value, Mapping) and key in entry
        entry[key] = {**entry[key], **value} if merged else value
    if unknown := sorted(set(entry) - {one.name for one in fields(Feature)}):
        raise ValueError(f"row {row['name']} has no {', '.join(unknown)}")
    for key in {"acts", "steps", "scenarios", "absent"} & set(entry):
        entry[key] = tuple(entry[key])
    return Feature(**entry)
