"""A reload that fails: there is no addon then, or one without its settings, and nothing goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from .fake_upstream import WHOLE, FakeUpstream, reply
from .support import KEY, last_event, wait_until
from .test_process import SINK, change, copied_addon, tool

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["copied_addon"]


def test_a_broken_reload_sends_nothing_to_glm(tmp_path: Path, copied_addon: Path) -> None:
    with FakeUpstream(WHOLE) as glm:
        environ = {"GLM_API_BASE": glm.base_url, "GLM_API_KEY": KEY}
        with tool(tmp_path, "--mode", SINK, addon=copied_addon, environ=environ) as started:
            assert last_event(started.post())["type"] == "completed"
            change(copied_addon / "glm.py", "def broken(:\n")
            wait_until(lambda: "error in script" in started.output)
            response = started.post()
            assert len(glm.seen) == 1
    assert response.status_code == 502
    assert KEY not in response.text


BROKEN = {
    "its code": ("glm.py", "def broken(:\n"),
    "a module of it": ("codex_glm/proxy/replies.py", "raise ImportError\n"),
}


@pytest.mark.parametrize(("file", "text"), BROKEN.values(), ids=BROKEN)
def test_a_broken_reload_lets_nothing_through(
    tmp_path: Path, copied_addon: Path, file: str, text: str
) -> None:
    """Without the addon, a forward proxy would take everything where it was meant to go."""
    environ = {"GLM_API_KEY": KEY}
    with (
        FakeUpstream(reply()) as elsewhere,
        tool(tmp_path, "--mode", "regular@127.0.0.1:0", addon=copied_addon, environ=environ) as got,
    ):
        url = f"http://127.0.0.1:{elsewhere.port}/"
        wait_until(lambda: "proxy listening at" in got.output)
        port = got.output.partition("proxy listening at 127.0.0.1:")[2].split(".")[0]
        proxy = f"http://127.0.0.1:{port}"
        assert httpx.get(url, proxy=proxy, trust_env=False).status_code == 404
        change(copied_addon / file, text)
        change(copied_addon / "glm.py", (copied_addon / "glm.py").read_text())
        wait_until(lambda: "rror in script" in got.output or "ImportError" in got.output)
        assert httpx.get(url, proxy=proxy, trust_env=False).status_code == 502
        assert elsewhere.connections == 0


def test_settings_that_cannot_be_read_after_a_reload_serve_nobody(
    tmp_path: Path, copied_addon: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("of-alice-and-of-nobody-else")
    with FakeUpstream(WHOLE) as glm:
        environ = {"GLM_API_BASE": glm.base_url, "GLM_API_KEY": KEY}
        tokens = ("--set", f"glm_client_tokens=alice={token}")
        with tool(tmp_path, "--mode", SINK, *tokens, addon=copied_addon, environ=environ) as got:
            assert got.post().status_code == 401
            token.unlink()
            change(copied_addon / "glm.py", (copied_addon / "glm.py").read_text())
            wait_until(lambda: got.output.count("Loading script") == 2)
            wait_until(lambda: got.post().status_code == 500)
            error = got.post().json()["error"]
            assert "cannot read its settings" in error["message"]
            assert len(glm.seen) == 0
