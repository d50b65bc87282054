"""What mitmproxy shows of a turn: the content views, the commands, the terminal's line."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from codex_glm.proxy.shown import prefixes, views
from codex_glm.proxy.shown.terminal import shows_colours
from mitmproxy import contentviews
from mitmproxy.addons.termlog import TermLog
from mitmproxy.addons.view import View
from mitmproxy.exceptions import CommandError
from mitmproxy.http import HTTPFlow
from mitmproxy.test import taddons, tflow

from .fake_upstream import CUT, FakeUpstream, chunk, chunked
from .support import KEY, codex_request, served, turn_body, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import StartProxy
    from .support import ProxyThread

EXPLICIT = ("GLM request", "GLM response", "Codex events", "GLM diff", "GLM thread")
THREAD = {"thread-id": "01980000-aaaa-7bbb-8ccc-ddddeeeeffff"}


def shown(flow: HTTPFlow, side: str, view: str = "auto") -> tuple[str, str | None]:
    result = contentviews.prettify_message(getattr(flow, side), flow, view)
    assert result.syntax_highlight != "error", result.text
    return result.text, result.view_name


def test_the_turn_is_shown_by_itself(proxy: ProxyThread) -> None:
    proxy.post(codex_request("first-turn-gpt-5.5"))
    flow = proxy.flow()
    asked, view = shown(flow, "request")
    assert view == "GLM turn"
    assert asked.startswith("gpt-5.5 → glm-5.3 · effort")
    assert "NEW IN THIS TURN" in asked
    answered, view = shown(flow, "response")
    assert view == "GLM turn"
    assert answered.startswith("COMPLETED · glm-5.3")


@pytest.mark.parametrize("view", EXPLICIT)
@pytest.mark.parametrize("side", ["request", "response"])
def test_the_other_views_are_there_for_both_sides(proxy: ProxyThread, view: str, side: str) -> None:
    proxy.post()
    text, name = shown(proxy.flow(), side, view)
    assert name == view
    assert text.count("\n") >= 2
    saved = HTTPFlow.from_state(proxy.flow().get_state())
    assert isinstance(saved, HTTPFlow)
    assert shown(saved, side, view) == (text, name)


def test_a_failed_turn_is_shown(start_proxy: StartProxy) -> None:
    with FakeUpstream(chunked(chunk("Hello."), ended=False), end=CUT) as glm:
        proxy = served(start_proxy, glm, glm_retries="0")
        proxy.post()
        text, _ = shown(proxy.flow(), "response")
    assert text.startswith("FAILED · glm-5.3")
    assert "Hello." in text


def test_other_flows_keep_their_views() -> None:
    views.register()
    flow = tflow.tflow(resp=True)
    assert shown(flow, "response")[1] != "GLM turn"
    for view in EXPLICIT:
        assert "no turn" in shown(flow, "response", view)[0]


def test_registering_again_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    views.register()
    with caplog.at_level("INFO"):
        views.register()
    assert caplog.records == []


def test_the_second_request_of_a_thread_is_compared(proxy: ProxyThread) -> None:
    first = turn_body(instructions="Today is Monday.")
    proxy.post(first, headers=THREAD)
    proxy.post(turn_body(instructions="Today is Tuesday."), headers=THREAD)
    wait_until(lambda: len(proxy.flows) == 2)
    before, after = (flow.metadata["glm"]["prefix"] for flow in proxy.flows)
    assert before == {}
    assert after["place"] == "system text"
    assert (after["old"], after["new"]) == ("Today is Monday.", "Today is Tuesday.")
    json.dumps(after)


class _Context:
    def __init__(self, name: str) -> None:
        self.kind = type("Kind", (), {"name": ""})()
        self.seal_key = name.encode()


class _Turn:
    def __init__(self, thread: str, size: int = 10, key: str = "") -> None:
        self.thread = thread
        self.context = _Context(key)
        self.exchange = type("Exchange", (), {"request": b"x" * size})()


def test_prefixes_are_bounded_and_never_shared() -> None:
    kept: Any = prefixes.Prefixes(most=2, most_bytes=100)
    chat = {"messages": [{"role": "user", "content": "hi"}]}
    assert kept.compare(_Turn(""), chat) == {}
    assert kept.compare(_Turn("a"), chat) == {}
    assert kept.compare(_Turn("a"), chat)["kept"] == 1
    assert kept.compare(_Turn("a", key="of another"), chat) == {}
    assert kept.compare(_Turn("c"), chat) == {}
    assert kept.compare(_Turn("a"), chat) == {}, "it had to go"
    assert kept.compare(_Turn("d", size=1000), chat) == {}
    assert kept.compare(_Turn("d", size=1000), chat) == {}, "it is larger than all that is kept"


def run(proxy: ProxyThread, line: str) -> list[str]:
    async def execute() -> list[str]:
        lines: list[str] = proxy.master.commands.execute(line)
        return lines

    return proxy.run(execute())


@pytest.fixture
def seen(proxy: ProxyThread) -> ProxyThread:
    """Give a proxy with a view, as mitmweb and the console have one, and three turns in it."""

    async def add() -> None:
        proxy.master.addons.add(View())

    proxy.run(add())
    proxy.post(codex_request("first-turn-gpt-5.5"), headers=THREAD)
    proxy.post(codex_request("exec-command-followup"), headers=THREAD)
    proxy.post()
    with proxy.client() as client:
        client.get("/health")
    wait_until(lambda: len(proxy.flows) == 4)
    return proxy


def test_stats(seen: ProxyThread) -> None:
    lines = run(seen, "glm.stats")
    assert lines[1].split()[:3] == ["all", "turns", "3"]
    assert any(line.startswith(THREAD["thread-id"]) for line in lines)
    assert any(line.startswith("glm-5.3 ") for line in lines)
    assert run(seen, "glm.stats ~marked") == ["no turns"]


def test_diff(seen: ProxyThread) -> None:
    text = "\n".join(run(seen, "glm.diff"))
    assert "say hello" in text
    assert "= message 1 (user)" in text


def test_thread(seen: ProxyThread) -> None:
    text = "\n".join(run(seen, "glm.thread '~h thread-id'"))
    assert text.startswith(f"thread {THREAD['thread-id']}")
    assert text.count("━━") == 2
    assert "say hello" not in text


def test_cache(seen: ProxyThread) -> None:
    assert run(seen, "glm.cache")[0].startswith("no earlier request")
    assert run(seen, "glm.cache '~h thread-id'")[0].startswith("changed first in")


def test_save(seen: ProxyThread, tmp_path: Path) -> None:
    written = run(seen, f"glm.save {tmp_path} '~h thread-id'")
    assert [line.rpartition(".")[2] for line in written] == ["json", "sse", "sse"]
    kept = "".join(path.read_text() for path in tmp_path.rglob("*.*"))
    assert KEY not in kept
    assert THREAD["thread-id"] not in kept
    request = json.loads(next(tmp_path.glob("codex/*.json")).read_text())
    assert request["body"]["model"] == codex_request("exec-command-followup")["model"]


def test_save_says_why_it_cannot(seen: ProxyThread, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="file"):
        run(seen, f"glm.save {tmp_path / 'file'}")


def test_a_command_says_that_there_is_no_turn(seen: ProxyThread) -> None:
    with pytest.raises(CommandError, match="no turn"):
        run(seen, "glm.diff @marked")


def test_the_line(proxy: ProxyThread, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="glm"):
        proxy.post(headers=THREAD)
        wait_until(lambda: caplog.records)
    line = caplog.records[-1].message
    assert line.startswith("✓  eeffff  gpt-5 → glm-5.3")
    assert "\x1b" not in line, "only a terminal gets colours"


class EventStore:
    """What mitmweb and the console have; found by its name."""


@pytest.mark.parametrize(
    ("terminal", "eventlog", "environment", "coloured"),
    [
        (True, False, {}, True),
        (False, False, {}, False),
        (True, True, {}, False),
        (True, False, {"NO_COLOR": "1"}, False),
    ],
    ids=["terminal", "file", "mitmweb", "NO_COLOR"],
)
def test_colours_are_for_terminals(
    monkeypatch: pytest.MonkeyPatch,
    terminal: bool,
    eventlog: bool,
    environment: dict[str, str],
    coloured: bool,
) -> None:
    with taddons.context() as context:
        log = TermLog(io.StringIO())
        log.logger.has_vt_codes = terminal
        context.master.addons.add(log, *([EventStore()] if eventlog else []))
        monkeypatch.delenv("NO_COLOR", raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert shows_colours() == coloured
        log.uninstall()


def test_a_view_outlives_a_broken_record() -> None:
    views.register()
    flow = tflow.tflow(resp=True)
    for kept in (None, 7, {}, {"rounds": [{}], "usage": [1, 2]}):
        flow.metadata["glm"] = kept
        for side in ("request", "response"):
            for view in ("auto", *EXPLICIT):
                shown(flow, side, view)
