"""Fixtures of the edge's tests. No test sees the keys of the machine, nor pytest's arguments."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation import errors

from .fake_upstream import WHOLE, FakeUpstream
from .support import ProxyThread, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

type StartProxy = Callable[..., ProxyThread]


@pytest.fixture(autouse=True)
def clean_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GLM_API_KEY", "GLM_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "argv", ["mitmdump"])


@pytest.fixture(autouse=True)
def quick_paces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the proxy's own tries follow at once; `test_retry` tests the true paces."""
    for name, steps in errors._TABLE["pace"].items():
        monkeypatch.setitem(errors._TABLE["pace"], name, [0.01] * len(steps))


@pytest.fixture(scope="session")
def confdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give one folder for mitmproxy's certificates, which take long to make."""
    return tmp_path_factory.mktemp("conf")


@pytest.fixture
def start_proxy(tmp_path: Path, confdir: Path) -> Iterator[StartProxy]:
    """Give a function that starts a proxy with options; `config` is the text of its file."""
    with ExitStack() as running:

        def start(config: str = "", **options: object) -> ProxyThread:
            file = tmp_path / "mitm-config.yaml"
            file.write_text(config)
            places = {"confdir": str(confdir), "glm_config": str(file)}
            # Where no base is given, GLM itself would be asked for the account of the plan.
            quiet = {} if "glm_api_base" in options else {"glm_quota": False}
            return running.enter_context(ProxyThread(**places, **(quiet | options)))

        yield start


@pytest.fixture
def glm() -> Iterator[FakeUpstream]:
    """Give a GLM that answers every turn with the same few words."""
    with FakeUpstream(WHOLE) as listening:
        yield listening


@pytest.fixture
def proxy(start_proxy: StartProxy, glm: FakeUpstream) -> ProxyThread:
    """Give a proxy in front of it."""
    return served(start_proxy, glm)
