"""A sandbox for the scripts in .ci: nothing of the machine but a few plain tools is in reach."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SECONDS = 120
"""A bound for machines that are busy: what has not ended by then hangs."""
TOOLS = [
    "cat",
    "chmod",
    "cksum",
    "cp",
    "dirname",
    "ln",
    "mkdir",
    "mktemp",
    "ps",
    "readlink",
    "rm",
    "sh",
    "sed",
    "sleep",
    "tail",
    "tr",
]

# Answers like the probe of .ci/setup, builds environments of itself, and logs what pip is to do.
FAKE_PYTHON = """#!/bin/sh
log="{log}"
case "$1 $2" in
"-c "*_base_executable*) echo "{version} {kind} {kit} {path}" ;;
"-c "*sysconfig*) mkdir -p .venv/site; echo .venv/site ;;
"-c "*) ;;
"-m venv")
    echo "venv {version}" >>"$log"
    mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
"-m pip")
    [ "$3" = install ] || exit 0
    shift 2
    echo "pip $*" >>"$log"
    {pip} ;;
*) exit 2 ;;
esac
"""


class Sandbox:
    """A copy of the project with a PATH and a home of its own."""

    def __init__(self, root: Path) -> None:
        self.project, self.home = root / "the project", root / "home"
        self.path, self.tools, self.log_file = root / "path", root / "tools", root / "log"
        for folder in (self.project, self.home, self.path, self.tools):
            folder.mkdir(parents=True)
        for tool in TOOLS:  # no id, so that the account's own home stays out of reach
            if found := shutil.which(tool):
                (self.tools / tool).symlink_to(found)
        shutil.copytree(PROJECT / ".ci", self.project / ".ci")
        for lock in ("requirements.lock", "requirements-test.lock"):
            (self.project / lock).write_text(f"# {lock}\n")
        self.environment = {
            "PATH": f"{self.path}:{self.tools}",
            "HOME": str(self.home),
            "HOMEBREW_PREFIX": str(root / "brew"),
        }

    def script(self, path: str | Path, text: str) -> Path:
        """Write an executable; a plain name goes on PATH."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text if text.startswith("#!") else f"#!/bin/sh\n{text}\n")
        target.chmod(0o755)
        return target

    def python(
        self,
        path: str | Path,
        version: str,
        kind: str = "stable",
        kit: str = "venv",
        pip: str = "true",
    ) -> Path:
        """Write something that looks like a Python of that version to .ci/setup."""
        text = FAKE_PYTHON.format(
            log=self.log_file, path=self.path / path, version=version, kind=kind, kit=kit, pip=pip
        )
        return self.script(path, text)

    def pyenv(self, *versions: str) -> Path:
        """Install versions of pyenv; return its folder."""
        folder = self.home / ".pyenv/versions"
        for version in versions:
            self.python(folder / version / "bin/python3", version)
        return folder

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a script of .ci."""
        return subprocess.Popen(
            [self.project / ".ci" / arguments[0], *arguments[1:]],
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a script of .ci to its end."""
        process = self.start(*arguments, **environment)
        stdout, stderr = process.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)

    def found(self, **environment: str) -> Path:
        """Return the interpreter that the set-up finds."""
        result = self.run("setup", "--find", **environment)
        assert result.returncode == 0, result.stderr
        return Path(result.stdout.strip())

    @property
    def log(self) -> list[str]:
        """What the fake interpreters were asked to build."""
        return self.log_file.read_text().splitlines() if self.log_file.exists() else []


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return an empty sandbox, below a folder with a blank in its name."""
    return Sandbox(tmp_path / "with blank")
