"""GLM's error codes, their HTTP statuses and messages, and the error body."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML


@dataclass(frozen=True)
class ErrorCode:
    """What GLM says with one code: the HTTP status and the message."""

    status: int
    message: str


@cache
def error_codes() -> Mapping[str, ErrorCode]:
    """Code to status and message, as in the Z.ai API reference."""
    table = YAML(typ="safe").load(Path(__file__).with_name("errors.yaml"))
    return {code: ErrorCode(**entry) for code, entry in table.items()}


def error_code(code: str) -> ErrorCode:
    """Look up a code; one that GLM does not document counts as an internal error."""
    return error_codes().get(code, ErrorCode(500, "Internal Error"))


def error_body(code: str, message: str) -> dict[str, object]:
    """GLM's error shape. The code is a string on the wire (observed 2026-07)."""
    return {"error": {"code": code, "message": message}}
