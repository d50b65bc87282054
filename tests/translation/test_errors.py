from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import pytest
from codex_glm.translation import errors
from codex_glm.translation.errors import (
    Failure,
    RequestError,
    failure,
    upstream_body_failure,
    upstream_failure,
)
from openai.types.responses import ResponseError
from pydantic import TypeAdapter, ValidationError

TABLE: dict[str, Any] = tomllib.loads(
    files("codex_glm.translation").joinpath("errors.toml").read_text("utf-8")
)
ROWS = {
    # row: (error.code in a stream, HTTP status, error.type, error.code otherwise)
    "key": ("invalid_prompt", 401, "authentication_error", "invalid_prompt"),
    "balance": ("invalid_prompt", 429, "insufficient_quota", "invalid_prompt"),
    "parameter": ("invalid_prompt", 400, "invalid_request_error", "invalid_prompt"),
    "model": ("invalid_prompt", 404, "invalid_request_error", "model_not_found"),
    "permission": ("invalid_prompt", 403, "permission_error", "invalid_prompt"),
    "context": ("context_length_exceeded", 400, "invalid_request_error", "context_length_exceeded"),
    "policy": ("invalid_prompt", 400, "invalid_request_error", "content_policy_violation"),
    "plan_limit": ("invalid_prompt", 429, "insufficient_quota", "invalid_prompt"),
    "rate": ("rate_limit_exceeded", 429, "rate_limit_error", "rate_limit_exceeded"),
    "internal": ("server_error", 502, "server_error", "server_error"),
    "cut": ("server_error", 502, "server_error", "server_error"),
    "not_a_stream": ("server_error", 502, "server_error", "server_error"),
    "bad_chunk": ("server_error", 502, "server_error", "server_error"),
    "network_error": ("server_error", 502, "server_error", "server_error"),
    "sensitive": ("invalid_prompt", 400, "invalid_request_error", "content_policy_violation"),
    "window": ("context_length_exceeded", 400, "invalid_request_error", "context_length_exceeded"),
    "empty": ("server_error", 502, "server_error", "server_error"),
    "finish": ("server_error", 502, "server_error", "server_error"),
    "unreachable": ("server_error", 502, "server_error", "server_error"),
    "no_key": ("invalid_prompt", 401, "authentication_error", "invalid_prompt"),
    "proxy": ("invalid_prompt", 500, "server_error", "invalid_prompt"),
    "never heard of": ("server_error", 502, "server_error", "server_error"),
}


@pytest.mark.parametrize("rule", ROWS)
def test_rows(rule: str) -> None:
    made = failure(rule, "why")
    said = made.to_json()["error"]
    assert isinstance(said, dict)
    assert (made.code, made.status, made.type, said["code"]) == ROWS[rule]
    assert made.rule == rule
    assert said["message"].endswith(" (why)")
    assert failure(rule).message == said["message"].removesuffix(" (why)")


def test_the_table_of_rows_is_whole() -> None:
    assert set(TABLE["rows"]) == set(ROWS) - {"never heard of"}


@pytest.mark.parametrize("rule", ROWS)
def test_the_sdk_knows_every_code_but_one(rule: str) -> None:
    told = {"code": ROWS[rule][0], "message": "m"}
    try:
        TypeAdapter(ResponseError).validate_python(told, strict=True)
    except ValidationError:
        assert told["code"] == "context_length_exceeded"
    else:
        assert told["code"] != "context_length_exceeded"


@pytest.mark.parametrize(
    ("rule", "codes"),
    [
        ("key", [*range(1000, 1006), 1100, 1110, 1111, 1112, 1120, 1121]),
        ("balance", [1113]),
        ("parameter", [1210, 1212, 1213, 1214, 1215, 1221, 1222, 1231]),
        ("model", [1211, 1311, "model_not_found"]),
        ("permission", [1220, 1313, 1314, 1315, "model_access_denied"]),
        ("context", [1261]),
        ("policy", [1300, 1301]),
        ("plan_limit", [1304, 1308, 1309, 1310, *range(1316, 1322)]),
        ("rate", [1302, 1303, 1305, 1312]),
        ("internal", [1200, 1230, 1234, 500, -1]),
        ("unknown", [9999, ""]),
    ],
)
def test_codes_of_glm(rule: str, codes: list[object]) -> None:
    assert {upstream_failure({"code": code}).rule for code in codes} == {rule}
    assert {upstream_failure({"code": str(code)}).rule for code in codes} == {rule}


def test_a_code_stands_in_one_row() -> None:
    for column, by in (("codes", errors._BY_CODE), ("statuses", errors._BY_STATUS)):
        listed = [value for row in TABLE["rows"].values() for value in row.get(column, ())]
        assert len(listed) == len(by)


@pytest.mark.parametrize(
    ("status", "rule"),
    [
        *((status, "parameter") for status in (400, 404, 405, 422)),
        (401, "key"),
        (403, "permission"),
        (413, "context"),
        (429, "rate"),
        *((status, "internal") for status in (500, 502, 503, 504, 524, 529)),
        (418, "unknown"),
    ],
)
def test_statuses(status: int, rule: str) -> None:
    assert upstream_failure({"message": "m"}, status).rule == rule
    assert upstream_body_failure(b"<html>secret", status) == failure(rule, f"HTTP {status}")
    assert upstream_body_failure(b"", status).rule == rule


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"code": "1305", "message": "busy"}, "(GLM 1305: busy)"),
        ({"code": 1305, "msg": "忙"}, "(GLM 1305: 忙)"),
        ({"code": "1305"}, "(GLM 1305)"),
        ({"message": "m"}, "(HTTP 200: m)"),
        ({}, "(HTTP 200)"),
    ],
)
def test_glms_own_words_follow(error: dict[str, object], said: str) -> None:
    assert upstream_failure(error).message.endswith(said)


@pytest.mark.parametrize(
    ("body", "status", "rule", "said"),
    [
        (
            b'{"error":{"code":"1113","message":"No balance"}}',
            429,
            "balance",
            "GLM 1113: No balance",
        ),
        (b'{"code":1261,"message":"Prompt too long"}', 400, "context", "GLM 1261: Prompt too long"),
        ('{"code":401,"msg":"过期","success":false}'.encode(), 200, "unknown", "GLM 401: 过期"),
        (b'{"error":"model crashed"}', 500, "internal", "HTTP 500: model crashed"),
        (b'{"error":"model crashed"}', 200, "not_a_stream", "model crashed"),
        (b'{"detail":[{"loc":["body"]}]}', 422, "parameter", "HTTP 422"),
        (b'{"id":"1","choices":[]}', 200, "not_a_stream", "HTTP 200"),
        (b"[1]", 200, "not_a_stream", "HTTP 200"),
        (b"<html>secret</html>", 200, "not_a_stream", "HTTP 200"),
    ],
)
def test_whole_bodies(body: bytes, status: int, rule: str, said: str) -> None:
    made = upstream_body_failure(body, status)
    assert made.rule == rule
    assert made.message.endswith(f"({said})")


def test_request_error() -> None:
    error = RequestError("no", param="input[0]", code="invalid_type")
    assert str(error) == "no"
    assert error.failure == Failure("invalid_type", "no", 400, "invalid_request_error", "input[0]")
    assert error.failure.to_json() == {
        "error": {
            "message": "no",
            "type": "invalid_request_error",
            "param": "input[0]",
            "code": "invalid_type",
        }
    }
