"""Bodies that are no JSON, or JSON that nobody should send."""

from __future__ import annotations

import json
from itertools import product

from .case import EITHER, SERVED, case, post, turn

MEGABYTE = 1 << 20
DEEP = 100_000

BROKEN: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \r\n\t ",
    "open brace": b"{",
    "open bracket": b"[",
    "closing brace": b"}",
    "half a word": b"nul",
    "no value": b'{"input":}',
    "comma at the end": b'{"input":"hi",}',
    "single quotes": b"{'input':'hi'}",
    "comment": b'{"input":"hi"}//x',
    "two values": turn() * 2,
    "form": b"input=hi&model=glm-5.3",
    "XML": b"<?xml version='1.0'?><a/>",
    "byte order mark": b"\xef\xbb\xbf" + turn(),
    "UTF-16": turn().decode().encode("utf-16"),
    "UTF-32": turn().decode().encode("utf-32"),
    "Latin-1": '{"input":"é"}'.encode("latin-1"),
    "overlong UTF-8": b'{"input":"\xc0\xaf"}',
    "surrogate in UTF-8": b'{"input":"\xed\xa0\x80"}',
    "NUL between": b'{"input":\0"hi"}',
    "NUL in a string": b'{"input":"a\0b"}',
    "NULs": bytes(1000),
    "line break in a string": b'{"input":"a\nb"}',
    "half an escape": b'{"input":"\\u12"}',
    "unknown escape": b'{"input":"\\x41"}',
    "NaN": b'{"input":"hi","temperature":NaN}',
    "Infinity": b'{"input":"hi","temperature":Infinity}',
    "minus Infinity": b'{"input":"hi","temperature":-Infinity}',
    "1e999": b'{"model":"glm-5.3","input":"hi","temperature":1e999}',
    "-1e999 in a schema": turn(
        tools=[{"type": "function", "name": "f", "parameters": {"minimum": 5}}]
    ).replace(b"5}", b"-1e999}"),
    "10**5000": turn(temperature=1).replace(b"1}", b"1" + b"0" * 5000 + b"}"),
    "hexadecimal": b'{"input":"hi","temperature":0x1}',
    "leading zero": b'{"input":"hi","temperature":01}',
    "null": b"null",
    "true": b"true",
    "number": b"1",
    "string": b'"hi"',
    "list": b"[]",
    "list of turns": b"[" + turn() + b"]",
    "random bytes": bytes(range(256)) * 40,
    "brackets 100,000 deep": b"[" * DEEP + b"]" * DEEP,
    "objects 100,000 deep": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "open brackets, 20 MB": b"[" * 20 * MEGABYTE,
}

DEPTHS = (100, 190, 300, 900, 1500, 5000, 9000, 50_000)


def nested(depth: int, field: str) -> bytes:
    """Put a value of some depth into one field of a turn."""
    return turn(**{field: "?"}).replace(b'"?"', b"[" * depth + b"]" * depth)


def nested_schema(depth: int) -> bytes:
    """Declare a tool whose schema is so deep."""
    tools = [{"type": "function", "name": "f", "parameters": "?"}]
    inner = b'{"type":"object","properties":{"a":' * depth + b"{}" + b"}}" * depth
    return turn(tools=tools).replace(b'"?"', inner)


def called(arguments: str) -> bytes:
    """Replay a call with such arguments."""
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": arguments}
    output = {"type": "function_call_output", "call_id": "c", "output": "ok"}
    return turn(input=[call, output])


WRONG: dict[str, object] = {
    "null": None,
    "true": True,
    "number": 7,
    "huge number": 10**400,
    "negative": -1,
    "fraction": 0.5,
    "empty text": "",
    "text": "x" * 100,
    "lone surrogate": "\ud800",
    "NUL": "a\0b",
    "empty list": [],
    "list": [1, None, "x", [], {}],
    "empty object": {},
    "object": {"type": [], "name": {}, "": None},
}
FIELDS = (
    *("model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "stream"),
    *("temperature", "top_p", "max_output_tokens", "metadata", "text", "reasoning", "include"),
    *("store", "service_tier", "truncation", "prompt_cache_key", "client_metadata", "user"),
)
ITEMS: dict[str, dict[str, object]] = {
    "message": {"type": "message", "role": "user", "content": "hi"},
    "text part": {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
    "image part": {"role": "user", "content": [{"type": "input_image", "image_url": "data:,"}]},
    "file part": {"role": "user", "content": [{"type": "input_file", "file_data": "data:,"}]},
    "call": {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
    "output": {"type": "function_call_output", "call_id": "c", "output": "ok"},
    "custom call": {"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "x"},
    "custom output": {"type": "custom_tool_call_output", "call_id": "c", "output": "ok"},
    "shell call": {
        "type": "local_shell_call",
        "call_id": "c",
        "status": "completed",
        "action": {"type": "exec", "command": ["ls"]},
    },
    "reasoning": {"type": "reasoning", "summary": [], "encrypted_content": "x"},
    "search": {"type": "web_search_call", "status": "completed", "action": {"type": "search"}},
    "tool search": {"type": "tool_search_call", "call_id": "c", "arguments": {}},
    "found tools": {"type": "tool_search_output", "call_id": "c", "tools": []},
    "compaction": {"type": "compaction", "encrypted_content": "x"},
    "made up": {"type": "made_up", "x": 1},
}
TOOLS: dict[str, dict[str, object]] = {
    "function": {"type": "function", "name": "f", "description": "d", "parameters": {}},
    "custom": {"type": "custom", "name": "f", "format": {"type": "text"}},
    "namespace": {"type": "namespace", "name": "n", "tools": []},
    "web search": {"type": "web_search", "filters": {}},
}


def _inside(whole: dict[str, object], value: object) -> list[dict[str, object]]:
    """Put a value in the place of each field in turn, also inside the first part."""
    made = [whole | {key: value} for key in whole]
    for key, inner in whole.items():
        parts = inner if isinstance(inner, list) else [inner]
        if parts and isinstance(parts[0], dict):
            swapped = [parts[0] | {name: value} for name in parts[0]]
            made += [whole | {key: [s] if isinstance(inner, list) else s} for s in swapped]
    return made


def _wrong_items() -> dict[str, bytes]:
    made = {}
    for (kind, whole), (name, value) in product(ITEMS.items(), WRONG.items()):
        # All of an item's wrong fields, one at a time, but in one request each to stay quick.
        body = turn(input=[*_inside(whole, value), ITEMS["message"]])
        made[f"{name} in {kind}"] = body
    return made


def _wrong_tools() -> dict[str, bytes]:
    pairs = product(TOOLS.items(), WRONG.items())
    return {f"{name} in {kind}": turn(tools=_inside(tool, v)) for (kind, tool), (name, v) in pairs}


SIZES: dict[str, bytes] = {
    "a text of 20 MB": turn(input="x" * 20 * MEGABYTE),
    "20 MB of escapes": turn(input="\0" * 3 * MEGABYTE),
    "10,000 items": turn(input=[ITEMS["message"]] * 10_000),
    "10,000 calls with one id": turn(input=[ITEMS["call"], ITEMS["output"]] * 5000),
    "2,000 tools": turn(tools=[TOOLS["function"] | {"name": f"f{n}"} for n in range(2000)]),
    "1,000 tools of one name": turn(tools=[TOOLS["function"]] * 1000),
    "a field name of 1 MB": turn(**{"x" * MEGABYTE: 1}),
    "50,000 fields": turn(**{f"x{n}": n for n in range(50_000)}),
    "a model name of 1 MB": turn(model="glm-" + "x" * MEGABYTE),
    "a list of 2 MB of numbers": turn(metadata=[1] * MEGABYTE),
}

GROWING = {
    "type": "function",
    "name": "f",
    "parameters": {
        "$defs": {
            f"d{n}": {"properties": {f"p{m}": {"$ref": f"#/$defs/d{n + 1}"} for m in range(20)}}
            for n in range(10)
        },
        "$ref": "#/$defs/d0",
    },
}
ODD: dict[str, bytes] = {
    "field twice": turn().replace(b'"model"', b'"input":"no","model"'),
    "field 10,000 times": b"{" + b'"input":"a",' * 10_000 + turn()[1:],
    "unknown fields": turn(**{"": 1, "__proto__": {}, "\0": [], "\ud800": 1}),
    "lone surrogates": turn(input="\ud800 \udc00", instructions="\udfff"),
    "every control character": turn(input="".join(map(chr, range(160)))),
    "noncharacters": turn(input="\ufffe\uffff\U0010ffff"),
    "10**4000": turn(max_output_tokens=10**4000),
    "a fraction of 4,000 digits": turn(temperature=1).replace(b"1}", b"0." + b"1" * 4000 + b"}"),
    "minus zero": turn(temperature=-0.0, top_p=-0.0),
    "reference to itself": turn(
        tools=[{"type": "function", "name": "f", "parameters": {"$ref": "#"}}]
    ),
    "references in a ring": turn(
        tools=[
            {
                "type": "function",
                "name": "f",
                "parameters": {
                    "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
                    "properties": {"x": {"$ref": "#/$defs/a"}},
                },
            }
        ]
    ),
    "schema that grows twentyfold ten times": turn(tools=[GROWING]),
    "arguments 100,000 deep": called("[" * DEEP + "]" * DEEP),
    "arguments 5,000 deep": called('{"a":' * 5000 + "1" + "}" * 5000),
    "arguments that are no JSON": called("{" * 1000),
    "arguments of 5 MB": called(json.dumps({"a": "x" * 5 * MEGABYTE})),
    "turn that depends on a stored one": turn(previous_response_id="resp_1"),
}

CASES = [
    *(case("bad JSON", name, post(body)) for name, body in BROKEN.items()),
    *(
        case("depth", f"{field}, {depth} deep", post(nested(depth, field)), fit=EITHER)
        for field, depth in product(("input", "metadata", "made_up"), DEPTHS)
    ),
    *(
        case("depth", f"schema, {depth} deep", post(nested_schema(depth)), fit=EITHER)
        for depth in DEPTHS
    ),
    *(
        case("wrong types", f"{field}: {name}", post(turn(**{field: value})), fit=EITHER)
        for field, (name, value) in product(FIELDS, WRONG.items())
    ),
    *(case("wrong items", n, post(body), fit=EITHER) for n, body in _wrong_items().items()),
    *(case("wrong tools", n, post(body), fit=EITHER) for n, body in _wrong_tools().items()),
    *(case("size", name, post(body), fit=EITHER) for name, body in SIZES.items()),
    *(case("oddities", name, post(body), fit=EITHER) for name, body in ODD.items()),
    case("oddities", "no input", post(turn(input=...)), fit=EITHER),
    case("oddities", "no model", post(turn(model=...))),
    case("oddities", "not streamed", post(turn(stream=False)), fit=SERVED),
]
