"""Where the properties get their values from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from .support import USAGE, call, delta

if TYPE_CHECKING:
    from codex_glm.translation.wire.wire_json import JsonObject

any_text = st.text(st.characters(exclude_categories=()), max_size=20)
"""Text with everything that Python can hold, lone surrogates too."""

sound_text = st.text(max_size=20)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # A pair of surrogates is read back as the character that it spells, so no lone ones here.
    | sound_text,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@st.composite
def splits[T: (str, bytes)](draw: st.DrawFn, whole: T) -> list[T]:
    """Cut a text or a body into pieces, some perhaps empty."""
    cuts: list[int] = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    return [whole[i:j] for i, j in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


tool_names = st.sampled_from(
    [
        *("shell_command", "apply_patch", "tool_search", "mcp__tiny__get", "unheard_of", ""),
        *(
            "local_shell",
            "shell",
            "add</arg_value>",
            "add<arg_key>a</arg_key><arg_value>1</arg_value>",
        ),
    ]
)
fragments = st.sampled_from(
    [
        *('{"input":"', "a\\n", "\\ud83d", "\\ude80", "\ud83d", "\ude80", '"', "}", "{}", "", "x"),
        *('{"command":"ls"}', '{"command":["ls"]}'),
    ]
)
call_chunks = st.builds(
    lambda arguments, index, named: call(arguments, index, **named),
    fragments | st.none() | st.just({"input": "x"}),
    st.none() | st.integers(0, 2) | st.just("0"),
    st.fixed_dictionaries(
        {}, optional={"name": tool_names, "id": st.sampled_from(["c1", "c2", ""])}
    ),
)
speech_chunks = st.builds(
    lambda key, text: delta(**{key: text}),
    st.sampled_from(["content", "reasoning_content"]),
    any_text
    | st.sampled_from(["\n", " ", "\ud83d", "\ude80", "<", "</think>", "<tool_call>add"])
    | st.sampled_from(["<tool_call>add", "<arg_key>a</arg_key><arg_value>1</arg_value>"])
    | st.sampled_from(["</tool_call>", "<tool_call>apply_patch</tool_call>"]),
)
finish_chunks = st.sampled_from(
    [
        "stop",
        "tool_calls",
        "length",
        "sensitive",
        "network_error",
        "model_context_window_exceeded",
        "?",
    ]
).map(lambda reason: delta(reason, role="assistant", content=""))
odd_chunks = st.sampled_from(
    [
        USAGE,
        {"choices": None, "usage": None},
        {"error": {"code": "1305", "message": "busy"}},
        "[DONE]",
        '{"choices": [',
    ]
)
chunks: st.SearchStrategy[JsonObject | str] = st.one_of(
    speech_chunks, call_chunks, speech_chunks, call_chunks, finish_chunks, odd_chunks
)
"""What GLM may send, in any order; a string is the frame as it stands."""

_texts = st.sampled_from(
    [
        *("a", " b", "\\n", "中", '\\"', "\\ud83d", "\\ude80", "", '"', "\\", "\n", '","x":"', "<"),
        *("data: {", "\\u00e9", "\\/", "\x7f", "%", "\\\\", "</think>", "\udc80", " "),
    ]
)
"""Insides of JSON strings as they stand on the wire, sound or not; a half is a byte of no UTF-8."""
_envelopes = st.sampled_from(
    [
        '{"id":"1","choices":[{"delta":{"content":"%s"}}]}',
        '{"id":"1","choices":[{"delta":{"content":"%s"}}]}',
        '{"id":"2","choices":[{"delta":{"content":"%s"}}]}',
        '{"id":"1","choices":[{"delta":{"reasoning_content":"%s","content":""}}]}',
        '{"id":"1","new":"x","choices":[{"delta":{"content":"%s"}}]}',
        '{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"%s"}}]}}]}',
        '{"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"arguments":"%s"}}]}}]}',
        '{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"add",'
        '"arguments":"%s"}}]}}]}',
        '{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"d","function":{"name":"apply_patch",'
        '"arguments":"%s"}}]}}]}',
        '{"error":{"message":"%s"}}',
        '{"id":"3","cho{"id":"1","choices":[{"delta":{"content":"%s"}}]}',
        '{"id":"3","chodata: {"id":"1","choices":[{"delta":{"content":"%s"}}]}',
    ]
)


@st.composite
def runs(draw: st.DrawFn) -> list[bytes]:
    """Make frames of which many are like the one before, but for their text."""
    frames = []
    for _ in range(draw(st.integers(0, 5))):
        envelope, event = draw(_envelopes), draw(st.sampled_from(["", "", "error", "x"]))
        head = f"event: {event}\ndata: " if event else "data: "
        for text in draw(st.lists(_texts, min_size=1, max_size=5)):
            frame = f"{head}{envelope.replace('%s', text)}\n\n"
            frames.append(frame.encode("utf-8", "surrogateescape"))
    return frames
