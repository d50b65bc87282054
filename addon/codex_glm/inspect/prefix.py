"""The cache X-ray: where a prompt stops being what the thread's previous one was.

GLM's context cache serves a prompt's longest beginning that it has seen before (Z.ai and BigModel
references, 2026-09). So the first difference decides what can come from it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from .loose import count, text
from .prompt import estimate, prompt_parts
from .wording import one_line, share, short_count

if TYPE_CHECKING:
    from codex_glm.translation.wire.chunks import Usage
    from codex_glm.translation.wire.wire_json import JsonObject

    from .prompt import PromptPart

_BEFORE, _EXCERPT = 24, 90
_FIELDS = ("model", "thinking", "reasoning_effort", "response_format", "tool_choice")
"""Fields of the body that are no part of the prompt, and may still change what is cached."""


@dataclass(frozen=True, slots=True)
class PrefixChange:
    """What became of the previous prompt; token counts are estimates."""

    place: str
    """The part that changed first; empty if the new prompt only goes on where the old one ended."""
    old: str
    new: str
    """What stands at that place, from shortly before the first difference."""
    kept: int
    """Tokens before it: they may come from the cache."""
    behind: int
    """Tokens behind it: they cannot."""
    added: int
    """Messages behind the end of the old prompt, where nothing changed."""
    fields: tuple[str, ...]
    """Other fields of the body that changed."""

    def to_json(self) -> dict[str, object]:
        """Give plain values, fit for a flow's metadata."""
        return {**asdict(self), "fields": list(self.fields)}


def compare(old: JsonObject, new: JsonObject) -> PrefixChange:
    """Compare two chat bodies, the previous request of a thread and the present one."""
    before, after = prompt_parts(old), prompt_parts(new)
    same = _same_parts(before, after)
    fields = tuple(name for name in _FIELDS if old.get(name) != new.get(name))
    kept = _tokens(after[:same])
    if same == len(before):
        return PrefixChange("", "", "", kept, _tokens(after[same:]), len(after) - same, fields)
    was = before[same]
    now = after[same].text if same < len(after) else ""
    # Under another name the part says something else, even where the words are the same.
    alike = same < len(after) and after[same].name == was.name
    at = _same_characters(was.text, now) if alike else 0
    inside = estimate(now[:at])
    said, says = _excerpt(was.text, at), _excerpt(now, at) if same < len(after) else ""
    if said == says:  # they differ in blanks, which an excerpt makes one
        said, says = (repr(each[at : at + _EXCERPT]) for each in (was.text, now))
    return PrefixChange(
        place=was.name,
        old=said,
        new=says,
        kept=kept + inside,
        behind=max(0, _tokens(after[same:]) - inside),
        added=0,
        fields=fields,
    )


def read_change(kept: JsonObject) -> PrefixChange | None:
    """Read what `to_json` gave; None where there was nothing to compare with."""
    if not kept:
        return None
    fields = kept.get("fields")
    return PrefixChange(
        place=text(kept.get("place")),
        old=text(kept.get("old")),
        new=text(kept.get("new")),
        kept=count(kept.get("kept")),
        behind=count(kept.get("behind")),
        added=count(kept.get("added")),
        fields=tuple(filter(None, map(text, fields if isinstance(fields, list) else []))),
    )


def describe(change: PrefixChange | None, usage: Usage | None) -> list[str]:
    """Say in lines what changed and what it cost; `usage` is the turn's own."""
    if change is None:
        return ["no earlier request of this thread was seen: nothing to compare", *_real(usage)]
    scale = usage.prompt / max(1, change.kept + change.behind) if usage else 1.0
    kept, behind = (round(part * scale) for part in (change.kept, change.behind))
    if change.place:
        lines = [f"changed first in {change.place}", f"  was: {change.old}"]
        lines.append(f"  is:  {change.new or '(gone)'}")
    else:
        words = "message" if change.added == 1 else "messages"
        lines = [f"unchanged; {change.added} {words} added behind the previous request"]
    if change.fields:
        lines.append(f"changed beside the prompt: {', '.join(change.fields)}")
    total = short_count(kept + behind)
    lines.append(f"~{short_count(kept)} of {total} tokens may come from the cache (estimate)")
    if change.place:
        lines.append(f"~{short_count(behind)} cannot: they stand behind the change")
    return lines + _real(usage)


def _real(usage: Usage | None) -> list[str]:
    if not usage:
        return []
    cached, prompt = usage.cached, usage.prompt
    return [f"{short_count(cached)} did come from it ({share(cached, prompt)}), says GLM"]


def _same_parts(before: list[PromptPart], after: list[PromptPart]) -> int:
    pairs = zip(before, after, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(before), len(after)))


def _same_characters(old: str, new: str) -> int:
    low, high = 0, min(len(old), len(new))
    while low < high:  # halving, as the texts may be long
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _tokens(parts: list[PromptPart]) -> int:
    return sum(estimate(part.text) for part in parts)


def _excerpt(said: str, at: int) -> str:
    start = max(0, at - _BEFORE)
    words = one_line(said[start : at + _EXCERPT * 4], _EXCERPT)
    return f"{'…' if start else ''}{words}" or "(nothing)"
