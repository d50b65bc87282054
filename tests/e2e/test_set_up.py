"""`codex-glm codex`, a plain Codex and the doctor after it, and `codex-glm undo`."""

from __future__ import annotations

import asyncio
import re
import sys
import tomllib
from typing import TYPE_CHECKING

from codex_glm.commands.doctor import Patient, examine

from .codex import Codex, codex_on_path, glm_codex
from .conftest import glm_environment
from .proxy_process import ADDON, REVERSE
from .test_start import SKIP
from .test_turns import HELLO, NO_METADATA, check_hello

if TYPE_CHECKING:
    from pathlib import Path

    from codex_glm.simulator.thread import SimulatorThread

    from .conftest import StartProxy
    from .proxy_process import ProxyProcess

CODEX_WRITES = {"projects"}
"""What older versions note in the file themselves: the folders that they trust (0.145.0)."""
COMMAND = [sys.executable, "-m", "codex_glm"]


def test_a_plain_codex_runs_on_glm(
    proxy: ProxyProcess, tmp_path: Path, simulator: SimulatorThread
) -> None:
    codex = Codex(tmp_path / "codex")
    given = {"PATH": codex_on_path(tmp_path / "bin"), "PYTHONPATH": str(ADDON.parent)}
    set_up(codex, given, proxy.base)
    result = codex.run(["sh", "-c", f"codex exec {SKIP} '{HELLO}'"], given)
    assert result.code == 0, result.said
    check_hello(codex)
    assert NO_METADATA not in result.said
    assert {one.body["model"] for one in simulator.received} == {"glm-5.3"}
    assert codex.run([*COMMAND, "undo"], given).code == 0
    left = codex.home / ".codex/config.toml"
    assert not left.exists() or set(tomllib.loads(left.read_text())) == CODEX_WRITES
    assert not (codex.home / ".codex/codex-glm").exists()


def test_after_undo_codex_does_what_it_did(
    proxy: ProxyProcess, tmp_path: Path, simulator: SimulatorThread
) -> None:
    codex = glm_codex(tmp_path / "codex", proxy.base)
    own = codex.settings["model_providers.glm"]
    config = codex.home / ".codex/config.toml"
    config.write_text(f'model = "glm-4.7"\nmodel_provider = "glm"\nmodel_providers.glm = {own}\n')
    before = config.read_bytes()
    given = {"PATH": codex_on_path(tmp_path / "bin"), "PYTHONPATH": str(ADDON.parent)}
    line = ["sh", "-c", f"codex exec {SKIP} 'say hi'"]
    asked, homes = [], []
    for step in ("as it was", "set up", "undone"):
        if step == "set up":
            set_up(codex, given, proxy.base)
        elif step == "undone":
            assert codex.run([*COMMAND, "undo"], given).code == 0
            assert config.read_bytes().startswith(before)
            assert set(tomllib.loads(config.read_text())) - set(tomllib.loads(before.decode())) <= (
                CODEX_WRITES
            )
        result = codex.run(line, given)
        assert result.code == 0, result.said
        body = simulator.received[-1].body
        asked.append((body["model"], body["tools"], body["messages"][0]))
        # SQLite's own side files come and go.
        kept = re.compile(r"(?!.*-(?:wal|shm)$)")
        homes.append({p.name for p in (codex.home / ".codex").iterdir() if kept.match(p.name)})
    assert [model for model, _, _ in asked] == ["glm-4.7", "glm-5.3", "glm-4.7"]
    assert asked[0] == asked[2]
    assert homes[1] - homes[0] == {"codex-glm"}
    assert homes[0] == homes[2]


def test_the_doctor_finds_nothing_wrong(
    proxy: ProxyProcess,
    tmp_path: Path,
    simulator: SimulatorThread,
) -> None:
    codex = Codex(tmp_path / "codex")
    given = {"PATH": codex_on_path(tmp_path / "bin"), "PYTHONPATH": str(ADDON.parent)}
    set_up(codex, given, proxy.base)
    config = tmp_path / "mitm-config.yaml"
    config.write_text(f"listen_port: {proxy.port}\n")
    environ = codex.environment({**given, **glm_environment(simulator)})
    findings = asyncio.run(examine(Patient(environ, config=str(config))))
    assert [each for each in findings if each.state == "wrong"] == []
    assert {"Codex", "proxy", "turn", "tools"} <= {e.name for e in findings if e.state == "ok"}
    assert [one.violations for one in simulator.received if one.violations] == []
    # It asks for lists as well, which a turn never does.
    simulator.received.clear()


def test_the_doctor_names_a_token_that_is_missing(
    start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread
) -> None:
    tokens = {"TOKEN_OF_ME": "a-token-of-the-tests"}
    proxy = start_proxy((*REVERSE, "--set", "glm_client_tokens=me=TOKEN_OF_ME"), environment=tokens)
    codex = Codex(tmp_path / "codex")
    given = {"PATH": codex_on_path(tmp_path / "bin"), "PYTHONPATH": str(ADDON.parent), **tokens}
    set_up(codex, given, proxy.base)
    settings = tmp_path / "mitm-config.yaml"
    settings.write_text(f"listen_port: {proxy.port}\nglm_client_tokens: [me=TOKEN_OF_ME]\n")
    environ = codex.environment({**given, **glm_environment(simulator)})

    def wrong() -> list[str]:
        patient = Patient(environ, paid=False, config=str(settings))
        return [each.name for each in asyncio.run(examine(patient)) if each.state == "wrong"]

    assert wrong() == ["token"]
    config = codex.home / ".codex/config.toml"
    bearer = 'experimental_bearer_token = "codex-glm"'
    config.write_text(config.read_text().replace(bearer, 'env_key = "TOKEN_OF_ME"'))
    set_up(codex, given, proxy.base)
    assert wrong() == []
    result = codex.run(["sh", "-c", f"codex exec {SKIP} 'say hi'"], given)
    assert result.code == 0, result.said
    simulator.received.clear()


def set_up(codex: Codex, environment: dict[str, str], base: str) -> None:
    result = codex.run([*COMMAND, "codex", "--base", base], environment)
    assert result.code == 0, result.said
    assert f"leads to {base}" in result.stdout
