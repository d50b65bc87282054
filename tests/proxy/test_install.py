"""Where the stream with rounds takes mitmproxy's place, and what is done where it cannot."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, cast

import codex_glm
import pytest
from codex_glm.proxy.inside_mitmproxy import rounds
from codex_glm.proxy.launch.simulation import Simulation
from codex_glm.proxy.turns.under_way import Turns
from mitmproxy import version
from mitmproxy.proxy.layers import http as layer

from .fake_upstream import CUT, WHOLE, FakeUpstream, chunk, chunked, reply
from .support import KEY, failure_code, last_event, served, turn_body, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codex_glm.proxy.addon import CodexGlm

    from .conftest import StartProxy
    from .fake_upstream import Reply, Seen
    from .support import ProxyThread

BUSY = reply(b'{"error":{"code":"1302","message":"m"}}', 429)
PLAIN = rounds.RoundStream.original


@pytest.fixture(autouse=True)
def plain_again() -> Iterator[None]:
    yield
    assert layer.HttpStream is PLAIN, "a proxy that ended gives mitmproxy its stream back"


@pytest.fixture
def unknown_mitmproxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "VERSION", "13.0.0")


def test_installed_and_given_back(start_proxy: StartProxy) -> None:
    proxy = start_proxy(glm_api_key=KEY)
    assert layer.HttpStream is rounds.RoundStream
    assert issubclass(rounds.RoundStream, PLAIN)
    assert rounds.RoundStream.turns is proxy.addon.turns.under_way
    proxy.addon.done()
    assert layer.HttpStream is PLAIN


@pytest.mark.parametrize("lacking", ["make_server_connection", "check_killed", "send_response"])
def test_a_mitmproxy_that_lacks_something_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, lacking: str
) -> None:
    class Lacking:
        pass

    for name in set(rounds._RELIED_ON) - {lacking}:
        setattr(Lacking, name, None)
    monkeypatch.setattr(rounds, "_ORIGINAL", Lacking)
    assert not rounds.install(Turns(Simulation()))
    assert layer.HttpStream is PLAIN
    assert lacking in caplog.text
    assert "retries are left to Codex" in caplog.text


@pytest.mark.parametrize("known", ["12.2.0", "12.3.7"])
def test_known_versions(monkeypatch: pytest.MonkeyPatch, known: str) -> None:
    monkeypatch.setattr(version, "VERSION", known)
    assert rounds.install(Turns(Simulation()))
    rounds.uninstall()


@pytest.mark.usefixtures("unknown_mitmproxy")
class TestFallback:
    """Hooks alone: errors are told so that Codex tries again, and nothing hangs."""

    @pytest.mark.parametrize(
        ("answer", "code", "status"),
        [
            (BUSY, "rate_limit_exceeded", 429),
            (reply(b"<html>", 502, "text/html"), "server_error", 502),
            (reply(b'{"error":{"code":"1308","message":"m"}}', 429), "invalid_prompt", 429),
            (chunked(chunk("Hel")), "server_error", 502),
            (chunked(), "server_error", 502),
        ],
    )
    def test_errors(self, start_proxy: StartProxy, answer: bytes, code: str, status: int) -> None:
        with FakeUpstream(answer) as glm:
            proxy = served(start_proxy, glm)
            streamed, whole = proxy.post(), proxy.post(turn_body(stream=False))
            assert len(glm.seen) == 2
        assert failure_code(streamed) == code
        assert whole.status_code == status
        assert set(whole.json()) == {"error"}
        assert proxy.flow().metadata["glm"]["outcome"] == "failed"
        assert layer.HttpStream is PLAIN

    def test_turns(self, start_proxy: StartProxy) -> None:
        with FakeUpstream(WHOLE) as glm:
            proxy = served(start_proxy, glm, glm_concurrency="1")
            with proxy.client() as client:
                for _ in range(3):
                    assert last_event(client.post("/v1/responses", json=turn_body()))
                whole = client.post("/v1/responses", json=turn_body(stream=False)).json()
            assert whole["status"] == "completed"
            assert {seen.connection for seen in glm.seen} == {1}

    def test_cuts_and_refusals_end(self, start_proxy: StartProxy) -> None:
        with FakeUpstream(end=CUT) as glm:
            proxy = served(start_proxy, glm)
            assert proxy.post().status_code == 502
            assert proxy.flow().metadata["glm"]["outcome"] == "failed"


def loaded_anew() -> CodexGlm:
    """Load the package as mitmproxy does on a change of the script."""
    script = Path(codex_glm.__file__).parents[1] / "glm.py"
    namespace: dict[str, object] = {"__file__": str(script)}
    exec(compile(script.read_text(), str(script), "exec"), namespace)
    *_, addon = cast("list[CodexGlm]", namespace["addons"])
    return addon


@pytest.fixture
def modules() -> Iterator[None]:
    """Keep the modules of the tests apart from those that a reload makes."""
    ours = {n: m for n, m in sys.modules.items() if n.partition(".")[0] == "codex_glm"}
    path = list(sys.path)
    yield
    for name in [n for n in sys.modules if n.partition(".")[0] == "codex_glm"]:
        del sys.modules[name]
    sys.modules.update(ours)
    sys.path[:] = path


def reload(proxy: ProxyThread) -> None:
    """Replace the addon of a running proxy, in the order in which mitmproxy does."""

    async def replace() -> None:
        scripts = proxy.master.addons.get("scriptloader")
        proxy.master.addons.remove(proxy.addon)
        scripts.addons.clear()
        proxy.addon = loaded_anew()
        scripts.addons.append(proxy.master.addons.register(proxy.addon))
        proxy.addon.configure({"glm_api_key"})

    proxy.run(replace())


def held_until(event: threading.Event, answer: bytes) -> Reply:
    """Hold a reply of GLM's back until something has happened."""

    def hold(_: Seen) -> bytes:
        assert event.wait(10)
        return answer

    return hold


@pytest.mark.usefixtures("modules")
@pytest.mark.filterwarnings("error:Two conflicting event classes")
def test_a_reload_keeps_one_level(start_proxy: StartProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLM_API_KEY", KEY)
    with FakeUpstream(WHOLE, BUSY, WHOLE) as glm:
        proxy = start_proxy(glm_api_base=glm.base_url)
        assert last_event(proxy.post())["type"] == "completed"
        for _ in range(3):
            reload(proxy)
        stream = layer.HttpStream
        assert stream is not rounds.RoundStream
        assert stream.__mro__[1] is PLAIN
        assert stream.original is PLAIN  # type: ignore[attr-defined]
        assert last_event(proxy.post())["type"] == "completed"
        assert len(glm.seen) == 3
        proxy.addon.done()


@pytest.mark.usefixtures("modules")
def test_a_key_of_an_option_stays_over_a_reload(start_proxy: StartProxy) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm)
        other = f"{KEY}2"
        for key in (KEY, other, ""):
            if key != KEY:
                proxy.set(glm_api_key=key)
            reload(proxy)
            answer = proxy.post()
            if key:
                assert last_event(answer)["type"] == "completed"
                assert glm.seen[-1].headers["authorization"] == f"Bearer {key}"
            else:
                assert failure_code(answer) == "invalid_prompt", "no key at all, and GLM not asked"
                assert len(glm.seen) == 2
            assert key not in repr(proxy.master.options) or not key
        proxy.addon.done()


@pytest.mark.usefixtures("modules")
def test_a_turn_that_waits_ends_with_its_addon(
    start_proxy: StartProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLM_API_KEY", KEY)
    reloaded = threading.Event()
    with FakeUpstream(held_until(reloaded, BUSY), WHOLE) as glm:
        proxy = start_proxy(glm_api_base=glm.base_url)
        answers = []
        asking = threading.Thread(target=lambda: answers.append(proxy.post()))
        asking.start()
        wait_until(lambda: glm.seen)
        reload(proxy)
        reloaded.set()
        asking.join(5)
        assert failure_code(answers[0]) == "server_error", "Codex may try again"
        assert last_event(proxy.post())["type"] == "completed"
        proxy.addon.done()


@pytest.mark.usefixtures("modules")
def test_a_turn_in_the_queue_goes_on_without_its_addon(
    start_proxy: StartProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLM_API_KEY", KEY)
    reloaded = threading.Event()
    with FakeUpstream(held_until(reloaded, WHOLE), WHOLE) as glm:
        proxy = start_proxy(glm_api_base=glm.base_url, glm_concurrency="1")
        turns, answers = proxy.addon.turns, []
        asking = [threading.Thread(target=lambda: answers.append(proxy.post())) for _ in range(3)]
        for each in asking:
            each.start()
        wait_until(lambda: glm.seen and len(turns.under_way) == 3)
        reload(proxy)
        reloaded.set()
        for each in asking:
            each.join(5)
        assert [last_event(each)["type"] for each in answers] == ["completed"] * 3
        proxy.addon.done()


def test_a_request_whose_head_came_before_a_reload_is_to_come_back(
    start_proxy: StartProxy,
) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm)
        proxy.addon._door._admitted = _Forgetful()  # type: ignore[assignment]
        answer = proxy.post()
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "proxy_reloaded")
        assert "x-should-retry" not in answer.headers
        assert glm.connections == 0


class _Forgetful(dict[str, object]):
    def __setitem__(self, key: str, value: object) -> None:
        """Forget, as a door does that was not there yet."""
