"""What stays of a turn on its flow: both dialects, the receipt, and one line to read."""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import TYPE_CHECKING

from codex_glm.inspect.line import turn_line
from codex_glm.inspect.turn_record import read_record
from codex_glm.inspect.wording import one_line, printable, short_count
from codex_glm.proxy.entry.door import CLIENT
from codex_glm.proxy.shown.terminal import shows_colours
from codex_glm.translation.receipt import LOSSLESS_KINDS

if TYPE_CHECKING:
    from mitmproxy.http import HTTPFlow

    from codex_glm.proxy.turns.turn import Turn
    from codex_glm.translation.wire.wire_json import JsonObject

METADATA_KEY = "glm"
"""Where a flow keeps GLM's side. Its values are plain, so that a saved flow carries them."""

OWN_MARKS = (FAILED := ":red_circle:", REPAIRED := ":wrench:")
"""The marks that the addon sets; a person's own mark is never changed."""

_log = logging.getLogger("glm")


def record_request(flow: HTTPFlow, turn: Turn, prefix: dict[str, object]) -> None:
    """Keep what goes to GLM, from the moment that it goes.

    `prefix` tells how the prompt differs from the thread's previous one; see `inspect.prefix`.
    """
    flow.metadata[METADATA_KEY] = {
        "asked_model": _sound(turn.context.asked_model),
        "model": turn.context.model,
        "kind": turn.context.kind.name or "turn",
        "thread": _sound(turn.thread),
        "client": flow.metadata.get(CLIENT, ""),
        "rounds": _rounds(turn),
        "receipt": turn.context.receipt.to_json(),
        "side_calls": _side_calls(turn),
        "prefix": prefix,
    }
    if flow.marked in OWN_MARKS:
        flow.marked = ""  # of the try before this one, in a replay
    flow.comment = " · ".join(filter(None, (turn.context.kind.name, f"→ {turn.context.model}")))


def record_round(flow: HTTPFlow, turn: Turn) -> None:
    """Keep the rounds as they stand when a further one begins."""
    flow.metadata[METADATA_KEY]["rounds"] = _rounds(turn)


def record_progress(flow: HTTPFlow, turn: Turn, received: bytes) -> None:
    """Show how far a turn under way has come; `received` is what GLM gave in this round."""
    if flow.response and flow.response.stream:
        record_body(flow, turn)
    if not received:
        return
    flow.metadata[METADATA_KEY]["rounds"][-1] |= turn.exchange.reply_to_json(turn.started)
    parts = [
        turn.context.kind.name,
        f"{turn.reply.stream.at_work} ~{short_count(_tokens(received))}",
    ]
    if failed := turn.failed_rounds:
        parts.append(f"{len(failed)} tried again")
    flow.comment = " · ".join(filter(None, parts)).strip()


def _side_calls(turn: Turn) -> list[dict[str, object]]:
    calls = [call.to_json() for call in turn.side_calls]
    return [{k: _sound(v) if isinstance(v, str) else v for k, v in c.items()} for c in calls]


def _sound(text: str) -> str:
    """Give a text without half characters, with which a flow could not be saved."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _tokens(received: bytes) -> int:
    """Estimate the tokens of a reply under way: about one comes with each chunk."""
    return received.count(b"data:")


def record_end(flow: HTTPFlow, turn: Turn) -> None:
    """Keep what came of the turn on its flow."""
    stream = turn.reply.stream
    state = str(stream.response.get("status", "cut"))
    flow.metadata[METADATA_KEY] |= {
        "rounds": _rounds(turn),
        "outcome": state,
        "failure": stream.failure.message if stream.failure else "",
        "usage": list(stream.usage) if stream.usage else [],
        "seconds": round(turn.age, 3),
        "plan": [window._asdict() for window in turn.windows],
        "receipt": turn.context.receipt.to_json(),
        "side_calls": _side_calls(turn),
    }
    if turn.reply.defect:
        _log.error("a defect of the addon ended this turn", exc_info=turn.reply.defect)
    flow.comment = _summary(turn, state)
    if state == "failed":
        flow.marked = flow.marked or FAILED
    elif not flow.marked and any(e.kind == "repaired" for e in turn.context.receipt.entries):
        flow.marked = REPAIRED


def log_end(flow: HTTPFlow, turn: Turn) -> None:
    """Write one line of a turn that has ended."""
    told, called = read_record(flow.metadata[METADATA_KEY]), _called(turn.reply.stream.response)
    _log.info("%s", turn_line(told, called, colour=shows_colours()))


def record_wait(flow: HTTPFlow, turn: Turn) -> None:
    """Show what a turn is waiting for."""
    wait = max(turn.not_before - time.monotonic(), turn.gate.seconds_shut)
    ahead = turn.gate.ahead_of(turn.ticket)
    words = f"queued, {ahead} before it" if ahead or wait <= 0 else f"trying again in {wait:.0f} s"
    if turn.failed_rounds:
        words += f" after {turn.failed_rounds[-1].rule}"
    flow.comment = words
    _log.info("%s %s", printable(one_line(_log_prefix(turn))), words)


def _rounds(turn: Turn) -> list[dict[str, object]]:
    return [each.to_json(turn.started) for each in turn.exchanges]


def record_body(flow: HTTPFlow, turn: Turn) -> None:
    """Show what the client got: mitmproxy keeps nothing of a body that was streamed."""
    if flow.response and turn.context.stream:
        flow.response.data.content = b"".join(turn.sent)


def _log_prefix(turn: Turn) -> str:
    asked, model = turn.context.asked_model, turn.context.model
    return model if asked == model else f"{asked} as {model}"


def _summary(turn: Turn, state: str) -> str:
    """Put the essence first: mitmweb's column shows some eighteen characters of it."""
    stream, receipt = turn.reply.stream, turn.context.receipt
    parts = [turn.context.kind.name] if turn.context.kind.name else []
    parts += [] if state == "completed" else [state]
    if usage := stream.usage:
        parts.append(f"{short_count(usage.prompt)}→{short_count(usage.completion)}")
    if names := _called(stream.response):
        parts.append(" ".join(names))
    if stream.failure:
        parts.append(stream.failure.message)
    if failed := turn.failed_rounds:
        rules = ", ".join(dict.fromkeys(each.rule for each in failed))
        parts.append(f"{len(failed)} tried again ({rules})")
    if turn.side_calls:
        kinds = Counter(call.kind for call in turn.side_calls)
        parts += [f"{count} {kind} asked" for kind, count in kinds.items()]
    if not receipt.lossless:
        parts.append(f"{sum(e.kind not in LOSSLESS_KINDS for e in receipt.entries)} noted")
    if usage and usage.cached and usage.prompt:
        parts.append(f"{usage.cached / usage.prompt:.0%} cached")
    parts.append(f"{turn.age:.1f}s")
    return " · ".join(parts)


def _called(response: JsonObject) -> list[str]:
    output = response.get("output")
    items = output if isinstance(output, list) else []
    return [str(item.get("name", item["type"])) for item in items if "call_id" in item]
