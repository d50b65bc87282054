"""The fuzzers' targets, without a fuzzer: on all seeds, on what was once found, on any bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .fuzz.run import FOUND
from .fuzz.seeds import seeds
from .fuzz.targets import TARGETS

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = seeds()
ONCE_FOUND = sorted(FOUND.glob("*-*")) if FOUND.exists() else []


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name: str) -> None:
    assert SEEDS[name]
    for seed in SEEDS[name]:
        TARGETS[name](seed)
        TARGETS[name](seed[: len(seed) // 2])
        TARGETS[name](seed + seed[:9])


@pytest.mark.parametrize("path", ONCE_FOUND, ids=lambda path: path.name)
def test_what_was_once_found(path: Path) -> None:
    TARGETS[path.name.partition("-")[0]](path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes(name: str) -> None:
    @settings(max_examples=60)
    @given(st.binary(max_size=200) | st.text(max_size=80).map(str.encode))
    def any_bytes(data: bytes) -> None:
        TARGETS[name](data)

    any_bytes()


def test_every_target_has_seeds() -> None:
    assert set(SEEDS) == set(TARGETS)
