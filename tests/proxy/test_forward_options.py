"""`codex-glm forward`: the options that mitmproxy gets, alone and beside a command."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from codex_glm.__main__ import main as codex_glm
from codex_glm.proxy.launch import forward_start


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the commands that the process would have become."""
    commands: list[list[str]] = []

    def become(_: str, command: list[str]) -> int:
        commands.append(command)
        return 0

    monkeypatch.setattr("os.execv", become)
    return commands


@pytest.mark.parametrize(
    ("arguments", "tool", "mode"),
    [
        ([], "mitmdump", "mode=regular@127.0.0.1:18767"),
        (["--web"], "mitmweb", "mode=regular@127.0.0.1:18767"),
        (["--set", "mode=regular@127.0.0.1:9"], "mitmdump", "mode=regular@127.0.0.1:9"),
        (["--set", "listen_port=9"], "mitmdump", "mode=regular@127.0.0.1:9"),
        (["--set", "listen_host=::1"], "mitmdump", "mode=regular@::1:18767"),
        (["--set", "mode=regular@:9", "--set", "listen_port=8"], "mitmdump", "mode=regular@:9"),
    ],
)
def test_alone(
    arguments: list[str], tool: str, mode: str, tmp_path: Path, ran: list[list[str]]
) -> None:
    file = tmp_path / "file.yaml"
    file.write_text("mode: ['reverse:http://glm.invalid@127.0.0.1:1']\nlisten_port: 2\n")
    result = CliRunner().invoke(codex_glm, ["forward", "--config", str(file), *arguments])
    assert result.exit_code == 0, result.output
    ((program, *words),) = ran
    assert Path(program).name == tool
    assert [word for word in words if word.startswith("mode=")] == [mode]
    assert f"glm_config={file}" in words
    assert "glm_simulator=auto" in words


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        ([], ["mode=regular@127.0.0.1:0", "web_port=0", "termlog_verbosity=info"]),
        (["termlog_verbosity=error", "web_port=9"], ["web_port=9", "termlog_verbosity=info"]),
        (["termlog_verbosity=debug"], ["termlog_verbosity=debug"]),
        (["listen_port=9"], ["mode=regular@127.0.0.1:9", "listen_port=9"]),
    ],
)
def test_beside_a_command(sets: list[str], told: list[str]) -> None:
    options = forward_start._arguments(sets, "", alone=False)[1::2]
    assert set(told) <= set(options)
    names = [option.partition("=")[0] for option in options]
    assert len(set(names)) == len(names), "mitmproxy refuses two values"


@pytest.mark.parametrize(
    ("sets", "text", "refused"),
    [
        (["glm_client_tokens=me=MINE"], "", True),
        ([], "glm_client_tokens: [me=MINE]", True),
        (["glm_client_tokens"], "glm_client_tokens: [me=MINE]", False),
        ([], "glm_client_tokens: []", False),
    ],
)
def test_a_command_would_have_no_token(
    sets: list[str],
    text: str,
    refused: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(f"{text}\nflow_detail: 0\n")
    monkeypatch.setattr(forward_start, "_run_beside", lambda *_: 0)
    assert forward_start.run(["codex"], sets, str(file)) == refused
    assert ("glm_client_tokens is set" in capsys.readouterr().err) == refused
