"""The page of mitmweb over turns of a real Codex: list, views, growth, commands, downloads."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from codex_glm.proxy.config.api_key import PLACEHOLDER
from codex_glm.proxy.shown.rows import ROWS, SIDE_OF
from mitmproxy.io import FlowReader

from tests.e2e.codex import TOKEN, Result, clean_environment, glm_codex
from tests.e2e.conftest import GLM_KEY
from tests.e2e.proxy_process import SECONDS, tool

if TYPE_CHECKING:
    from pathlib import Path

    from codex_glm.simulator.thread import SimulatorThread
    from mitmproxy.http import HTTPFlow

    from .browser import Browser
    from .conftest import WebProxy

ROW_TEXTS = "[...document.querySelectorAll('.flow-table tbody tr')].map(e => e.innerText)"
CONTENT = (
    "(document.querySelector('.contentview .cm-content, .contentview pre') || {innerText: ''})"
    ".innerText"
)
FLOW_MENU = "header nav a:last-of-type"
LAST_WORDS = "until the very last one."


class Watched(NamedTuple):
    """What was seen while GLM told its story."""

    lengths: list[int]
    """Characters of the open response, each time that there were more."""
    comments: list[str]
    """What the list said of the turn, each time that it changed."""
    result: Result


def rows(browser: Browser) -> list[str]:
    """Give the texts of the rows in the list, cells with tabs between."""
    return [row for row in browser.evaluate(ROW_TEXTS) if row.strip()]


def comment(browser: Browser, path: str) -> str:
    found = [row.split("\t")[2] for row in rows(browser) if path in row]
    return str(found[0]).strip() if found else ""


@pytest.fixture(scope="module")
def watched(browser: Browser, web: WebProxy, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """Let Codex ask for the story, and look at the page while it comes."""
    done: list[Result] = []
    codex = glm_codex(tmp_path_factory.mktemp("codex"), web.base)
    asking = threading.Thread(
        target=lambda: done.append(codex.exec("tell me a long story")), daemon=True
    )
    asking.start()
    browser.press(".flow-table tr", "/v1/responses")
    browser.press(".nav-tabs a", "Response")
    lengths, comments = [0], [""]
    while asking.is_alive():
        length, told = len(browser.evaluate(CONTENT)), comment(browser, "/v1/responses")
        lengths += [length] if length > lengths[-1] else []
        comments += [told] if told != comments[-1] else []
        time.sleep(0.1)
    assert done, "Codex did not end"
    browser.wait_for(f"({ROW_TEXTS}).some(row => row.includes('→'))")
    return Watched(lengths[1:], comments[1:], done[0])


def test_the_open_response_grows(watched: Watched) -> None:
    assert watched.result.code == 0, watched.result.said
    assert len(watched.lengths) > 5
    assert watched.lengths[-1] - watched.lengths[0] > 200


def test_the_comment_tells_what_glm_is_at(watched: Watched) -> None:
    counts = [int(told.rpartition("~")[2]) for told in watched.comments if "text ~" in told]
    assert len(counts) > 5
    assert counts == sorted(counts)


def test_the_list(browser: Browser, watched: Watched) -> None:
    models, turn, row = rows(browser)
    assert browser.evaluate("document.querySelectorAll('.fa-exclamation').length") == 0
    assert "/v1/models" in models
    assert "/v1/responses" in turn
    assert "→" in turn
    assert "/chat/completions" in row
    assert "GLM side of" in row


def test_the_turn_is_readable(browser: Browser, watched: Watched) -> None:
    browser.press(".flow-table tr", "/v1/responses")
    browser.press(".nav-tabs a", "Response")
    browser.wait_for(f"({CONTENT}).includes({json.dumps(LAST_WORDS)})")
    assert "GLM turn" in browser.evaluate("document.querySelector('.contentview').innerText")


def test_glms_row_is_native(browser: Browser, watched: Watched) -> None:
    browser.press(".flow-table tr", "/chat/completions")
    browser.press(".nav-tabs a", "Request")
    browser.wait_for(f"({CONTENT}).includes('messages')")
    page = browser.evaluate("document.body.innerText")
    assert f"Bearer {PLACEHOLDER}" in page
    browser.press(".nav-tabs a", "Response")
    browser.wait_for(f"({CONTENT}).includes('data:')")


def test_the_command_bar(browser: Browser, watched: Watched) -> None:
    browser.press("nav a", "Options")
    browser.press("label", "Display Command Bar")
    browser.wait_for("!!document.querySelector('.command-input input')")
    browser.evaluate("document.querySelector('.command-input input').focus()")
    browser.write("glm.stats\n")
    browser.wait_for("document.querySelector('.command-result').innerText.includes('glm-5.3')")
    browser.press("label", "Display Command Bar")


def test_download(browser: Browser, watched: Watched, tmp_path: Path) -> None:
    browser.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    browser.press("nav a", "File")
    browser.press("a", "Save")
    end = time.monotonic() + SECONDS
    while not (saved := tmp_path / "flows").exists():
        assert time.monotonic() < end, list(tmp_path.iterdir())
        time.sleep(0.05)
    flows = read(saved)
    turn, row = flows[-2:]
    assert row.metadata[SIDE_OF] == turn.id
    assert turn.metadata[ROWS] == [row.id]


def test_no_secret_anywhere(
    browser: Browser, web: WebProxy, watched: Watched, tmp_path: Path
) -> None:
    har, dump = tmp_path / "all.har", tmp_path / "all.flow"
    web.command("save.har", "@all", str(har))
    web.command("save.file", "@all", str(dump))
    ids = [flow.id for flow in read(dump)]
    curls = [str(web.command("export", "curl", f"@{one}")) for one in ids]
    texts = {
        "frames": "\n".join(browser.frames),
        "har": har.read_text(),
        "dump": dump.read_bytes().decode("latin-1"),
        "streamed dump": web.dump.read_bytes().decode("latin-1"),
        "curl": "\n".join(curls),
        "log": web.output,
        "page": browser.evaluate("document.documentElement.outerHTML"),
        "options": str(browser.evaluate("fetch('options.json').then(r => r.text())")),
        "flows": str(browser.evaluate("fetch('flows.json').then(r => r.text())")),
        "events": str(browser.evaluate("fetch('events.json').then(r => r.text())")),
    }
    assert len(browser.frames) > 10
    for name in ("frames", "har", "dump", "curl", "flows"):
        assert PLACEHOLDER in texts[name].replace("&lt;", "<"), f"GLM's row is not in: {name}"
    secrets = (GLM_KEY, GLM_KEY.partition(".")[2], TOKEN)
    assert [(n, s) for n, text in texts.items() for s in secrets if s in text] == []


@pytest.mark.parametrize("addon", [True, False], ids=["with-addon", "without"])
def test_a_saved_file(web: WebProxy, watched: Watched, tmp_path: Path, *, addon: bool) -> None:
    saved = tmp_path / "all.flow"
    web.command("save.file", "@all", str(saved))
    command = tool("mitmdump") if addon else tool("mitmdump")[:1]
    options = ["-n", "-r", str(saved), "--set", "flow_detail=4", "--set", f"confdir={tmp_path}"]
    given = clean_environment(tmp_path, {"GLM_API_KEY": GLM_KEY})
    shown = subprocess.run(
        [*command, *options],
        check=False,
        env=given,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert (shown.returncode, shown.stderr) == (0, "")
    assert ("THINKING" in shown.stdout) == addon
    assert "/v1/responses" in shown.stdout
    assert "/chat/completions" in shown.stdout
    assert "Traceback" not in shown.stdout


def test_replay(
    browser: Browser, web: WebProxy, glm: SimulatorThread, watched: Watched, tmp_path: Path
) -> None:
    asked = len(glm.received)
    browser.press(".flow-table tr", "/chat/completions")
    browser.press(FLOW_MENU, "Flow")
    browser.press("button", "Replay")
    browser.wait_for(f"({ROW_TEXTS}).some(row => row.includes('409'))")
    assert len(glm.received) == asked, "GLM's row is answered here"
    browser.press(".flow-table tr", "/v1/responses")
    browser.press(FLOW_MENU, "Flow")
    browser.press("button", "Replay")
    browser.wait_for(f"({ROW_TEXTS}).filter(row => row.includes('GLM side of')).length === 2")
    ended = r"/\/v1\/responses\t[\d.]+k→/"  # how many tokens depends on where the test runs
    browser.wait_for(f"({ROW_TEXTS}).some(row => {ended}.test(row))")
    assert len(glm.received) == asked + 1
    assert glm.received[-1].body == glm.received[-2].body


def read(path: Path) -> list[HTTPFlow]:
    with path.open("rb") as file:
        flows: list[Any] = list(FlowReader(file).stream())
    return flows
