"""Where the fuzzer begins: the fixtures, cut down to what a mutation can reach."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from codex_glm.translation.reasoning import seal
from codex_glm.translation.redaction import FIXTURE_KEY

from tests.translation.support import CODEX, GLM

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 400
"""Characters of a text in a seed."""

_ARGUMENTS = (
    *('{"a":1,"b":[1.5],"c":{"d":true}}', '{"a":"1","b":"[1,2]","c":"{\\"d\\":\\"true\\"}"}'),
    *('{"a":1}{"a":2}', '"{\\"a\\":1}"', '{"a":"x\n"}', '{"command":["bash","-lc","ls"]}'),
    *('{"command":"ls"}', "[]", "{", '{"a":"\\ud83d\\ude80', "{}", '{"command":"[\\"ls\\"]"}'),
)
_PATCH = "*** Begin Patch\n*** Add File: a\n+b\n*** End Patch"
_FREEFORM = (
    *(_PATCH, f"```\n{_PATCH}\n```", f"apply_patch <<'EOF'\n{_PATCH}\nEOF", f"Here:\n{_PATCH}\n"),
    *(json.dumps({"input": _PATCH}), json.dumps(_PATCH), "```js\nx\n```", '{"input":"x"}', "x"),
)
_MARKUP = (
    "<tool_call>add<arg_key>a</arg_key><arg_value>1</arg_value></tool_call>",
    '<tool_call>{"name":"add","arguments":{"a":1}}</tool_call>',
    '<tool_call>shell{"command":["ls"]}</tool_call>',
    "<tool_call>apply_patch</tool_call>",
    "add<arg_key>a</arg_key><arg_value>1</arg_value>",
    "<tool_call>\n mcp__tiny__get \n<arg_key> key </arg_key>\n<arg_value>x</arg_value></tool_call>",
)


def _streams() -> list[bytes]:
    return [path.read_bytes() for path in sorted(GLM.glob("*.sse"))]


def _requests() -> Iterator[bytes]:
    for path in sorted(CODEX.glob("*.json")):
        body = json.loads(path.read_text("utf-8")).get("body")
        if isinstance(body, dict):
            short = {**body, "tools": (body.get("tools") or [])[:3]}
            items = body.get("input")
            short["input"] = items[-4:] if isinstance(items, list) else items
            yield json.dumps(_shortened(short), ensure_ascii=False).encode()


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shortened(each) for each in value]
    return value[:_LONGEST] if isinstance(value, str) else value


def seeds() -> dict[str, list[bytes]]:
    """Give what each target begins with."""
    sealed = [seal(text, "glm-5.3", FIXTURE_KEY) for text in ("", "Why?", "a\nb \ud800")]
    return {
        "reply": _streams(),
        "sse": _streams(),
        "request": list(_requests()),
        "arguments": [text.encode() for text in _ARGUMENTS],
        "freeform": [text.encode() for text in _FREEFORM],
        "envelope": [text.encode("utf-8", "surrogatepass") for text in sealed],
        "markup": [text.encode() for text in _MARKUP],
    }
