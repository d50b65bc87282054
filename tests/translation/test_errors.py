from __future__ import annotations

import re
import tomllib
from datetime import UTC
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from codex_glm.translation import errors
from codex_glm.translation.errors import (
    Advice,
    Failure,
    RequestError,
    error_in,
    failure,
    pace,
    upstream_body_failure,
    upstream_failure,
)
from openai.types.responses import ResponseError
from pydantic import TypeAdapter, ValidationError

if TYPE_CHECKING:
    from datetime import tzinfo

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
    "refused": ("invalid_prompt", 400, "invalid_request_error", "invalid_prompt"),
    "duplicate": ("server_error", 502, "server_error", "server_error"),
    "plan_limit": ("invalid_prompt", 429, "insufficient_quota", "invalid_prompt"),
    "plan_ended": ("invalid_prompt", 429, "insufficient_quota", "invalid_prompt"),
    "concurrency": ("rate_limit_exceeded", 429, "rate_limit_error", "rate_limit_exceeded"),
    "rate": ("rate_limit_exceeded", 429, "rate_limit_error", "rate_limit_exceeded"),
    "overload": ("rate_limit_exceeded", 503, "server_error", "server_is_overloaded"),
    "internal": ("server_error", 502, "server_error", "server_error"),
    "network": ("server_error", 502, "server_error", "server_error"),
    "cut": ("server_error", 502, "server_error", "server_error"),
    "not_a_stream": ("server_error", 502, "server_error", "server_error"),
    "bad_chunk": ("server_error", 502, "server_error", "server_error"),
    "restarted": ("server_error", 502, "server_error", "server_error"),
    "network_error": ("server_error", 502, "server_error", "server_error"),
    "sensitive": ("invalid_prompt", 400, "invalid_request_error", "content_policy_violation"),
    "window": ("context_length_exceeded", 400, "invalid_request_error", "context_length_exceeded"),
    "empty": ("server_error", 502, "server_error", "server_error"),
    "half_summary": ("server_error", 502, "server_error", "server_error"),
    "finish": ("server_error", 502, "server_error", "server_error"),
    "unreachable": ("server_error", 502, "server_error", "server_error"),
    "stale": ("server_error", 502, "server_error", "server_error"),
    "no_key": ("invalid_prompt", 401, "authentication_error", "invalid_prompt"),
    "schema": ("invalid_prompt", 502, "server_error", "server_error"),
    "settings": ("invalid_prompt", 500, "server_error", "invalid_prompt"),
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
        ("key", [*range(1000, 1006), 1100, 1110, 1111, 1112, 1121]),
        ("balance", [1113, "insufficient_quota"]),
        ("parameter", [1210, 1212, 1213, 1214, 1215, 1221, 1222]),
        ("duplicate", [1231]),
        ("model", [1211, 1311, "model_not_found", "model_access_denied"]),
        ("permission", [1220, 1313, 1314, 1315]),
        ("context", [1261, "context_length_exceeded"]),
        ("policy", [1300, 1301]),
        ("plan_ended", [1309]),
        ("plan_limit", [1304, 1308, 1310, *range(1316, 1322)]),
        ("concurrency", [1302]),
        ("rate", [1303]),
        ("overload", [1305, 1312, 529]),
        ("network", [1234]),
        ("internal", [1120, 1200, 1230, 500, 502, -1]),
        ("key", [401]),
        ("permission", [403]),
        ("refused", [402, 418]),
        ("unknown", [9999, 599, 4010, "x401", ""]),
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
        *((status, "parameter") for status in (400, 404, 405, 422, 434, 435)),
        (401, "key"),
        (403, "permission"),
        (413, "context"),
        (429, "rate"),
        *((status, "internal") for status in (408, 409, 500, 502, 503, 504, 524)),
        (529, "overload"),
        *((status, "refused") for status in (402, 406, 418, 425, 451)),
        (599, "unknown"),
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
        ('{"code":401,"msg":"过期","success":false}'.encode(), 200, "key", "GLM 401: 过期"),
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


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ({"error": {"code": "1113", "message": "m"}}, {"code": "1113", "message": "m"}),
        ({"error": "m"}, {"message": "m"}),
        ({"code": 1261}, {"code": 1261}),
        ({}, {}),
    ],
)
def test_error_in(reply: dict[str, object], error: dict[str, object]) -> None:
    assert error_in(reply) == error


SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        (SHANGHAI, "2026-11-23 06:28 CST"),
        (UTC, "2026-11-22 22:28 UTC"),
        (NEW_YORK, "2026-11-22 17:28 EST"),
    ],
)
@pytest.mark.parametrize(
    "said", ["will reset at 2026-11-23 06:28:10.", "resets at 2026-11-23T06:28:10"]
)
def test_a_reset_time_is_told_in_the_persons_zone(zone: tzinfo, told: str, said: str) -> None:
    made = upstream_failure({"code": "1308", "message": f"Limit {said}"}, 429, Advice(zone=zone))
    assert f"reset at {told}" in made.message
    assert "06:28:10" not in made.message


@pytest.mark.parametrize(
    "said",
    ["reset at 2026-13-41 99:28:10", "reset at 0001-01-01 00:00:00", "reset at soon", "reset at"],
)
def test_a_reset_time_that_is_none_stays_as_it_is(said: str) -> None:
    assert said in upstream_failure({"code": "1308", "message": said}, 429).message


def test_the_models_are_named() -> None:
    assert "glm-5.3, glm-4.7" in failure("model", advice=Advice(("glm-5.3", "glm-4.7"))).message
    assert "those of your plan" in failure("model").message


@pytest.mark.parametrize("rule", ROWS)
def test_what_is_tried_again_has_a_pace_and_says_what_to_do(rule: str) -> None:
    made = failure(rule)
    assert bool(pace(made)) is bool(made.retry)
    assert made.mendable is (bool(made.retry) or made.failover)
    assert made.message.endswith((".", ")"))
    assert "{" not in made.message
    if made.code == "rate_limit_exceeded":  # Codex reads the wait from the sentence
        assert re.search(r"try again in \d+s", made.message)


def test_every_pace_is_used_and_never_shrinks() -> None:
    assert set(TABLE["pace"]) >= {row["retry"] for row in TABLE["rows"].values() if "retry" in row}
    for steps in TABLE["pace"].values():
        assert steps == sorted(steps)


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
