"""When .ci/setup builds .venv, and when it leaves it alone."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING

from .conftest import SECONDS

if TYPE_CHECKING:
    from .conftest import Sandbox

VENV = "venv 3.12.1"
RUNTIME = "pip install -qq --require-hashes --requirement requirements.lock"
TEST = "pip install -qq --require-hashes --requirement requirements-test.lock"


def set_up(sandbox: Sandbox, *arguments: str) -> str:
    result = sandbox.run("setup", *arguments)
    assert result.returncode == 0, result.stderr
    return result.stderr


def test_the_second_time_nothing_is_done(sandbox: Sandbox) -> None:
    sandbox.python("python3", "3.12.1")
    assert "installing requirements.lock into .venv" in set_up(sandbox)
    assert set_up(sandbox) == ""
    assert sandbox.log == [VENV, RUNTIME]


def test_the_package_is_found_where_it_is(sandbox: Sandbox) -> None:
    sandbox.python("python3", "3.12.1")
    set_up(sandbox)
    link = sandbox.project / ".venv/site/codex_glm.pth"
    assert link.read_text() == f"{sandbox.project}/addon\n"
    python = sandbox.script(sandbox.project / ".venv/bin/python", 'echo "$@"')
    assert python.exists()
    said = subprocess.run(
        [sandbox.project / ".venv/bin/codex-glm", "run", "a b"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "-P -m codex_glm run a b\n"


def test_the_tools_of_the_tests_are_added(sandbox: Sandbox) -> None:
    sandbox.python("python3", "3.12.1")
    set_up(sandbox)
    set_up(sandbox, "test")
    assert set_up(sandbox) == set_up(sandbox, "test") == ""
    assert sandbox.log == [VENV, RUNTIME, TEST]


def test_the_tests_alone_need_one_installation(sandbox: Sandbox) -> None:
    sandbox.python("python3", "3.12.1")
    set_up(sandbox, "test")
    set_up(sandbox)
    assert sandbox.log == [VENV, TEST]


def test_a_failed_installation_counts_for_nothing(sandbox: Sandbox) -> None:
    sandbox.python("python3", "3.12.1", pip="echo 'no such version' >&2; exit 1")
    result = sandbox.run("setup")
    assert result.returncode == 1
    assert "no such version" in result.stderr
    assert "requirements.lock could not be installed" in result.stderr
    sandbox.python("python3", "3.12.1")
    set_up(sandbox)
    assert sandbox.log == [VENV, RUNTIME] * 2


def test_an_interrupted_installation_counts_for_nothing(sandbox: Sandbox) -> None:
    sandbox.python("python3", "3.12.1")
    set_up(sandbox)
    pip = 'until [ -e "$HOME/go" ]; do sleep 0.05; done'
    sandbox.python(sandbox.project / ".venv/bin/python", "3.12.1", pip=pip)
    process = sandbox.start("setup", "test")
    while sandbox.log[-1] != TEST:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    (sandbox.home / "go").touch()  # a shell heeds a signal when what it runs has ended
    process.communicate(timeout=SECONDS)
    assert process.returncode == 128 + signal.SIGTERM
    assert not (sandbox.project / ".venv.lock").is_symlink()
    set_up(sandbox)
    assert sandbox.log == [VENV, RUNTIME, TEST, VENV, RUNTIME]


def test_a_changed_lock_leads_to_a_new_environment(sandbox: Sandbox) -> None:
    sandbox.python("python3", "3.12.1")
    set_up(sandbox)
    (sandbox.project / "requirements.lock").write_text("# other\n")
    set_up(sandbox)
    assert sandbox.log == [VENV, RUNTIME] * 2


def test_a_moved_project_leads_to_a_new_environment(sandbox: Sandbox) -> None:
    sandbox.python("python3", "3.12.1")
    set_up(sandbox)
    sandbox.project = sandbox.project.rename(sandbox.home / "moved")
    set_up(sandbox)
    assert sandbox.log == [VENV, RUNTIME] * 2


def test_a_vanished_interpreter_leads_to_a_new_environment(sandbox: Sandbox) -> None:
    sandbox.python("python3", "3.12.1")
    set_up(sandbox)
    (sandbox.project / ".venv/bin/python").unlink()
    set_up(sandbox)
    assert sandbox.log == [VENV, RUNTIME] * 2


def test_one_set_up_at_a_time(sandbox: Sandbox) -> None:
    sandbox.python("python3", "3.12.1", pip="sleep 0.2")
    processes = [sandbox.start("setup") for _ in range(3)]
    for process in processes:
        process.communicate(timeout=SECONDS)
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sandbox.log == [VENV, RUNTIME]


def test_the_lock_of_a_dead_set_up_is_no_obstacle(sandbox: Sandbox) -> None:
    sandbox.python("python3", "3.12.1")
    (sandbox.project / ".venv.lock").symlink_to("99999999")
    set_up(sandbox)
    assert sandbox.log == [VENV, RUNTIME]


def test_an_unknown_argument(sandbox: Sandbox) -> None:
    result = sandbox.run("setup", "--fnid")
    assert result.returncode == 1
    assert "unknown argument: --fnid" in result.stderr
