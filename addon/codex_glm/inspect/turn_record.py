"""The record that a turn's flow keeps (`proxy.shown.record`), read back; total over any value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codex_glm.translation.quota import Window
from codex_glm.translation.receipt import LOSSLESS_KINDS
from codex_glm.translation.wire.chunks import Usage, parse_chunk

from .loose import count, number, object_of, objects, parsed, text

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject


@dataclass(frozen=True, slots=True)
class Round:
    """One exchange with GLM; times are seconds since the turn began, None where not yet."""

    url: str
    request: str
    reply: str
    usage: Usage | None
    """What GLM counted for it, where that was kept in the place of the reply."""
    status: int
    begun: float | None
    first_byte: float | None
    ended: float | None
    rule: str
    said: str
    wait: float


@dataclass(frozen=True, slots=True)
class SideCallRecord:
    """One request of the proxy's own to GLM."""

    kind: str
    model: str
    url: str
    seconds: float
    outcome: str


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One line of the receipt."""

    kind: str
    rule: str
    detail: str


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """What is kept of one turn; fields that a record lacks are empty."""

    asked_model: str = ""
    model: str = ""
    kind: str = ""
    thread: str = ""
    client: str = ""
    """The name of the client's token; empty where none is asked for."""
    outcome: str = ""
    """`completed`, `failed`, `incomplete` or `cut`; empty while the turn is under way."""
    failure: str = ""
    seconds: float | None = None
    usage: Usage | None = None
    rounds: tuple[Round, ...] = ()
    receipt: tuple[ReceiptLine, ...] = ()
    side_calls: tuple[SideCallRecord, ...] = ()
    plan: tuple[Window, ...] = ()
    """The windows of the key's plan, as they were known when the turn ended."""
    prefix: JsonObject = field(default_factory=dict)
    """How the prompt differs from the thread's previous one; see `prefix`."""

    @property
    def chat(self) -> JsonObject:
        """GLM's request, that of the last round."""
        return parsed(self.rounds[-1].request) if self.rounds else {}

    @property
    def first_chat(self) -> JsonObject:
        """GLM's request as the turn began, before the model spoke in it."""
        return parsed(self.rounds[0].request) if self.rounds else {}

    @property
    def let_go(self) -> bool:
        """Whether the bodies of a turn that ended were let go, to save memory."""
        return bool(self.outcome and self.rounds) and not any(each.request for each in self.rounds)

    @property
    def first_byte(self) -> float | None:
        """When the first byte of a reply came that was not tried again."""
        times = (each.first_byte for each in self.rounds if not each.rule)
        return next((time for time in times if time is not None), None)

    @property
    def queued(self) -> float | None:
        """Seconds before the first round began."""
        return self.rounds[0].begun if self.rounds else None

    @property
    def speed(self) -> float | None:
        """Tokens per second, over the time in which GLM was sending."""
        spans = [
            each.ended - each.first_byte
            for each in self.rounds
            if each.ended is not None and each.first_byte is not None and not each.rule
        ]
        seconds = sum(spans)
        return self.usage.completion / seconds if self.usage and seconds > 0 else None

    @property
    def billed(self) -> Usage | None:
        """The sum over all rounds; `usage` has the last one's prompt alone, as Codex wants it."""
        kept = (each.usage or last_usage(each.reply) for each in self.rounds)
        told = [usage for usage in kept if usage]
        if len(told) < 2:
            return self.usage or next(iter(told), None)
        return Usage(*map(sum, zip(*told, strict=True)))

    @property
    def noted(self) -> list[ReceiptLine]:
        """The receipt's lines that touch what the turn means."""
        return [line for line in self.receipt if line.kind not in LOSSLESS_KINDS]


def read_record(value: object) -> TurnRecord:
    """Read what stands in a flow's metadata."""
    kept = object_of(value)
    return TurnRecord(
        asked_model=text(kept.get("asked_model")),
        model=text(kept.get("model")),
        kind=text(kept.get("kind")),
        thread=text(kept.get("thread")),
        client=text(kept.get("client")),
        outcome=text(kept.get("outcome")),
        failure=text(kept.get("failure")),
        seconds=number(kept.get("seconds")),
        usage=_usage(kept.get("usage")),
        rounds=tuple(map(_round, objects(kept.get("rounds")))),
        receipt=tuple(map(_line, objects(kept.get("receipt")))),
        side_calls=tuple(map(_side_call, objects(kept.get("side_calls")))),
        plan=tuple(map(_window, objects(kept.get("plan")))),
        prefix=object_of(kept.get("prefix")),
    )


def _round(kept: JsonObject) -> Round:
    return Round(
        url=text(kept.get("url")),
        request=text(kept.get("request")),
        reply=text(kept.get("reply")),
        usage=_usage(kept.get("usage")),
        status=count(kept.get("status")),
        begun=number(kept.get("begun")),
        first_byte=number(kept.get("first_byte")),
        ended=number(kept.get("ended")),
        rule=text(kept.get("rule")),
        said=text(kept.get("said")),
        wait=number(kept.get("wait")) or 0.0,
    )


def last_usage(reply: str) -> Usage | None:
    """Find what GLM counted in one of its replies."""
    for line in reversed(reply.split("\n")):
        if '"usage"' in line:
            for delta in parse_chunk(parsed(line.removeprefix("data:"))):
                if isinstance(delta, Usage):
                    return delta
    return None


def _line(kept: JsonObject) -> ReceiptLine:
    return ReceiptLine(*(text(kept.get(name)) for name in ("kind", "rule", "detail")))


def _side_call(kept: JsonObject) -> SideCallRecord:
    return SideCallRecord(
        kind=text(kept.get("kind")),
        model=text(kept.get("model")),
        url=text(kept.get("url")),
        seconds=number(kept.get("seconds")) or 0.0,
        outcome=text(kept.get("outcome")),
    )


def _window(kept: JsonObject) -> Window:
    used = number(kept.get("used_percent")) or 0.0
    return Window(count(kept.get("minutes")), used, count(kept.get("resets_at")) or None)


def _usage(kept: object) -> Usage | None:
    counts = [count(each) for each in kept] if isinstance(kept, list | tuple) else []
    return Usage(*counts) if len(counts) == len(Usage._fields) else None
