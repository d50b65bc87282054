"""Requests for the judge: good ones, and bad ones with the code and status they earn."""

from typing import Any

from .samples import PARAMETERS, body, called, image, output, png, text, tool, user


def schema(**keywords: Any) -> list[dict[str, Any]]:
    parameters = {"type": "object", "properties": {"a": {"type": "string", **keywords}}}
    return [tool(parameters=parameters)]


def assistant(**fields: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": "hi", **fields}


GOOD = {
    "plain": body(),
    "all fields": body(
        stream=True,
        stream_options={"include_usage": True},
        tool_stream=True,
        thinking={"type": "enabled", "clear_thinking": False},
        reasoning_effort="high",
        do_sample=True,
        temperature=1,
        top_p=0.01,
        max_tokens=131072,
        stop=["END"],
        response_format={"type": "json_object"},
        request_id="123456",
        user_id="123456",
        tools=[tool()],
        tool_choice="auto",
    ),
    "thinking off on an older model": body(model="glm-4.7", thinking={"type": "disabled"}),
    "any effort on an older model": body(model="glm-4.7", reasoning_effort="minimal"),
    "text parts": body(user([text("a"), text("b")])),
    "several system messages": body(
        {"role": "system", "content": "a"}, user("b"), {"role": "system", "content": "c"}
    ),
    "image to a vision model": body(user([text(), image()]), model="glm-5.3-flash"),
    "data URL of an image": body(user([text(), image(png())]), model="glm-5.3-flash"),
    "bare base64 image": body(
        user([text(), image(png().partition(",")[2])]), model="glm-5.3-flash"
    ),
    "many images": body(
        user([text(), *[image()] * 75]), user([text(), *[image()] * 75]), model="glm-5.3-flash"
    ),
    "calls answered in any order": body(
        user("go"), called("c1", "c2"), output("c2"), output("c1", [text()]), assistant()
    ),
    "reasoning beside calls": body(
        user("go"), {**called("c1"), "reasoning_content": "I think."}, output("c1")
    ),
    "empty output": body(user("go"), called("c1"), output("c1", "")),
    "named tool_choice": body(
        tools=[tool()], tool_choice={"type": "function", "function": {"name": "exec_command"}}
    ),
    "strict false": body(tools=[tool(strict=False)]),
    "128 tools": body(tools=[tool(f"t{number}") for number in range(128)]),
    "longest tool name": body(tools=[tool("n" * 64)]),
    "web search": body(tools=[{"type": "web_search", "web_search": {"enable": True}}]),
    "property called anyOf": body(
        tools=[tool(parameters={"type": "object", "properties": {"anyOf": {"type": "string"}}})]
    ),
}

BAD: dict[str, tuple[dict[str, Any], str, int]] = {
    "unknown model": (body(model="gpt-5.5"), "1211", 400),
    "model in upper case": (body(model="GLM-5.3"), "1211", 400),
    "model with a window suffix": (body(model="glm-5.3[1m]"), "1211", 400),
    "no model": ({"messages": [user("a")]}, "1213", 400),
    "no messages": ({"model": "glm-5.3"}, "1214", 400),
    "empty messages": ({"model": "glm-5.3", "messages": []}, "1214", 400),
    "message that is no object": ({"model": "glm-5.3", "messages": ["hi"]}, "1214", 400),
    "only system": (body({"role": "system", "content": "a"}), "1214", 400),
    "only system and assistant": (
        body({"role": "system", "content": "a"}, assistant()),
        "1214",
        400,
    ),
    "developer role": (body({"role": "developer", "content": "a"}, user("b")), "1214", 400),
    "unknown message field": (body({**user("a"), "id": "msg_1"}), "1210", 400),
    "null content": (body(user("a"), called("c1"), output("c1", None)), "1214", 400),
    "no parts": (body(user("a"), called("c1"), output("c1", [])), "1214", 400),
    "empty user text": (body(user(" ")), "1213", 400),
    "empty system text": (body({"role": "system", "content": ""}, user("a")), "1213", 400),
    "empty assistant": (body(user("a"), assistant(content="")), "1214", 400),
    "input_text": (body(user([{"type": "input_text", "text": "a"}])), "1214", 400),
    "output_text": (
        body(user("a"), assistant(content=[{"type": "output_text", "text": "b"}])),
        "1214",
        400,
    ),
    "part with an unknown key": (body(user([{**text(), "annotations": []}])), "1210", 400),
    "text part without a string": (body(user([text(), {"type": "text", "text": 1}])), "1214", 400),
    "image to a text model": (body(user([text(), image()])), "1210", 400),
    "image without text": (body(user([image()]), model="glm-5.3-flash"), "1213", 400),
    "image with detail": (
        body(
            user([text(), {"type": "image_url", "image_url": {"url": "x", "detail": "high"}}]),
            model="glm-5.3-flash",
        ),
        "1210",
        400,
    ),
    "image too large": (
        body(user([text(), image(png(size=5_300_000))]), model="glm-4.6v"),
        "1210",
        400,
    ),
    "image that is none": (
        body(user([text(), image("data:image/png;base64,AAAA")]), model="glm-4.6v"),
        "1210",
        400,
    ),
    "too many images in all": (
        body(user([text(), *[image()] * 26]), user([text(), *[image()] * 25]), model="glm-4.5v"),
        "1210",
        400,
    ),
    "too many images": (
        body(user([text(), *[image()] * 151]), model="glm-5.3-flash"),
        "1210",
        400,
    ),
    "image of the assistant": (
        body(user("a"), assistant(content=[text(), image()]), model="glm-5.3-flash"),
        "1210",
        400,
    ),
    "image in an output": (
        body(user("a"), called("c1"), output("c1", [image()]), model="glm-5.3-flash"),
        "1214",
        422,
    ),
    "reasoning that is no string": (
        body(user("a"), assistant(reasoning_content=["b"])),
        "1214",
        400,
    ),
    "empty tool_calls": (body(user("a"), assistant(tool_calls=[])), "1214", 400),
    "call that is no function": (
        body(user("a"), assistant(tool_calls=[{"id": "c1", "type": "custom"}]), output("c1")),
        "1214",
        400,
    ),
    "arguments as an object": (
        body(user("a"), called("c1", arguments={}), output("c1")),
        "1214",
        422,
    ),
    "arguments cut": (body(user("a"), called("c1", arguments='{"a'), output("c1")), "1214", 400),
    "arguments empty": (body(user("a"), called("c1", arguments=""), output("c1")), "1214", 400),
    "arguments a list": (body(user("a"), called("c1", arguments="[]"), output("c1")), "1214", 400),
    "call of a bad name": (body(user("a"), called("c1", name="a.b"), output("c1")), "1214", 400),
    "call without an id": (body(user("a"), called(""), output("")), "1214", 400),
    "unanswered call": (body(user("a"), called("c1", "c2"), output("c1")), "1214", 400),
    "message before the output": (body(user("a"), called("c1"), user("b")), "1214", 400),
    "call answered twice": (
        body(user("a"), called("c1"), output("c1"), output("c1")),
        "1214",
        400,
    ),
    "output without a call": (body(user("a"), output("c9")), "1214", 400),
    "same call id twice": (
        body(user("a"), called("c1", "c1"), output("c1"), output("c1")),
        "1214",
        400,
    ),
    "thinking off on 5.3": (body(thinking={"type": "disabled"}), "1210", 400),
    "thinking off on 5.3-flash": (
        body(model="glm-5.3-flash", thinking={"type": "disabled"}),
        "1210",
        400,
    ),
    "thinking of a wrong type": (body(thinking={"type": "auto"}), "1214", 400),
    "thinking with an unknown key": (
        body(thinking={"type": "enabled", "budget_tokens": 9}),
        "1214",
        400,
    ),
    "clear_thinking no boolean": (
        body(thinking={"type": "enabled", "clear_thinking": "no"}),
        "1214",
        400,
    ),
    "thinking on a model without": (
        body(model="glm-4-32b-0414-128k", thinking={"type": "enabled"}),
        "1210",
        400,
    ),
    "effort medium on 5.3": (body(reasoning_effort="medium"), "1210", 400),
    "effort none on 5.3": (body(reasoning_effort="none"), "1210", 400),
    "effort unheard of": (body(model="glm-4.7", reasoning_effort="ultra"), "1214", 400),
    "temperature too high": (body(temperature=1.1), "1214", 400),
    "temperature true": (body(temperature=True), "1214", 400),
    "top_p too low": (body(top_p=0), "1214", 400),
    "max_tokens too high": (body(max_tokens=131073), "1214", 400),
    "max_tokens too high for 4.5": (body(model="glm-4.5", max_tokens=98305), "1214", 400),
    "max_tokens zero": (body(max_tokens=0), "1214", 400),
    "max_tokens a float": (body(max_tokens=10.0), "1214", 400),
    "two stop words": (body(stop=["a", "b"]), "1214", 400),
    "stop as a string": (body(stop="a"), "1214", 400),
    "empty stop word": (body(stop=[""]), "1214", 400),
    "json_schema": (body(response_format={"type": "json_schema"}), "1214", 400),
    "request_id short": (body(request_id="12345"), "1214", 400),
    "user_id long": (body(user_id="u" * 129), "1214", 400),
    "stream no boolean": (body(stream="yes"), "1214", 400),
    "stream_options without stream": (body(stream_options={"include_usage": True}), "1214", 400),
    "stream_options unknown": (body(stream=True, stream_options={"a": True}), "1214", 400),
    "include_usage no boolean": (
        body(stream=True, stream_options={"include_usage": 1}),
        "1214",
        400,
    ),
    "tool_stream on an old model": (body(model="glm-4.5", tool_stream=True), "1210", 400),
    "tool_stream no boolean": (body(tool_stream=1), "1214", 400),
    "prompt too long": (body(user("a" * 600_000), model="glm-4.5"), "1261", 400),
    "no tools in the list": (body(tools=[]), "1214", 400),
    "129 tools": (body(tools=[tool(f"t{number}") for number in range(129)]), "1214", 400),
    "custom tool": (body(tools=[{"type": "custom", "custom": {}}]), "1214", 400),
    "flat Responses tool": (body(tools=[{"type": "function", "name": "a"}]), "1214", 400),
    "tool name too long": (body(tools=[tool("n" * 65)]), "1214", 400),
    "tool name with a dot": (body(tools=[tool("a.b")]), "1214", 400),
    "same tool twice": (body(tools=[tool(), tool()]), "1214", 400),
    "no description": (body(tools=[tool(description="")]), "1213", 400),
    "no parameters": (body(tools=[tool(parameters=None)]), "1213", 400),
    "no properties": (body(tools=[tool(parameters={"type": "object"})]), "1213", 400),
    "strict true": (body(tools=[tool(strict=True)]), "1210", 400),
    "unknown key of a function": (body(tools=[tool(defer_loading=True)]), "1210", 400),
    "tool_choice required": (body(tools=[tool()], tool_choice="required"), "1214", 400),
    "tool_choice none": (body(tools=[tool()], tool_choice="none"), "1214", 400),
    "tool_choice not declared": (
        body(tools=[tool()], tool_choice={"type": "function", "function": {"name": "other"}}),
        "1214",
        400,
    ),
    "anyOf": (body(tools=schema(anyOf=[{"type": "string"}])), "1234", 500),
    "oneOf": (body(tools=schema(oneOf=[])), "1234", 500),
    "allOf": (body(tools=schema(allOf=[])), "1234", 500),
    "not": (body(tools=schema(**{"not": {}})), "1234", 500),
    "$ref": (body(tools=schema(**{"$ref": "#/$defs/a"})), "1234", 500),
    "$defs": (body(tools=[tool(parameters={**PARAMETERS, "$defs": {}})]), "1234", 500),
    "type array": (body(tools=schema(type=["string", "null"])), "1234", 500),
    "anyOf in items": (body(tools=schema(type="array", items={"anyOf": []})), "1234", 500),
}
