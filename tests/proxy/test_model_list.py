"""Codex's model list after a command, or several at once, through proxies of their own."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from codex_glm.proxy.launch.model_list import kept
from codex_glm.translation.catalog import catalog

if TYPE_CHECKING:
    from pathlib import Path

OWN = b'{"models": [{"slug": "gpt-5.5"}]}'
GLMS = json.dumps({"models": catalog("other")["models"]}, indent=2).encode()


@pytest.fixture
def model_list(tmp_path: Path) -> Path:
    """Return Codex's file with the user's own list."""
    file = tmp_path / "models_cache.json"
    file.write_bytes(OWN)
    return file


def content(file: Path) -> bytes | None:
    return file.read_bytes() if file.exists() else None


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("between", [None, GLMS])
def test_the_model_list_is_the_users_after_two_sessions(
    model_list: Path, first: int, between: bytes | None
) -> None:
    sessions = [ExitStack(), ExitStack()]
    for session in sessions:
        session.enter_context(kept({"CODEX_HOME": str(model_list.parent)}))
        assert not model_list.exists(), "so that Codex asks for GLM's"
        model_list.write_bytes(GLMS)
    sessions.pop(first).close()
    if between:
        model_list.write_bytes(between)
    sessions.pop().close()
    # The second one never saw the user's list; without any, Codex asks for it anew.
    lost = between and first == 0
    assert content(model_list) == (None if lost else OWN)


@pytest.mark.parametrize(
    ("before", "during", "after"),
    [
        (OWN, None, OWN),
        (OWN, GLMS, OWN),
        (None, GLMS, None),
        (GLMS, GLMS, None),  # left by a session that was killed
        (OWN, b"newer", b"newer"),
        (None, b"newer", b"newer"),
    ],
)
def test_the_model_list_of_one_session(
    before: bytes | None, during: bytes | None, after: bytes | None, model_list: Path
) -> None:
    model_list.write_bytes(before) if before else model_list.unlink()
    with kept({"CODEX_HOME": str(model_list.parent)}):
        assert not model_list.exists()
        if during:
            model_list.write_bytes(during)
    assert content(model_list) == after
