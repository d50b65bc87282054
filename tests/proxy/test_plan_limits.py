"""The limits of a plan: asked beside the turns, told in headers, /health and the record."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from codex_glm.proxy.config.api_key import FROM_CLIENT, ApiKey
from codex_glm.proxy.turns import plan_limits
from codex_glm.proxy.turns.plan_limits import PlanLimits
from codex_glm.proxy.turns.upstream import Upstream
from codex_glm.sidecalls.client import SideCallError
from codex_glm.simulator.plan import Plan, PlanWindow
from codex_glm.simulator.scenarios import load_scenarios
from codex_glm.simulator.thread import SimulatorThread
from codex_glm.translation.quota import Quota, Window

from .support import KEY, ProxyThread, turn_body, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codex_glm.sidecalls.client import SideClient

    from .conftest import StartProxy

BASE = "https://api.z.ai/api/coding/paas/v4"
PRIMARY = "x-codex-primary-used-percent"
OTHER_KEY = "fedcba9876543210.AnotherSecretOfGlm"
LATER = 4_000_000_000


@pytest.fixture
def glm() -> Iterator[SimulatorThread]:
    with SimulatorThread(load_scenarios()) as running:
        yield running


def served(start_proxy: StartProxy, glm: SimulatorThread, **options: object) -> ProxyThread:
    """Start a proxy, and wait for its first look at the plan."""
    proxy = start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY, **options)
    wait_until(lambda: plans(proxy) and plans(proxy)[0]["asked"])
    wait_until(lambda: plans(proxy)[0]["windows"] or plans(proxy)[0]["note"])
    return proxy


def plans(proxy: ProxyThread) -> list[dict[str, object]]:
    with proxy.client() as client:
        return list(client.get("/health").json()["plans"])


def used(response: httpx.Response) -> str:
    return str(response.headers.get(PRIMARY, ""))


def test_every_kind_of_reply_tells_it(start_proxy: StartProxy, glm: SimulatorThread) -> None:
    proxy = served(start_proxy, glm)
    for body in (
        turn_body(),
        turn_body(stream=False),
        turn_body(input="simulate error 1308"),
        turn_body(input="simulate error 1308", stream=False),
    ):
        response = proxy.post(body)
        headers = {k: v for k, v in response.headers.items() if k.startswith("x-codex-")}
        for side, percent, minutes in (("primary", "42", "300"), ("secondary", "17", "10080")):
            assert headers.pop(f"x-codex-{side}-used-percent") == percent
            assert headers.pop(f"x-codex-{side}-window-minutes") == minutes
            assert int(headers.pop(f"x-codex-{side}-reset-at")) > time.time()
        assert headers == {}
    assert all(not asked.violations for asked in glm.plan_asked)


def test_health_and_record(start_proxy: StartProxy, glm: SimulatorThread) -> None:
    proxy = served(start_proxy, glm)
    proxy.post()
    (plan,) = plans(proxy)
    windows = plan.pop("windows")
    assert plan == {
        "base": glm.base_url,
        "key": "option glm_api_key",
        "plan": "simulator",
        "asked": 1,
        "note": "",
    }
    (turn,) = [each.metadata["glm"] for each in proxy.flows if "glm" in each.metadata]
    assert turn["plan"] == windows
    assert isinstance(windows, list)
    assert [(each["minutes"], each["used_percent"]) for each in windows] == [(300, 42), (10080, 17)]


def test_a_used_up_plan_is_asked_for_at_once(start_proxy: StartProxy, glm: SimulatorThread) -> None:
    proxy = served(start_proxy, glm)
    glm.set_plan(Plan("pro", (PlanWindow("TOKENS_LIMIT", 3, 5, 100, resets_in=60),)))
    assert used(proxy.post(turn_body(input="simulate error 1308"))) == "42"
    wait_until(lambda: plans(proxy)[0]["plan"] == "pro")
    assert used(proxy.post()) == "100"
    assert len(glm.plan_asked) == 2


def test_two_keys_never_meet(start_proxy: StartProxy, glm: SimulatorThread) -> None:
    proxy = start_proxy(glm_api_base=glm.base_url)
    first, second = ({"authorization": f"Bearer {key}"} for key in (KEY, OTHER_KEY))
    assert used(proxy.post(headers=first)) == ""
    wait_until(lambda: used(proxy.post(headers=first)) == "42")
    glm.set_plan(Plan("pro", (PlanWindow("TOKENS_LIMIT", 3, 5, 7),)))
    assert used(proxy.post(headers=second)) == ""
    wait_until(lambda: used(proxy.post(headers=second)) == "7")
    assert used(proxy.post(headers=first)) == "42"
    keys = [asked.headers["authorization"] for asked in glm.plan_asked]
    assert keys == [f"Bearer {KEY}", f"Bearer {OTHER_KEY}"]
    assert plans(proxy) == [], "what a client has used is not everybody's business"


@pytest.mark.parametrize(
    ("path", "wanted"), [("/api/coding/paas/v4", False), ("/api/paas/v4", True)]
)
def test_it_is_not_asked(
    start_proxy: StartProxy, glm: SimulatorThread, path: str, *, wanted: bool
) -> None:
    base = glm.base_url.removesuffix("/api/coding/paas/v4") + path
    proxy = start_proxy(glm_api_base=base, glm_api_key=KEY, glm_quota=wanted)
    assert used(proxy.post()) == used(proxy.post()) == ""
    assert glm.plan_asked == []


def test_it_can_be_switched_off(start_proxy: StartProxy, glm: SimulatorThread) -> None:
    proxy = served(start_proxy, glm)
    proxy.set(glm_quota=False)
    assert used(proxy.post()) == ""


def test_an_unknown_answer_is_said_once(
    start_proxy: StartProxy, glm: SimulatorThread, caplog: pytest.LogCaptureFixture
) -> None:
    glm.set_plan(Plan("", (), answer={"code": 200, "success": True, "data": {"limits": None}}))
    with caplog.at_level(logging.WARNING, "glm"):
        proxy = served(start_proxy, glm)
        assert used(proxy.post()) == used(proxy.post()) == ""
    assert "not known" in str(plans(proxy)[0]["note"])
    assert len([each for each in caplog.records if "account of the plan" in each.message]) == 1
    assert KEY not in caplog.text


def usage(proxy: ProxyThread, path: str, **headers: str) -> httpx.Response:
    """Ask for it as through a forward proxy, without its TLS."""
    with httpx.Client(proxy=proxy.url, trust_env=False) as client:
        return client.get(f"http://chatgpt.com{path}", headers=headers)


def test_the_usage_of_a_login(start_proxy: StartProxy, glm: SimulatorThread) -> None:
    proxy = served(start_proxy, glm, mode=["regular@127.0.0.1:0"])
    told = usage(proxy, "/backend-api/wham/usage", authorization="Bearer of.openai.s")
    windows = told.json()["rate_limit"]
    sides = [windows[f"{side}_window"] for side in ("primary", "secondary")]
    assert [(each["used_percent"], each["limit_window_seconds"]) for each in sides] == [
        (42, 18000),
        (17, 604800),
    ]
    assert usage(proxy, "/backend-api/wham/usages").status_code == 404
    proxy.set(glm_quota=False)
    assert usage(proxy, "/backend-api/wham/usage").status_code == 404


def test_in_reverse_mode_nobody_is_told(start_proxy: StartProxy, glm: SimulatorThread) -> None:
    proxy = served(start_proxy, glm)
    with proxy.client() as client:
        assert client.get("/wham/usage", headers={"host": "chatgpt.com"}).status_code in (403, 404)


class Asked:
    """Answers in GLM's place, under a clock of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.count = 1000.0, 0
        self.answer: Quota | SideCallError = Quota((Window(300, 5, LATER),), "pro", ())
        self.held: asyncio.Event | None = None
        monkeypatch.setattr(plan_limits, "ask_quota", self.ask)

    def limits(self) -> PlanLimits:
        return PlanLimits(lambda: self.now)

    async def ask(self, _client: SideClient) -> Quota:
        self.count += 1
        if self.held:
            await self.held.wait()
        if isinstance(self.answer, SideCallError):
            raise self.answer
        return self.answer


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(monkeypatch)


def place(key: str = KEY, base: str = BASE) -> Upstream:
    return Upstream(base, ApiKey(key, "here"))


async def look(limits: PlanLimits, *, anew: bool = False, key: str = KEY) -> None:
    limits.look(place(key), anew=anew)
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def test_it_is_asked_once_a_minute(asked: Asked) -> None:
    async def script() -> None:
        limits = asked.limits()
        for wait, count in ((0, 1), (30, 1), (29, 1), (2, 2), (1, 2)):
            asked.now += wait
            await look(limits)
            assert asked.count == count
        await look(limits, anew=True)
        assert asked.count == 3
        assert limits.windows(place()) == (Window(300, 5, LATER),)
        asked.now += plan_limits.OLDEST_SECONDS + 1
        assert limits.windows(place()) == (), "too old to be told"

    asyncio.run(script())


def test_nothing_waits_for_it(asked: Asked) -> None:
    async def script() -> None:
        limits, asked.held = asked.limits(), asyncio.Event()
        for _ in range(3):
            await look(limits)
        assert limits.windows(place()) == ()
        assert asked.count == 1
        limits.stop()

    asyncio.run(script())


def test_errors_are_asked_about_ever_more_rarely(
    asked: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    async def script() -> None:
        limits = asked.limits()
        asked.answer = SideCallError("401", "expired\x1b[31m\nmore", 200)
        pauses = []
        for _ in range(8):
            await look(limits)
            before, count = asked.now, asked.count
            while asked.count == count:
                asked.now += 30
                await look(limits, anew=True)
            pauses.append(asked.now - before)
            asked.count -= 1
        assert pauses == sorted(pauses)
        assert pauses[0] >= 2 * plan_limits.FRESH_SECONDS
        assert pauses[-1] == plan_limits.LONGEST_PAUSE
        asked.answer = Quota((Window(300, 6, None),), "", ())
        asked.now += plan_limits.LONGEST_PAUSE
        await look(limits)
        assert limits.windows(place()) == (Window(300, 6, None),)
        assert limits.told()[0]["note"] == ""

    with caplog.at_level(logging.WARNING, "glm"):
        asyncio.run(script())
    (said,) = [each.message for each in caplog.records]
    assert "\x1b" not in said


def test_a_window_that_began_anew_is_not_told(asked: Asked) -> None:
    async def script() -> None:
        asked.answer = Quota((Window(300, 5, int(time.time()) - 1), Window(60, 1, None)), "", ())
        limits = asked.limits()
        await look(limits)
        assert limits.windows(place()) == (Window(60, 1, None),)

    asyncio.run(script())


def test_few_accounts_are_kept(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_limits, "_MOST_ACCOUNTS", 2)

    async def script() -> None:
        limits = asked.limits()
        for key in ("a", "b", "c"):
            await look(limits, key=key)
        assert [bool(limits.windows(place(key))) for key in ("a", "b", "c")] == [False, True, True]
        asked.held = asyncio.Event()
        await look(limits, key="d")
        await look(limits, key="e")
        await look(limits, key="f")
        limits.stop()

    asyncio.run(script())


def test_no_secret_is_told(asked: Asked) -> None:
    async def script() -> None:
        limits = asked.limits()
        await look(limits)
        client = Upstream(BASE, ApiKey(OTHER_KEY, FROM_CLIENT))
        limits.look(client)
        limits.look(place(base="https://api.z.ai/api/paas/v4"))
        await asyncio.sleep(0)
        assert asked.count == 2
        (told,) = limits.told()
        assert KEY not in str(told) + repr(limits._accounts)

    asyncio.run(script())
