from __future__ import annotations

import json

import pytest
from codex_glm.translation.tools.call_markup import CallMarkup, MarkupCall, split_name
from hypothesis import given
from hypothesis import strategies as st

from ..strategies import splits

NAMES = frozenset({"read", "read_file", "mcp__tiny__get"})


def read(*pieces: str) -> CallMarkup:
    markup = CallMarkup(NAMES)
    for piece in pieces:
        if not markup.ended:
            markup.feed(piece)
    return markup


def pair(key: str, value: str) -> str:
    return f"<arg_key>{key}</arg_key><arg_value>{value}</arg_value>"


@pytest.mark.parametrize(
    ("text", "name", "arguments", "rest"),
    [
        ("<tool_call>read</tool_call>", "read", {}, ""),
        ("<tool_call>read</tool_call>\nmore", "read", {}, "\nmore"),
        (f"<tool_call>read_file{pair('path', 'a')}</tool_call>", "read_file", {"path": "a"}, ""),
        (
            "<tool_call>read_file\n<arg_key>path</arg_key>\n<arg_value>a</arg_value>\n"
            "<arg_key>limit</arg_key>\n<arg_value>5</arg_value>\n</tool_call>",
            "read_file",
            {"path": "a", "limit": "5"},
            "",
        ),
        (f"<tool_call>read{pair('t', ' <b> <arg_key>{ ')}</tool_call>", "read",
         {"t": " <b> <arg_key>{ "}, ""),
        (f"<tool_call>read{pair('t', '')}</tool_call>", "read", {"t": ""}, ""),
        ('<tool_call>\n{"name":"read","arguments":{"a":[]}}\n</tool_call>', "read", {"a": []}, ""),
        ('<tool_call>{"name":"read","parameters":{"a":1}}</tool_call>', "read", {"a": 1}, ""),
        ('<tool_call>{"name":"read"}</tool_call>', "read", {}, ""),
        ('<tool_call>{"name":"read","arguments":"{\\"a\\":1}"}</tool_call>', "read", {"a": 1}, ""),
        ('<tool_call>read\n{"a": "x\ny"}\n</tool_call>', "read", {"a": "x\ny"}, ""),
        ("<tool_call>read {}</tool_call>", "read", {}, ""),
    ],
)  # fmt: skip
def test_a_call(text: str, name: str, arguments: dict[str, object], rest: str) -> None:
    for pieces in ([text], list(text)):
        markup = read(*pieces)
        assert markup.call is not None
        assert (markup.call.name, json.loads(markup.call.arguments)) == (name, arguments)
        assert (markup.rest, markup.broken) == (rest if len(pieces) == 1 else "", False)
        assert markup.raw == text[: len(text) - len(rest) + len(markup.rest)]


@pytest.mark.parametrize(
    ("text", "read_to"),
    [
        ("<tool_calls>", 11),
        ("<tool_call>the tag of calls", 12),
        ("<tool_call>reads a file", 16),
        ("<tool_call> <b>", 13),
        ("<tool_call>read it</tool_call>", 17),
        ("<tool_call>read<arg_value>", 21),
        ("<tool_call>read<arg_key>a</arg_key>:", 36),
        (f"<tool_call>read{pair('a', 'b')}!", None),
        (f"<tool_call>read{pair('a', 'b')}{pair('a', 'c')}</tool_call>", None),
        (f"<tool_call>read{pair('a<b>', 'c')}</tool_call>", None),
        (f"<tool_call>read<arg_key>{'a' * 300}", None),
        ("<tool_call>{x", 13),
        ('<tool_call>{"name":"write"}</tool_call>', None),
        ('<tool_call>{"name":["read"]}</tool_call>', None),
        ('<tool_call>{"name":"read","arguments":[]}</tool_call>', None),
        ('<tool_call>{"name":"read","arguments":"x"}</tool_call>', None),
        ('<tool_call>{"name":"read"</tool_call>', None),
        ("<tool_call>read {a}</tool_call>", 18),
        ("<tool_call>{}</tool_call>", None),
    ],
)
def test_no_call(text: str, read_to: int | None) -> None:
    """It is known as early as can be, so that no text waits without need."""
    assert read(text).broken
    markup = read(*text)
    assert markup.broken
    assert markup.call is None
    assert read_to is None or len(markup.raw) == read_to


@pytest.mark.parametrize(
    "text",
    [
        "<",
        "<tool_call>",
        "<tool_call>read_",
        "<tool_call>read",
        "<tool_call>read<arg_key>a",
        f"<tool_call>read{pair('a', 'b')}",
        f"<tool_call>read{pair('a', 'b')}</tool_call",
        "<tool_call>{ ",
        '<tool_call>{"name":"read"}',
    ],
)
def test_half_a_call(text: str) -> None:
    for pieces in ([text], list(text)):
        markup = read(*pieces)
        assert (markup.ended, markup.call, markup.raw) == (False, None, text)


@given(
    st.data(),
    st.sampled_from(sorted(NAMES)),
    st.dictionaries(
        st.text("abc", min_size=1), st.text().filter(lambda t: "</arg_value>" not in t), max_size=3
    ),
    st.sampled_from(["", "\n"]),
)
def test_what_is_written_is_read(
    data: st.DataObject, name: str, arguments: dict[str, str], gap: str
) -> None:
    pairs = "".join(pair(*each) + gap for each in arguments.items())
    text = f"<tool_call>{name}{gap}{pairs}</tool_call>"
    markup = read(*data.draw(splits(text)))
    assert markup.call is not None
    assert (markup.call.name, json.loads(markup.call.arguments)) == (name, arguments)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (f"read{pair('a', 'b')}", MarkupCall("read", '{"a":"b"}')),
        (f"read\n{pair('a', 'b')}</tool_call>", MarkupCall("read", '{"a":"b"}')),
        ("read</arg_value>", MarkupCall("read", "")),
        ("read\n</tool_call>", MarkupCall("read", "")),
        (f"write{pair('a', 'b')}", None),
        ("read<arg_key>a</arg_key><arg_value>b", None),
        ("read<b>", None),
        ("<tool_call>read", None),
    ],
)
def test_split_name(name: str, found: MarkupCall | None) -> None:
    assert split_name(name, NAMES) == found


def test_a_key_may_be_so_long_in_any_cut() -> None:
    for length, fits in ((200, True), (201, False)):
        text = f"<tool_call>read{pair('k' * length, 'v')}</tool_call>"
        for markup in (read(text), read(*text), read(text[:30], text[30:])):
            assert (markup.call is not None) is fits, length
