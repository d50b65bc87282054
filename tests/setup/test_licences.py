"""The table of licences: every locked package, with an allowed licence, as it says itself."""

from __future__ import annotations

import pytest

from .licences import (
    LOCKS,
    Licence,
    installed_licence,
    is_allowed,
    is_expression,
    locked,
    read_table,
)

TABLE = read_table()
NAMES = locked(LOCKS["the tests"])


def test_every_locked_package_is_there() -> None:
    assert sorted(TABLE) == NAMES
    assert len(NAMES) > 50
    assert set(locked(LOCKS["the proxy"])) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_licence_is_allowed_and_the_packages_own(name: str) -> None:
    told = TABLE[name]
    assert is_allowed(told.expression)
    assert installed_licence(name) in (told, None)


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only AND MIT", False),
        ("MIT AND MPL-2.0", True),
        ("?", False),
        ("", False),
    ],
)
def test_what_is_allowed(expression: str, allowed: bool) -> None:
    assert is_allowed(expression) is allowed


def test_what_is_no_expression() -> None:
    assert not is_expression("Copyright (c) 2013, somebody. All rights reserved.")
    assert not is_expression("")


def test_a_package_that_is_not_installed() -> None:
    assert installed_licence("no-such-package-of-ours") is None
    assert installed_licence("pytest") == Licence("MIT", "metadata")
