"""What the proxy is made of is set aside from Python's garbage collector."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

from codex_glm.proxy.launch.heap import Heap

from .support import wait_until
from .test_process import SINK, change, copied_addon, tool

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["copied_addon"]

TELL = """
import asyncio, gc
async def tell():
    await asyncio.sleep(0)
    left = len(gc.get_objects())
    print("left:", "little" if left < 5000 < gc.get_freeze_count() else "much", flush=True)
def running():
    global telling
    telling = asyncio.ensure_future(tell())
"""


def test_objects_are_set_aside_and_given_back() -> None:
    heap, one = Heap(), [object()]
    heap.running()
    try:
        assert gc.get_freeze_count() > 0
        assert not any(one is each for each in gc.get_objects())
    finally:
        heap.done()
    assert gc.get_freeze_count() == 0
    assert any(one is each for each in gc.get_objects())


class Circle:
    """Something that only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


def test_what_a_reload_leaves_behind_is_freed() -> None:
    first, second, loaded = Heap(), Heap(), Circle()
    left = weakref.ref(loaded)
    first.running()
    try:
        del loaded
        first.done()
        second.running()
        assert left() is None
    finally:
        second.done()


def test_in_a_real_process_also_after_a_reload(tmp_path: Path, copied_addon: Path) -> None:
    probe, script = tmp_path / "tell.py", copied_addon / "glm.py"
    probe.write_text(TELL)
    with tool(tmp_path, "--mode", SINK, "-s", str(probe), addon=copied_addon) as started:
        wait_until(lambda: "left: little" in started.output)
        change(script, script.read_text())
        wait_until(lambda: started.output.count("Loading script") == 3, 20)
        change(probe, TELL)
        wait_until(lambda: started.output.count("left: little") == 2, 20)
    assert "left: much" not in started.output
