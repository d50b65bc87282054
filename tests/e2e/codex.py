"""The real Codex, run the way a user runs it, in a folder and an environment of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from codex_cli_bin import bundled_codex_path  # type: ignore[import-untyped]  # it has no py.typed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .proxy_process import ProxyProcess

MODEL = "glm-5.3"
TOKEN_VARIABLE = "CODEX_E2E_TOKEN"
TOKEN = "client-bearer-of-the-tests"
"""What Codex sends as its bearer; GLM must never see it."""

OPENAI_KEY = "sk-dummy-of-the-tests"
"""The same for Codex' own provider."""

NO_SANDBOX = ("--dangerously-bypass-approvals-and-sandbox",)
SECONDS = 120
NOTHING: Mapping[str, str] = MappingProxyType({})


def codex_path() -> Path:
    """Give the Codex under test: CODEX_BINARY, else the one of openai-codex-cli-bin."""
    chosen = os.environ.get("CODEX_BINARY")
    path = Path(chosen).absolute() if chosen else bundled_codex_path()
    if not path.is_file():
        raise FileNotFoundError(f"there is no Codex at {path}")
    return path


@dataclass(frozen=True)
class Result:
    """What a run of Codex came to."""

    code: int
    stdout: str
    stderr: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines of `--json`."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    def items(self, kind: str) -> list[dict[str, Any]]:
        """Give the completed items of a kind, in order."""
        done = [e["item"] for e in self.events if e["type"] == "item.completed"]
        return [item for item in done if item["type"] == kind]

    @property
    def message(self) -> str:
        """The last words of the model."""
        return str(self.items("agent_message")[-1]["text"])

    @property
    def usage(self) -> dict[str, int]:
        """The tokens that Codex counted."""
        return dict(next(e["usage"] for e in self.events if e["type"] == "turn.completed"))

    @property
    def said(self) -> str:
        """Everything that was printed."""
        return f"{self.stdout}\n{self.stderr}"


def codex_on_path(folder: Path) -> str:
    """Make a PATH on which `codex` is the Codex under test, and before everything else."""
    script = folder / "codex"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{codex_path()}" "$@"\n')
    script.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def provider(base: str, **changes: str) -> str:
    """Give a provider's table as TOML; a change to "" leaves a key out."""
    table = {
        "name": '"GLM"',
        "base_url": f'"{base}"',
        "wire_api": '"responses"',
        "model_catalog_url": f'"{base}/models"',
        "env_key": f'"{TOKEN_VARIABLE}"',
        "supports_websockets": "false",
        "stream_max_retries": "1",
        "request_max_retries": "1",
    }
    pairs = [f"{key}={value}" for key, value in {**table, **changes}.items() if value]
    return f"{{{','.join(pairs)}}}"


def clean_environment(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Give an environment with nothing of the caller's in it but the way to programs."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", **more}


@dataclass
class Codex:
    """Codex with a home and a working directory of its own."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    """Overrides, as for `-c`; values are TOML."""
    binary: Path = field(default_factory=codex_path)
    variables: dict[str, str] = field(default_factory=dict)
    """More of its environment."""
    seconds: float = SECONDS
    """How long a run may take."""

    def __post_init__(self) -> None:
        self.work = self.folder / "work"
        self.home = self.folder / "home"
        for folder in (self.work, self.home / ".codex"):
            folder.mkdir(parents=True, exist_ok=True)

    def exec(
        self,
        *arguments: str,
        settings: Mapping[str, str] = NOTHING,
        environment: Mapping[str, str] = NOTHING,
    ) -> Result:
        """Run `codex exec --json`, with settings and an environment for this run alone."""
        options = ["--json", "--skip-git-repo-check", *NO_SANDBOX, *self.overrides(settings)]
        return self.run([str(self.binary), "exec", *options, *arguments], environment)

    def overrides(self, settings: Mapping[str, str] = NOTHING) -> list[str]:
        """Give the settings, and some more, as options of the command line."""
        chosen = {**self.settings, **settings}
        return [part for k, v in chosen.items() for part in ("-c", f"{k}={v}")]

    def sandbox_works(self) -> bool:
        """Tell whether Codex' own sandbox can be had here; containers often forbid it."""
        return self.run([str(self.binary), "sandbox", "--", "true"]).code == 0

    def run(self, command: list[str], environment: Mapping[str, str] = NOTHING) -> Result:
        """Run any command in Codex's place: same folder, same clean environment."""
        process = subprocess.Popen(
            command,
            cwd=self.work,
            env=self.environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            stdout, stderr = process.communicate(timeout=self.seconds)
        finally:
            if process.poll() is None:
                kill_session(process)
                process.communicate()
        return Result(process.returncode, stdout, stderr)

    def environment(self, more: Mapping[str, str] = NOTHING) -> dict[str, str]:
        """Give the environment that it runs in, with its home and its bearer."""
        given = {"CODEX_HOME": str(self.home / ".codex"), TOKEN_VARIABLE: TOKEN}
        return clean_environment(self.home, {**given, **self.variables, **more})


def kill_session(process: subprocess.Popen[Any]) -> None:
    """End a process that has a session of its own, with the programs that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def glm_codex(folder: Path, base: str, **changes: str) -> Codex:
    """Give a Codex whose provider is the proxy at `base`; `changes` are the provider's."""
    return Codex(
        folder,
        {
            "model": f'"{MODEL}"',
            "model_provider": '"glm"',
            "model_providers.glm": provider(base, **changes),
        },
    )


def forward_codex(folder: Path, proxy: ProxyProcess) -> Codex:
    """Give a Codex with its own provider and an API key; the proxy is its way to OpenAI."""
    certificate = str(proxy.confdir / "mitmproxy-ca-cert.pem")
    return Codex(
        folder,
        {"model": '"gpt-5.5"'},
        variables={
            "CODEX_API_KEY": OPENAI_KEY,
            "HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}",
            "CODEX_CA_CERTIFICATE": certificate,
            "SSL_CERT_FILE": certificate,  # older versions know only this one
        },
    )
