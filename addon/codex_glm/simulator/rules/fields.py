"""Top-level fields of the body (Z.ai API reference, chat completions)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from codex_glm.simulator.models import ALL_EFFORTS, ModelFacts
from codex_glm.simulator.verdict import Violation, refused

ALWAYS_THINKS = (
    "This model always engages in thinking and cannot be disabled; please use low, high, or max"
)
"""GLM's sentence for code 1210 on the 5.3 family (reported 2026-08)."""

_ELSEWHERE = {"model", "messages", "tools", "tool_choice"}


def check_fields(body: Mapping[str, Any], facts: ModelFacts) -> Iterator[Violation]:
    """Refuse unknown fields, then fields whose value is out of range."""
    for name, value in body.items():
        if name in _CHECKS:
            yield from _CHECKS[name](value, facts)
        elif name not in _ELSEWHERE:
            yield refused("1210", f"Unknown parameter: {name}")
    if "stream_options" in body and body.get("stream") is not True:
        yield refused("1214", "stream_options is only allowed with stream")


def _invalid(field: str, why: str) -> Violation:
    return refused("1214", f"Invalid {field} parameter: {why}")


def _boolean(field: str) -> Callable[[object, ModelFacts], Iterator[Violation]]:
    def check(value: object, _facts: ModelFacts) -> Iterator[Violation]:
        if not isinstance(value, bool):
            yield _invalid(field, "must be a boolean")

    return check


def _number(
    field: str, low: float, high: float
) -> Callable[[object, ModelFacts], Iterator[Violation]]:
    def check(value: object, _facts: ModelFacts) -> Iterator[Violation]:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not low <= cast("float", value) <= high:
            yield _invalid(field, f"must be a number in [{low}, {high}]")

    return check


def _identifier(
    field: str, shortest: int, longest: int
) -> Callable[[object, ModelFacts], Iterator[Violation]]:
    def check(value: object, _facts: ModelFacts) -> Iterator[Violation]:
        if not isinstance(value, str) or not shortest <= len(value) <= longest:
            yield _invalid(field, f"must be a string of {shortest} to {longest} characters")

    return check


def _tool_stream(value: object, facts: ModelFacts) -> Iterator[Violation]:
    if not isinstance(value, bool):
        yield _invalid("tool_stream", "must be a boolean")
    elif not facts.tool_stream:
        yield refused("1210", "tool_stream is not supported by this model")


def _stream_options(value: object, _facts: ModelFacts) -> Iterator[Violation]:
    keys = set(value) if isinstance(value, dict) else {None}
    if keys != {"include_usage"} or not isinstance(value, dict):
        yield _invalid("stream_options", "only include_usage is known")
    elif not isinstance(value["include_usage"], bool):
        yield _invalid("stream_options.include_usage", "must be a boolean")


def _thinking(value: object, facts: ModelFacts) -> Iterator[Violation]:
    if not isinstance(value, dict) or value.get("type") not in ("enabled", "disabled"):
        yield _invalid("thinking", 'type must be "enabled" or "disabled"')
        return
    if set(value) - {"type", "clear_thinking"}:
        yield _invalid("thinking", "only type and clear_thinking are known")
    if not isinstance(value.get("clear_thinking", False), bool):
        yield _invalid("thinking.clear_thinking", "must be a boolean")
    if value["type"] == "disabled" and facts.thinking == "always":
        yield refused("1210", ALWAYS_THINKS)
    if value["type"] == "enabled" and facts.thinking == "none":
        yield refused("1210", "This model does not support thinking")


def _reasoning_effort(value: object, facts: ModelFacts) -> Iterator[Violation]:
    if value not in ALL_EFFORTS:
        yield _invalid("reasoning_effort", f"must be one of {', '.join(ALL_EFFORTS)}")
    elif value not in facts.efforts:
        yield refused("1210", ALWAYS_THINKS)


def _max_tokens(value: object, facts: ModelFacts) -> Iterator[Violation]:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not 1 <= cast("int", value) <= facts.max_output:
        yield _invalid("max_tokens", f"must be an integer in [1, {facts.max_output}]")


def _stop(value: object, _facts: ModelFacts) -> Iterator[Violation]:
    # The text of the reference says one stop word, its schema says four: only one is safe.
    if not isinstance(value, list) or len(value) > 1:
        yield _invalid("stop", "must be an array of at most one string")
    elif not all(isinstance(word, str) and word for word in value):
        yield _invalid("stop", "must hold non-empty strings")


def _response_format(value: object, _facts: ModelFacts) -> Iterator[Violation]:
    if value not in ({"type": "text"}, {"type": "json_object"}):
        yield _invalid("response_format", "type must be text or json_object, without a schema")


_CHECKS: dict[str, Callable[[Any, ModelFacts], Iterator[Violation]]] = {
    "stream": _boolean("stream"),
    "stream_options": _stream_options,
    "tool_stream": _tool_stream,
    "thinking": _thinking,
    "reasoning_effort": _reasoning_effort,
    "do_sample": _boolean("do_sample"),
    "temperature": _number("temperature", 0, 1),
    "top_p": _number("top_p", 0.01, 1),
    "max_tokens": _max_tokens,
    "stop": _stop,
    "response_format": _response_format,
    "request_id": _identifier("request_id", 6, 64),
    "user_id": _identifier("user_id", 6, 128),
}
