"""A machine without a way out, and a record of every attempt to leave it.

The programs run in a network namespace that has a loopback device alone, and under strace, which
sees each address that they hand to the kernel: also of attempts that fail at once. Where a kernel
forbids namespaces, the record alone has to do; it misses nothing by that.
"""

from __future__ import annotations

import ipaddress
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_CALLS = "connect,sendto,sendmsg,sendmmsg,io_uring_setup"
"""What an address can be handed over by; io_uring would go past strace, so nobody may use it."""

_CALL = re.compile(r"^(?P<pid>\d+) +(?P<name>\w+)\((?P<rest>.*)$")
_NUMBER = re.compile(r"sin6?_port=htons\((\d+)\)")
_ADDRESS = re.compile(r"inet_(?:addr\(|pton\(AF_INET6, )\"([^\"]+)\"")
_RESOLVERS = (
    "/var/run/nscd/socket",
    "/run/systemd/resolve/io.systemd.Resolve",
    "/run/avahi-daemon/socket",
)
"""Services on this machine that would look a name up elsewhere. Where they do not run, programs may
still ask for them, in vain: shells do, for the name of the user."""


@dataclass(frozen=True)
class Attempt:
    """One call that names a place: `127.0.0.1:80`, or the path of a resolver's socket."""

    pid: int
    place: str
    leaves: bool
    """Whether it goes beyond this machine, by a look-up of a name too."""


def isolated(command: list[str], record: Path) -> list[str]:
    """Give the command that runs another one like that; the attempts go into `record`."""
    traced = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-s",
        "256",
        "-e",
        f"trace={_CALLS}",
        "-e",
        "signal=none",
    ]
    namespace = ["unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    return [*(namespace if _namespaces() else []), *traced, "-o", str(record), "--", *command]


@cache
def _namespaces() -> bool:
    probe = ["unshare", "-rn", "ip", "link", "set", "lo", "up"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def attempts(record: Path) -> list[Attempt]:
    """Read all attempts of a record; raises AssertionError for what it could not have seen."""
    found = [one for line in record.read_text("utf-8").splitlines() for one in _read(line)]
    assert found, "strace saw nothing at all"
    return found


def _read(line: str) -> list[Attempt]:
    matched = _CALL.match(line)
    if not matched:
        return []
    assert matched["name"] != "io_uring_setup", line
    rest, pid = matched["rest"], int(matched["pid"])
    asked = [path for path in _RESOLVERS if path in rest and Path(path).exists()]
    found = [Attempt(pid, path, leaves=True) for path in asked]
    for address, port in zip(_ADDRESS.findall(rest), _NUMBER.findall(rest), strict=True):
        leaves = port == "53" or not ipaddress.ip_address(address).is_loopback
        found.append(Attempt(pid, f"{address}:{port}", leaves))
    return found
