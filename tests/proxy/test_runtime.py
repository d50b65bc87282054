"""Options that change, or are refused, while the proxy runs; and the simulator inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from codex_glm.proxy.config.api_key import HIDDEN
from mitmproxy.exceptions import OptionsError

from .support import KEY, last_event, turn_body, wait_until

if TYPE_CHECKING:
    from .conftest import StartProxy
    from .fake_upstream import FakeUpstream
    from .support import ProxyThread

SIMULATED = "[SIMULATOR]"


def health(proxy: ProxyThread) -> dict[str, Any]:
    with proxy.client() as client:
        return dict(client.get("/health").json())


@pytest.mark.parametrize(
    ("mode", "key", "simulated"),
    [
        ("off", KEY, False),
        ("auto", KEY, False),
        ("auto", "", True),
        ("on", KEY, True),
        ("on", "", True),
    ],
)
def test_simulator(
    start_proxy: StartProxy, glm: FakeUpstream, mode: str, key: str, simulated: bool
) -> None:
    proxy = start_proxy(glm_api_base=glm.base_url, glm_api_key=key, glm_simulator=mode)
    response = proxy.post()
    assert last_event(response)["type"] == "completed"
    assert (SIMULATED in response.text) is simulated
    assert glm.connections == (0 if simulated else 1)
    assert health(proxy)["simulator"] is simulated


def test_simulator_ends_with_the_addon(start_proxy: StartProxy) -> None:
    proxy = start_proxy(glm_simulator="on")
    proxy.post()
    place = proxy.flow().metadata["glm"]["rounds"][-1]["url"]
    assert httpx.get(place, trust_env=False).status_code

    async def end() -> None:
        proxy.addon.done()

    def refused() -> bool:
        try:
            httpx.get(place, trust_env=False)
        except httpx.TransportError as error:  # of another kind, where it ends meanwhile
            return isinstance(error, httpx.ConnectError)
        return False

    proxy.run(end())
    wait_until(refused)


def test_simulator_off_and_no_key_is_an_error(start_proxy: StartProxy, glm: FakeUpstream) -> None:
    response = start_proxy(glm_api_base=glm.base_url).post()
    assert last_event(response)["type"] == "failed"
    assert glm.connections == 0


def test_simulator_is_switched_at_runtime(start_proxy: StartProxy, glm: FakeUpstream) -> None:
    proxy = start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY)
    with proxy.client() as client:
        answers = []
        for mode in ("off", "on", "off", "on"):
            proxy.set(glm_simulator=mode)
            answers.append(SIMULATED in client.post("/v1/responses", json=turn_body()).text)
    assert answers == [False, True, False, True]


def test_key_changes_at_runtime(
    start_proxy: StartProxy, glm: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLM_API_KEY", "environment.key")
    proxy = start_proxy(config="glm_api_key: file.key.is.second", glm_api_base=glm.base_url)
    told = []
    for new in (None, "option.key-1", "option.key-2", HIDDEN, ""):
        if new is not None:
            proxy.set(glm_api_key=new)
        proxy.post()
        told.append((health(proxy)["key"], glm.seen[-1].headers["authorization"]))
        assert proxy.master.options.glm_api_key in ("", HIDDEN)
    environment = ("GLM_API_KEY in the environment", "Bearer environment.key")
    option = ("option glm_api_key", "Bearer option.key-2")
    assert told == [
        environment,
        ("option glm_api_key", "Bearer option.key-1"),
        option,
        option,
        environment,
    ]


def test_key_of_the_file(start_proxy: StartProxy, glm: FakeUpstream) -> None:
    proxy = start_proxy(config=f"glm_api_key: {KEY}\nglm_api_base: {glm.base_url}\n")
    proxy.post()
    assert glm.seen[0].headers["authorization"] == f"Bearer {KEY}"
    told = health(proxy)
    assert (told["key"], told["upstream"]) == ("mitm-config.yaml", glm.base_url)
    assert KEY not in str(list(proxy.master.options.items()))


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("glm_effort", "turbo"),
        ("glm_simulator", "maybe"),
        ("glm_api_base", "http://glm.example"),
        ("glm_model_map", ["gpt-5"]),
        ("glm_api_key", "two words"),
        ("stream_large_bodies", "1m"),
    ],
)
def test_bad_values_are_rolled_back(
    start_proxy: StartProxy, glm: FakeUpstream, name: str, bad: object
) -> None:
    proxy = start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY)
    before = getattr(proxy.master.options, name)
    with pytest.raises(OptionsError, match=name):
        proxy.set(**{name: bad})
    assert getattr(proxy.master.options, name) == before
    proxy.post()
    assert glm.seen[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_key_in_a_refused_update_is_not_taken(start_proxy: StartProxy, glm: FakeUpstream) -> None:
    proxy = start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY)
    with pytest.raises(OptionsError, match="glm_effort"):
        proxy.set(glm_api_key="another.key-to-take", glm_effort="turbo")
    proxy.set(glm_effort="high")
    proxy.post()
    assert glm.seen[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("before", ["gpt-5", "anything"])
def test_model_map_and_effort(start_proxy: StartProxy, glm: FakeUpstream, before: str) -> None:
    proxy = start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY)
    proxy.set(glm_model_map=[f"{before}=glm-4.7"])
    proxy.post(turn_body(model=before))
    assert b'"model":"glm-4.7"' in glm.seen[0].body
