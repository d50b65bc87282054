"""The threat model names tests for what it promises: each of them exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
THREATS = Path(__file__).with_name("THREATS.md")
TEXT = THREATS.read_text("utf-8")
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
NAMED = sorted(set(_NAMED.findall(TEXT)))


@cache
def names_in(path: str) -> frozenset[str]:
    """Name the tests of a file that pytest would run."""
    tree = ast.parse((PROJECT / path).read_text("utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    return frozenset(each.name for each in functions if each.name.startswith("test_"))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_the_test_exists(path: str, name: str) -> None:
    assert name in names_in(path)


def test_each_promise_names_a_test() -> None:
    promises = TEXT.partition("## What is promised")[2].partition("## What is not promised")[0]
    lines = [line for line in promises.splitlines() if line.startswith("- ")]
    assert len(lines) > 12
    assert [line for line in lines if not _NAMED.search(line)] == []
    assert promises.count("::") == len(_NAMED.findall(promises)), "a test is named in another form"


def test_it_is_found_from_the_front() -> None:
    assert "(tests/hardening/THREATS.md)" in (PROJECT / "README.md").read_text("utf-8")
