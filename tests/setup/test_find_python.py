"""Which interpreter .ci/setup takes."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from .conftest import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Sandbox

FAKE_UV = """
case "$1 $2" in
"python install") echo "$UV_PYTHON_INSTALL_BIN $3" >>"{log}"; {install} ;;
"python dir") echo "{folder}" ;;
"venv --quiet") echo "uv $*" >>"{log}"; mkdir -p .venv/bin; cp "$5" .venv/bin/python ;;
esac
"""


def write_uv(sandbox: Sandbox, path: str | Path, *, works: bool = True) -> None:
    folder = sandbox.home / "uv pythons"
    if works:
        sandbox.python(sandbox.home / "ready", "3.13.9")
    install = f'mkdir -p "{folder}/x/bin" && cp "{sandbox.home}/ready" "{folder}/x/bin/python3"'
    text = FAKE_UV.format(log=sandbox.log_file, folder=folder, install=install)
    sandbox.script(path, text)


def test_python3_on_path_comes_before_all_others(sandbox: Sandbox) -> None:
    sandbox.pyenv("3.14.1")
    sandbox.python("python3.13", "3.13.5")
    assert sandbox.found() == sandbox.path / "python3.13"
    sandbox.python("python3", "3.12.4")
    assert sandbox.found() == sandbox.path / "python3"


def test_one_line_says_which_and_how(sandbox: Sandbox) -> None:
    sandbox.pyenv("3.12.1")
    result = sandbox.run("setup", "--find")
    path = sandbox.home / ".pyenv/versions/3.12.1/bin/python3"
    assert result.stderr == f"set-up: Python 3.12.1, {path} (of pyenv)\n"
    assert not (sandbox.project / ".venv").exists()


def test_failing_shims_and_old_versions_are_passed_over(sandbox: Sandbox) -> None:
    sandbox.script("python3.12", "echo 'pyenv: python3.12: command not found' >&2; exit 127")
    sandbox.python("python3", "3.11.7")
    sandbox.python("python", "2.7.18")
    versions = sandbox.pyenv("3.11.7", "3.12.1", "3.13.0", "3.9.18")
    assert sandbox.found() == versions / "3.13.0/bin/python3"


def test_a_later_folder_of_path_may_hold_the_suitable_one(sandbox: Sandbox) -> None:
    sandbox.python("python3", "3.11.7")
    later = sandbox.python(sandbox.home / "later/python3", "3.12.3")
    path = f"{sandbox.environment['PATH']}:{later.parent}"
    assert sandbox.found(PATH=path) == later


def test_versions_compare_as_numbers(sandbox: Sandbox) -> None:
    versions = sandbox.pyenv("3.12.9", "3.12.10", "3.12.8")
    assert sandbox.found() == versions / "3.12.10/bin/python3"


def test_only_plain_stable_versions_within_the_range_are_taken(sandbox: Sandbox) -> None:
    versions = sandbox.pyenv("3.12.1", "3.15.0", "4.0.0")
    sandbox.python(versions / "3.14.0rc2/bin/python3", "3.14.0", kind="pre-release")
    sandbox.python(versions / "3.14.0t/bin/python3", "3.14.0", kind="free-threaded")
    sandbox.python(versions / "graalpy/bin/python3", "3.12.8", kind="graalpy")
    assert sandbox.found() == versions / "3.12.1/bin/python3"


def test_pyenv_elsewhere(sandbox: Sandbox) -> None:
    python = sandbox.python(sandbox.home / "else where/versions/3.12.1/bin/python3", "3.12.1")
    assert sandbox.found(PYENV_ROOT=str(sandbox.home / "else where")) == python


@pytest.mark.parametrize(
    "path",
    [
        "home/.asdf/installs/python/3.12.1/bin/python3",
        "home/.local/share/mise/installs/python/3.12.1/bin/python3",
        "home/.local/share/uv/python/cpython-3.12.1-linux/bin/python3",
        "brew/opt/python@3.12/bin/python3.12",
    ],
)
def test_other_managers(sandbox: Sandbox, path: str) -> None:
    python = sandbox.python(sandbox.home.parent / path, "3.12.1")
    assert sandbox.found() == python


def test_the_variable_comes_first(sandbox: Sandbox) -> None:
    sandbox.python("python3", "3.13.1")
    asked = sandbox.python(sandbox.home / "mine/python3", "3.12.1")
    assert sandbox.found(PYTHON=str(asked)) == asked


def test_an_unsuitable_variable_is_reported_and_passed_over(sandbox: Sandbox) -> None:
    sandbox.python("python3", "3.13.1")
    old = sandbox.python(sandbox.home / "mine/python3", "3.8.1")
    result = sandbox.run("setup", "--find", PYTHON=str(old))
    assert result.stdout == f"{sandbox.path}/python3\n"
    assert f"PYTHON={old} is no working Python 3.12 to 3.14" in result.stderr


def test_nothing_suitable(sandbox: Sandbox) -> None:
    sandbox.script("python3", "exit 1")
    sandbox.python("python", "2.7.18")
    result = sandbox.run("setup", "--find")
    assert (result.returncode, result.stdout) == (1, "")
    assert "found no Python 3.12 to 3.14" in result.stderr
    assert f"looked at {sandbox.path}/python3 (does not run)" in result.stderr
    assert f"looked at {sandbox.path}/python (2.7.18, stable)" in result.stderr
    assert "What to do: install Python 3.13" in result.stderr


def test_a_python_without_venv_gives_way(sandbox: Sandbox) -> None:
    sandbox.python("python3", "3.13.1", kit="no-venv")
    versions = sandbox.pyenv("3.12.1")
    assert sandbox.found() == versions / "3.12.1/bin/python3"


def test_a_python_without_venv_and_no_uv(sandbox: Sandbox) -> None:
    sandbox.python("python3", "3.13.1", kit="no-venv", pip="exit 1")
    result = sandbox.run("setup")
    assert result.returncode == 1
    assert "apt install python3-venv" in result.stderr
    assert not (sandbox.project / ".venv").exists()


def test_a_python_without_venv_with_the_help_of_uv(sandbox: Sandbox) -> None:
    python = sandbox.python("python3", "3.13.1", kit="no-venv")
    write_uv(sandbox, "uv")
    result = sandbox.run("setup")
    assert result.returncode == 0, result.stderr
    assert sandbox.log == [
        f"uv venv --quiet --seed --python {python} .venv",
        "pip install -qq --require-hashes --requirement requirements.lock",
    ]


def test_uv_fetches_one(sandbox: Sandbox) -> None:
    sandbox.python("python3", "3.11.7")
    write_uv(sandbox, "uv")
    result = sandbox.run("setup")
    assert result.returncode == 0, result.stderr
    assert "(fetched by uv)" in result.stderr
    assert sandbox.log[:2] == ["0 3.13", "venv 3.13.9"]


def test_an_old_python_brings_uv_into_a_temporary_folder(sandbox: Sandbox) -> None:
    write_uv(sandbox, sandbox.home / "wheel")
    copy = f'mkdir -p "$4/bin"; cp "{sandbox.home}/wheel" "$4/bin/uv"'
    sandbox.python("python3", "3.9.2", pip=copy)
    temporary = sandbox.home / "temporary"
    temporary.mkdir()
    sandbox.found(TMPDIR=str(temporary))
    assert re.fullmatch(r"pip install --quiet --target \S.* uv==[\d.]+", sandbox.log[0])
    assert sandbox.log[1:] == ["0 3.13"]
    assert list(temporary.iterdir()) == []


def test_the_range_is_that_of_the_package() -> None:
    script = (PROJECT / ".ci/setup").read_text()
    bounds = dict(re.findall(r"^(oldest|newest)=(\d+)", script, re.MULTILINE))
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    oldest, newest = int(bounds["oldest"]), int(bounds["newest"])
    assert project["requires-python"] == f">=3.{oldest},<3.{newest + 1}"
