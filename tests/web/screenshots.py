"""`make screenshots`: the pictures of mitmweb that the README shows, over real turns."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

from codex_glm.simulator.scenarios import load_scenarios
from codex_glm.simulator.thread import SimulatorThread

from tests.e2e.codex import glm_codex

from .browser import Browser
from .conftest import SCENARIOS, SECONDS_A_CHUNK, WebProxy

HERE = Path(__file__).parent
SIZE = (1280, 690)


def take(browser: Browser, proxy: WebProxy, folder: Path) -> None:
    """Let Codex work, and take a picture in mid-stream and one of a turn that has ended."""
    browser.open(proxy.page)
    browser.evaluate("location.hash = '#/flows'")
    codex = glm_codex(folder / "codex", proxy.base)
    codex.exec("create hello.py that prints hello and run it")
    told = threading.Thread(target=codex.exec, args=["tell me a long story"], daemon=True)
    told.start()
    turn = "[...document.querySelectorAll('.flow-table tr')].find(e => e.textContent.includes('~'))"
    browser.wait_for(f"!!{turn}")
    browser.press(".flow-table tr", "~")
    browser.press(".nav-tabs a", "Response")
    browser.wait_for(f"{turn}.textContent.includes('text ~1')")
    time.sleep(0.5)  # for the picture alone: the page draws what it has got
    browser.screenshot(HERE / "live.png")
    told.join()
    browser.press(".flow-table tr", "exec_command")
    browser.press(".nav-tabs a", "Response")
    time.sleep(0.5)
    browser.screenshot(HERE / "turn.png")


def main() -> None:
    """Take all pictures."""
    scenarios = [*load_scenarios(SCENARIOS), *load_scenarios()]
    with (
        tempfile.TemporaryDirectory() as name,
        SimulatorThread(scenarios, pace=SECONDS_A_CHUNK) as glm,
        WebProxy(Path(name) / "proxy", glm) as proxy,
        Browser(Path(name) / "browser", SIZE) as browser,
    ):
        take(browser, proxy, Path(name))


if __name__ == "__main__":
    main()
