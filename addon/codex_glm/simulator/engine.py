"""The simulator without its server: requests in, replies out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codex_glm.simulator.conversation import digest, read_conversation
from codex_glm.simulator.habits import suit_request
from codex_glm.simulator.judge import judge
from codex_glm.simulator.models import known_models
from codex_glm.simulator.plan import PATH as PLAN_PATH
from codex_glm.simulator.plan import Plan, judge_plan
from codex_glm.simulator.plan import refusal as plan_refusal
from codex_glm.simulator.reply import Reply, Script
from codex_glm.simulator.rules.headers import check_headers
from codex_glm.simulator.scenarios import Scenario
from codex_glm.simulator.search import judge_search, search_reply
from codex_glm.simulator.stream import CREATED, Envelope
from codex_glm.simulator.tokens import PromptCache, count_tokens, prompt_text
from codex_glm.simulator.verdict import Verdict
from codex_glm.simulator.wire import WireReply, encode_error, encode_json, encode_reply


@dataclass(frozen=True)
class Received:
    """A request that came in, as it was.

    Attributes:
        headers: Names in lower case.
        body: The parsed JSON object; {} if there is none.
        violations: What the judge found, in words.
        connection: Number of the TCP connection, from 1 in the order of their first request;
            0 for requests of `plan_asked`.

    """

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    raw: bytes
    violations: list[str]
    connection: int


@dataclass(frozen=True)
class Request:
    """An HTTP request as the server hands it in; see Received for the fields."""

    method: str
    path: str
    headers: Mapping[str, str]
    raw: bytes
    connection: int

    @property
    def asks_chat(self) -> bool:
        """Whether this is the chat path, under whatever prefix."""
        return self.method == "POST" and self.path.endswith("/chat/completions")

    @property
    def asks_search(self) -> bool:
        """Whether this is the path of web searches, under whatever prefix."""
        return self.method == "POST" and self.path.endswith("/web_search")

    @property
    def asks_models(self) -> bool:
        """Whether this asks for the list of models, under whatever prefix."""
        return self.method == "GET" and self.path.endswith("/models")

    @property
    def asks_plan(self) -> bool:
        """Whether this asks how much of the plan is used."""
        return self.method == "GET" and self.path == PLAN_PATH


class Engine:
    """Judges, remembers and answers requests.

    Those for the account of the plan are remembered apart: they belong to no turn, and when they
    come is nobody's promise.
    """

    def __init__(self, scenarios: Sequence[Scenario], plan: Plan, keep: int) -> None:
        self.received: list[Received] = []
        self.plan_asked: list[Received] = []
        self.plan = plan
        self._keep = keep
        self._script = Script(scenarios)
        self._cache = PromptCache()

    def answer(self, request: Request) -> tuple[WireReply, str]:
        """Answer one request; return the reply and a line for the log."""
        body = _parse_json(request.raw)
        verdict = _judge_request(request, body)
        received = self._remember(request, body, verdict)
        if request.asks_plan:
            return self._account(verdict), _log_line(received, "account of the plan")
        wire, outcome = self._decide(request, received, verdict)
        return wire, _log_line(received, outcome)

    def _decide(
        self, request: Request, received: Received, verdict: Verdict
    ) -> tuple[WireReply, str]:
        refusal, stream = verdict.refusal, received.body.get("stream") is True
        if refusal and refusal.empties_stream and stream:
            return self._encode(Reply("empty"), received), "empty stream"
        if refusal:
            wire = encode_error(refusal.code, refusal.status, refusal.message)
            return wire, f"refused {refusal.status}"
        if request.asks_models:
            return encode_json(_model_list()), "model list"
        if request.asks_search:
            return encode_json(search_reply(received.body)), "search"
        if not request.asks_chat:
            return encode_error("1222", 404, f"API {request.path} does not exist"), "unknown path"
        reply = self._script.reply(read_conversation(received.body))
        return self._encode(reply, received), f"scenario {reply.scenario}"

    def _account(self, verdict: Verdict) -> WireReply:
        if verdict.refusal:
            return encode_json(plan_refusal(verdict.refusal))
        return encode_json(self.plan.account(), self.plan.status)

    def _encode(self, reply: Reply, received: Received) -> WireReply:
        body, prompt = received.body, prompt_text(received.body)
        owner = f"{received.headers.get('authorization')} {body['model']}"
        envelope = Envelope(
            seed=digest(body),
            model=body["model"],
            prompt_tokens=count_tokens(prompt),
            cached_tokens=self._cache.admit(owner, prompt),
            tool_stream=body.get("tool_stream", False),
        )
        suited = suit_request(reply, body, known_models()[body["model"]])
        return encode_reply(suited, envelope, stream=body.get("stream", False))

    def _remember(self, request: Request, body: object, verdict: Verdict) -> Received:
        received = Received(
            method=request.method,
            path=request.path,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body if isinstance(body, dict) else {},
            raw=request.raw,
            violations=[str(violation) for violation in verdict.violations],
            connection=request.connection,
        )
        kept = self.plan_asked if request.asks_plan else self.received
        kept.append(received)
        del kept[: -self._keep]
        return received


def _judge_request(request: Request, body: object) -> Verdict:
    if request.asks_chat:
        return judge(request.headers, body)
    if request.asks_search:
        return judge_search(request.headers, body)
    if request.asks_plan:
        return judge_plan(request.headers, request.raw)
    return Verdict(tuple(check_headers(request.headers)) if request.asks_models else ())


def _parse_json(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _model_list() -> dict[str, object]:
    entries = [
        {"id": name, "object": "model", "created": CREATED, "owned_by": "z-ai"}
        for name in known_models()
    ]
    return {"object": "list", "data": entries}


def _log_line(received: Received, outcome: str) -> str:
    body = received.body
    sizes = f"{_size(body.get('messages'))} messages, {_size(body.get('tools'))} tools"
    asked = f" {body.get('model')}, {sizes}" if body else ""
    found = "".join(f"; violation: {violation}" for violation in received.violations)
    return f"{received.method} {received.path}{asked}: {outcome}{found}"


def _size(value: object) -> int:
    return len(value) if isinstance(value, list) else 0
