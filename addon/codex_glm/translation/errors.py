"""What went wrong, in the words that Codex and the OpenAI SDKs act on.

The table itself is data: `errors.toml`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from importlib.resources import files
from typing import TYPE_CHECKING

from .wire.growing_text import join_pairs
from .wire.wire_json import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .wire.wire_json import JsonObject

_GLM_ZONE = timezone(timedelta(hours=8))
"""The clock of GLM's messages, which name no zone (measured on z.ai, 2026-08 and 2026-09)."""

_RESET = re.compile(r"reset(?:s)? at (\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Failure:
    """One way in which a turn ends badly."""

    code: str
    """`error.code` of `response.failed`."""
    message: str
    status: int
    """HTTP status of a reply that is not streamed."""
    type: str
    """`error.type` in OpenAI's error shape."""
    param: str | None = None
    http_code: str = ""
    """`error.code` of a reply that is not streamed, where it differs."""
    rule: str = "request"
    """The row of `errors.toml` that made it, or `request` for the client's own mistakes."""
    retry: str = ""
    """The pace at which another try is worth while; empty: none is."""
    failover: bool = False
    """Whether another key or base may do better."""

    @property
    def mendable(self) -> bool:
        """Whether another try may do better, here or elsewhere."""
        return bool(self.retry) or self.failover

    def to_json(self) -> dict[str, object]:
        """Give OpenAI's error shape, `{"error": {...}}`."""
        code = self.http_code or self.code
        return {
            "error": {
                "message": self.message,
                "type": self.type,
                "param": self.param,
                "code": code,
            }
        }


@dataclass(frozen=True, slots=True)
class Advice:
    """What the sentences about a failure need to know of the turn."""

    models: tuple[str, ...] = ()
    """The models that work at the turn's base."""
    zone: tzinfo = UTC
    """The person's time zone."""


class RequestError(Exception):
    """The client's request cannot be served; `failure` says why and with which status."""

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str = "invalid_value",
        status: int = 400,
    ) -> None:
        super().__init__(message)
        self.failure = Failure(code, message, status, "invalid_request_error", param)


NO_ADVICE = Advice()

_TABLE = tomllib.loads(files(__package__).joinpath("errors.toml").read_text("utf-8"))
_BY_CODE = {code: rule for rule, row in _TABLE["rows"].items() for code in row.get("codes", ())}
_BY_STATUS = {
    status: rule for rule, row in _TABLE["rows"].items() for status in row.get("statuses", ())
}


def pace(failure: Failure) -> list[float]:
    """Give the seconds to wait before each further try after a failure."""
    return list(_TABLE["pace"].get(failure.retry, ()))


def failure(rule: str, said: str = "", advice: Advice = NO_ADVICE) -> Failure:
    """Make the failure of one row; `said` is GLM's own sentence or the cause, if any."""
    row = _TABLE["rows"].get(rule, _TABLE["default"])
    say = row["say"].replace("{models}", ", ".join(advice.models) or "those of your plan")
    return Failure(
        row["code"],
        join_pairs(f"{say} ({said})" if said else say),
        row["status"],
        row["type"],
        http_code=row.get("http_code", ""),
        rule=rule,
        retry=row.get("retry", ""),
        failover=row.get("failover", False),
    )


def upstream_failure(
    error: Mapping[str, object], status: int = 200, advice: Advice = NO_ADVICE
) -> Failure:
    """Map an error object of GLM, `{"code", "message"}`, and the HTTP status it came with.

    GLM's codes are strings on the wire and integers in its reference; both are taken. A reset
    time is given in the person's zone.
    """
    code = str(error.get("code", ""))
    words = _RESET.sub(
        lambda found: f"reset at {_local(found[1], advice.zone)}",
        str(error.get("message") or error.get("msg") or ""),
    )
    rule = _BY_CODE.get(code) or _rule_of(_status_of(code, status))
    origin = f"GLM {code}" if code else f"HTTP {status}"
    return failure(rule, f"{origin}: {words}" if words else origin, advice)


def _rule_of(status: int) -> str:
    """Give the row of a status: one of 4xx that no row names is no reason to try again."""
    return _BY_STATUS.get(status) or ("refused" if 400 <= status < 500 else "unknown")


def _status_of(code: str, status: int) -> int:
    """Give the HTTP status that GLM's wrapped form tells as its code, with HTTP 200 around it."""
    return int(code) if re.fullmatch(r"[45]\d\d", code) else status


def _local(time: str, zone: tzinfo) -> str:
    try:
        local = datetime.fromisoformat(time).replace(tzinfo=_GLM_ZONE).astimezone(zone)
    except (ValueError, OverflowError):
        return time
    return local.strftime("%Y-%m-%d %H:%M %Z").strip()


def upstream_body_failure(body: bytes, status: int, advice: Advice = NO_ADVICE) -> Failure:
    """Map a whole upstream reply that is no stream: JSON in any of GLM's shapes, HTML, nothing.

    A body that is none of the shapes that `error_in` knows is never shown.
    """
    try:
        value = parse_json(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        rule = "not_a_stream" if status == 200 else _rule_of(status)
        return failure(rule, f"HTTP {status}", advice)
    error = error_in(value)
    if status == 200 and "code" not in error:
        return failure("not_a_stream", str(error.get("message") or "HTTP 200"))
    return upstream_failure(error, status, advice)


def error_in(reply: JsonObject) -> JsonObject:
    """Give the error object in a reply of GLM; where there is none, the reply itself.

    Shapes: `{"error": {...}}` (captured), flat `{"code", "message"}` (reference) and the wrapped
    `{"code", "msg", "success": false}` (reported).
    """
    error = reply.get("error", reply)
    return error if isinstance(error, dict) else {"message": error}
