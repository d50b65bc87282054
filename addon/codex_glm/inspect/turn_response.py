"""The reply side of a turn, readable: what came of it, its cost and times, and the receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .codex_reply import read_reply
from .conversation import call_text
from .prices import DATE, cost, say_cost
from .wording import indented, one_line, seconds, share, shortened

if TYPE_CHECKING:
    from codex_glm.translation.receipt import Kind

    from .codex_reply import ReplyItem
    from .turn_record import Round, TurnRecord

_HEADINGS = {
    "reasoning": "THINKING",
    "message": "TEXT",
    "compaction": "SUMMARY",
    "found": "FOUND",
}
_MOST = {"reasoning": (40, 4000), "found": (12, 1200)}
"""Lines and characters that are shown, where that is not all."""
_ORDER: tuple[Kind, ...] = (
    "dropped", "changed", "repaired", "added", "retried", "renamed", "withheld",
)  # fmt: skip
"""Kinds of receipt lines, the gravest first."""


def render_response(record: TurnRecord, codex_reply: bytes) -> str:
    """Give the view; `codex_reply` is the body that Codex got, so far."""
    items = read_reply(codex_reply)
    lines = [_title(record, items)]
    lines += [f"  {record.failure}"] if record.failure else []
    lines += [_tokens(record), _times(record), f"receipt  {_verdict(record)}"]
    for item in items:
        lines += ["", item_text(item)]
    if not items:
        lines += ["", no_output(record)]
    lines += [*_rounds(record), *_side_calls(record), *_receipt(record)]
    return "\n".join(lines)


def _title(record: TurnRecord, items: list[ReplyItem]) -> str:
    calls = sum(bool(item.call_id) for item in items)
    parts = [(record.outcome or "under way").upper(), record.model or "(no model)"]
    parts += [f"for {record.client}"] if record.client else []
    parts += [f"{calls} call" + ("" if calls == 1 else "s")] if calls else []
    parts += [seconds(record.seconds)] if record.seconds is not None else []
    return " · ".join(parts)


def _tokens(record: TurnRecord) -> str:
    usage = record.usage
    if not usage:
        return "tokens   not told by GLM" + ("" if record.outcome else " yet")
    parts = [
        f"in {usage.prompt:,}",
        f"cached {usage.cached:,} ({share(usage.cached, usage.prompt)})",
        f"out {usage.completion:,}" + (f" (thinking {usage.thinking:,})" if usage.thinking else ""),
        f"{say_cost(cost(record.model, record.billed or usage))} (list price, {DATE})",
    ]
    return "tokens   " + " · ".join(parts)


def _times(record: TurnRecord) -> str:
    parts = [
        f"queued {seconds(record.queued)}",
        f"first byte {seconds(record.first_byte)}",
        f"total {seconds(record.seconds)}",
    ]
    parts += [f"{record.speed:.0f} tokens/s"] if record.speed else []
    return "times    " + " · ".join(parts)


def _verdict(record: TurnRecord) -> str:
    if not record.noted:
        return "lossless"
    kinds = [line.kind for line in record.noted]
    counts = (f"{kinds.count(kind)} {kind}" for kind in _ORDER if kind in kinds)
    return f"{', '.join(counts) or len(kinds)}: see RECEIPT"


def no_output(record: TurnRecord) -> str:
    """Say why there is no output item."""
    if record.let_go:
        return "(no longer kept, see glm_keep_bytes)"
    return "(no output)" if record.outcome else "(nothing has come yet)"


def item_text(item: ReplyItem) -> str:
    """Give an output item under its heading."""
    note = "" if item.whole else "  (not finished)"
    if item.kind in _HEADINGS:
        said = item.text.strip("\n")
        if item.kind in _MOST:
            said = shortened(said, *_MOST[item.kind])
        return f"{_HEADINGS[item.kind]}{note}\n{indented(said)}"
    name = item.name or item.kind
    return f"CALL{note}\n{indented(call_text(name, item.call_id, item.text))}"


def _rounds(record: TurnRecord) -> list[str]:
    lines = [_round(number, each) for number, each in enumerate(record.rounds, 1)]
    return ["", "ROUNDS", *lines] if lines else []


def _round(number: int, each: Round) -> str:
    status = str(each.status) if each.status else "no reply"
    times = f"{seconds(each.begun)} to {seconds(each.ended)}"
    line = f"  {number}  {status}  {times}  {each.url}"
    if not each.rule:
        return line
    wait = f", again after {seconds(each.wait)}" if each.wait else ", again at once"
    return f"{line}\n     {each.rule}{wait}: {one_line(each.said, 200)}"


def _side_calls(record: TurnRecord) -> list[str]:
    lines = [
        f"  {each.kind}  {each.model}  {seconds(each.seconds)}  {one_line(each.outcome, 200)}"
        for each in record.side_calls
    ]
    return ["", "SIDE CALLS", *lines] if lines else []


def _receipt(record: TurnRecord) -> list[str]:
    def rank(kind: str) -> int:
        return [*_ORDER, kind].index(kind)

    lines = sorted(record.receipt, key=lambda line: rank(line.kind))
    told = [f"  {line.kind:<9} {line.rule}: {line.detail}" for line in lines]
    return ["", "RECEIPT", *([] if record.noted else ["  lossless"]), *told]
