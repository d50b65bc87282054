"""What the kernel tells of a process (Linux)."""

from __future__ import annotations

import re
from pathlib import Path


def _status(pid: int, name: str) -> int:
    text = Path(f"/proc/{pid}/status").read_text("ascii")
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    assert found, name
    return int(found[1]) // 1024


def memory(pid: int) -> int:
    """Give the resident memory in megabytes."""
    return _status(pid, "VmRSS")


def peak(pid: int) -> int:
    """Give the most that it ever was, or since `reset_peak`."""
    return _status(pid, "VmHWM")


def reset_peak(pid: int) -> None:
    """Let the peak begin anew; see proc_pid_clear_refs(5)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")


def open_files(pid: int) -> int:
    """Count the file descriptors."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
