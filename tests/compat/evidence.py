"""What a run left behind: Codex' words, its requests, GLM's requests, and files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from codex_glm.simulator.engine import Received
    from mitmproxy.http import HTTPFlow


@dataclass
class Outcome:
    """What Codex came to.

    Attributes:
        code: Exit code; 0 for drivers that have none, if every act ended well.
        said: Everything that it printed or told.
        items: Completed items, as the driver names them.

    """

    code: int = 0
    said: str = ""
    items: list[dict[str, Any]] = field(default_factory=list)

    @property
    def message(self) -> str:
        """The last words of the model."""
        spoken = [i["text"] for i in self.items if i["type"] in ("agent_message", "agentMessage")]
        return str(spoken[-1]) if spoken else ""


@dataclass(frozen=True)
class Asked:
    """A request of Codex, as it came to the proxy."""

    line: str
    """Method and path, without a query."""
    headers: dict[str, str]
    body: dict[str, Any]
    status: int
    receipt: list[dict[str, str]]

    def tools(self) -> Iterator[str]:
        """Name the declared tools: `name`, `namespace.name`, or the type of one without a name."""
        lists = [self.body.get("tools", ())]
        lists += [i["tools"] for i in self.body.get("input", ()) if i["type"] == "additional_tools"]
        for tool in (tool for tools in lists for tool in tools):
            if tool["type"] == "namespace":
                yield from (f"{tool['name']}.{inner['name']}" for inner in tool["tools"])
            else:
                yield tool.get("name", tool["type"])


@dataclass
class Evidence:
    """All that a run left."""

    outcome: Outcome
    asked: list[Asked]
    received: Sequence[Received]
    work: Path

    @property
    def turns(self) -> list[Asked]:
        """The requests that had a body."""
        return [one for one in self.asked if one.body]


def read_flow(flow: HTTPFlow) -> Asked:
    """Read a saved flow."""
    content = flow.request.get_content(strict=False) or b""
    return Asked(
        line=f"{flow.request.method} {flow.request.path.partition('?')[0]}",
        headers={name.lower(): value for name, value in flow.request.headers.items()},
        body=json.loads(content) if content.startswith(b"{") else {},
        status=flow.response.status_code if flow.response else 0,
        receipt=flow.metadata.get("glm", {}).get("receipt", []),
    )
