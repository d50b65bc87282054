"""How numbers and long texts are said, in tables."""

from __future__ import annotations

import pytest
from codex_glm.inspect.wording import seconds, short_count, shortened


@pytest.mark.parametrize(
    ("said", "short"),
    [
        ("a\nb", "a\nb"),
        ("a\nb\nc", "a\nb\n… (5 characters, 3 lines in all)"),
        ("x" * 11, "x" * 10 + "\n… (11 characters, 1 lines in all)"),
    ],
)
def test_shortened(said: str, short: str) -> None:
    assert shortened(said, most_lines=2, most_characters=10) == short


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.0k"),
        (999_949, "999.9k"),
        (999_950, "1.00M"),
        (1_048_576, "1.05M"),
    ],
)
def test_counts(tokens: int, said: str) -> None:
    assert short_count(tokens) == said


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (None, "-"),
        (0, "0.0s"),
        (59.94, "59.9s"),
        (59.96, "1m00s"),
        (119.4, "1m59s"),
        (119.7, "2m00s"),
    ],
)
def test_times(time: float | None, said: str) -> None:
    assert seconds(time) == said
