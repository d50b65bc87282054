"""What the lock files hold."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from .conftest import PROJECT

LOCKS = ("requirements.lock", "requirements-test.lock")
REQUIREMENT = re.compile(r"([a-z0-9-]+)==(\S+)( ; .*)?")


def requirements(lock: str) -> list[str]:
    text = (PROJECT / lock).read_text().replace("\\\n", "")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def pins(lock: str) -> set[tuple[str, str]]:
    matches = [REQUIREMENT.match(line) for line in requirements(lock)]
    return {(match[1], match[2]) for match in matches if match}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_hashed(lock: str) -> None:
    lines = requirements(lock)
    assert lines
    for line in lines:
        requirement, *hashes = line.split("--hash=")
        assert REQUIREMENT.fullmatch(requirement.strip()), line
        assert hashes, line
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", entry.strip()) for entry in hashes)


@pytest.mark.parametrize("lock", LOCKS)
def test_no_place_is_named(lock: str) -> None:
    text = (PROJECT / lock).read_text()
    assert not re.search(r"://|file:|--index|--extra|--find-links| @ |/", text)


def test_the_lock_of_the_tests_holds_the_other_one() -> None:
    assert pins(LOCKS[0]) <= pins(LOCKS[1])


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    runtime = project["project"]["dependencies"]
    for lock, wanted in zip(
        LOCKS, (runtime, runtime + project["dependency-groups"]["test"]), strict=True
    ):
        names = {re.split(r"[<>=\[ ]", entry)[0].replace(".", "-") for entry in wanted}
        assert names <= {name for name, _ in pins(lock)}


def test_the_lock_of_node_pins_hashes_and_names_no_place() -> None:
    folder = PROJECT / "tests/clients/node"
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    assert packages.pop("")["dependencies"] == wanted
    assert {f"node_modules/{name}" for name in wanted} <= set(packages)
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
