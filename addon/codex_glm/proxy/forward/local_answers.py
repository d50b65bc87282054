"""What is answered in OpenAI's place, beside turns and model lists; see openai.toml."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Answer:
    """One entry of openai.toml."""

    why: str
    host: str
    request: str
    """Method and path, a pattern."""
    rpc: str = ""
    """The JSON-RPC method that it answers; empty: the body does not matter."""
    status: int = 200
    body: str = ""
    private: bool = False
    """Whether the request's body must not be shown to anybody."""

    def fill(self, account: str, call: Mapping[str, object]) -> str:
        """Give the body for a request that names this account and makes this JSON-RPC call."""
        params = call.get("params")
        protocol = params.get("protocolVersion") if isinstance(params, dict) else None
        values = {"account": account, "id": call.get("id"), "protocol": protocol}
        return Template(self.body.strip()).substitute({k: json.dumps(v) for k, v in values.items()})


ANSWERS = tuple(
    Answer(**entry)
    for entry in tomllib.loads(files(__package__).joinpath("openai.toml").read_text("utf-8"))[
        "answer"
    ]
)


def find_answer(
    host: str, method: str, path: str, call: Mapping[str, object] | None = None
) -> Answer | None:
    """Find the answer for a request to one of OpenAI's hosts; `path` may carry a query.

    `call` is what its body holds, if that is a JSON object.
    """
    asked = f"{method} {path.partition('?')[0].rstrip('/')}"
    rpc = (call or {}).get("method")
    for answer in ANSWERS:
        fits = answer.host == host.lower() and fnmatchcase(asked, answer.request)
        if fits and answer.rpc in ("", rpc):
            return answer
    return None
