from __future__ import annotations

import pytest
from codex_glm.translation.reasoning import Opened, seal, seal_anew, unseal
from hypothesis import given
from hypothesis import strategies as st

from .strategies import any_text

ENVELOPE = seal("Why?", "glm-5.3", b"key")


def test_the_envelope_is_readable() -> None:
    header, text = ENVELOPE.split("\n")
    assert header.startswith("glm-thinking/1 glm-5.3 ")
    assert text == "Why?"


@given(any_text, st.sampled_from(["glm-5.3", "GLM/x"]), st.binary())
def test_round_trip(text: str, model: str, key: bytes) -> None:
    assert unseal(seal(text, model, key), model, key) == Opened(text, "")
    assert seal(text, model, key) == seal(text, model, key)


@pytest.mark.parametrize(
    ("envelope", "model", "key", "reason"),
    [
        (ENVELOPE + "!", "glm-5.3", b"key", "altered"),
        (ENVELOPE, "glm-5.3", b"other", "another key"),
        (ENVELOPE, "glm-5", b"key", "it is glm-5.3's"),
        (ENVELOPE.replace("5.3", "5", 1), "glm-5", b"key", "altered"),
        (ENVELOPE.replace("/1", "/2", 1), "glm-5.3", b"key", "not written by GLM"),
        ("gAAAAAB...", "glm-5.3", b"key", "not written by GLM"),
        ("", "glm-5.3", b"key", "not written by GLM"),
    ],
)
def test_refused(envelope: str, model: str, key: bytes, reason: str) -> None:
    opened = unseal(envelope, model, key)
    assert opened.text == ""
    assert reason in opened.refused


@given(st.data(), any_text)
def test_any_altered_character_is_noticed(data: st.DataObject, text: str) -> None:
    envelope = seal(text, "glm-5.3", b"key")
    at = data.draw(st.integers(0, len(envelope) - 1))
    other = data.draw(st.characters().filter(lambda c: c != envelope[at]))
    opened = unseal(envelope[:at] + other + envelope[at + 1 :], "glm-5.3", b"key")
    assert opened.refused
    assert opened.text == ""


def test_seal_anew() -> None:
    envelope = seal("a text", "glm-5.3", b"one key")
    other = seal_anew(envelope, b"another", str.upper)
    assert unseal(other, "glm-5.3", b"another") == ("A TEXT", "")
    assert seal_anew("no envelope", b"another", str.upper) == "NO ENVELOPE"
