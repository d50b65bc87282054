from __future__ import annotations

import pytest
from codex_glm.translation.receipt import Kind, Receipt


@pytest.mark.parametrize(
    ("kind", "lossless"),
    [
        ("renamed", True),
        ("withheld", True),
        ("retried", True),
        ("dropped", False),
        ("repaired", False),
        ("changed", False),
        ("added", False),
    ],
)
def test_lossless(kind: Kind, lossless: bool) -> None:
    receipt = Receipt()
    assert receipt.lossless
    receipt.add(kind, "rule", "what and why")
    assert receipt.lossless is lossless


def test_a_line_is_not_written_twice() -> None:
    receipt = Receipt()
    for detail in ("one", "two", "one"):
        receipt.add("dropped", "rule", detail)
    assert receipt.to_json() == [
        {"kind": "dropped", "rule": "rule", "detail": "one"},
        {"kind": "dropped", "rule": "rule", "detail": "two"},
    ]


def test_a_line_can_be_written_as_utf_8() -> None:
    receipt = Receipt()
    receipt.add("dropped", "rule", "tool \ud800 🚀")
    assert receipt.entries[0].detail == "tool ? 🚀"
