"""Where the properties get their values from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from .support import USAGE, call, delta

if TYPE_CHECKING:
    from codex_glm.translation.wire_json import JsonObject

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
