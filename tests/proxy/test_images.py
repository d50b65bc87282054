"""Images through a running proxy: described, routed, left out; never the end of a thread."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from codex_glm.simulator.thread import SimulatorThread

from tests.translation.pictures import data_url, input_image, png

from .fake_upstream import WHOLE, FakeUpstream, Step, error, reply
from .paced_upstream import RawClient
from .support import KEY, last_event, served, turn_body, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from .conftest import StartProxy
    from .fake_upstream import Reply, Seen
    from .support import ProxyThread

BLIND, SEEING = "glm-5.3", "glm-5.3-flash"
THREAD = {"thread-id": "thread-1"}
UNSAFE = error("1301", 400)
REFUSED = error("1210", 400)
DESCRIBED = f"[Image, described by {SEEING}: "
SCRIPTED = "[SIMULATOR] Scripted description: no vision model looked at this image."


@pytest.fixture
def simulator() -> Iterator[SimulatorThread]:
    with SimulatorThread() as running:
        yield running
        assert [one.violations for one in running.received if one.violations] == []


def shown(*pictures: bytes, url: str = "") -> dict[str, object]:
    images = [input_image(content) for content in pictures]
    images += [input_image(url=url)] if url else []
    return {"role": "user", "content": [*images, {"type": "input_text", "text": "say hello"}]}


SAID = {"role": "assistant", "content": "Hello."}
MORE = {"role": "user", "content": "say hello"}


def ask(proxy: ProxyThread, *items: object, model: str = BLIND, **more: Any) -> httpx.Response:
    return proxy.post(turn_body(model=model, input=list(items)), headers=THREAD | more)


def completed(response: httpx.Response) -> bool:
    return last_event(response)["type"] == "completed"


def description(text: str = "A cat.") -> bytes:
    message = {"role": "assistant", "content": text}
    return reply(json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode())


def by_model(vision: Reply, turn: Reply = WHOLE) -> Reply:
    """Answer a request for a description with one reply, every other one with another."""

    def answer(seen: Seen) -> bytes | Step:
        chosen = vision if b"for a coding agent that cannot see it" in seen.body else turn
        return chosen(seen) if callable(chosen) else chosen

    return answer


def content(seen: Seen, at: int = 0) -> object:
    return json.loads(seen.body)["messages"][at]["content"]


def told(proxy: ProxyThread, rule: str, flow: int = -1) -> list[str]:
    receipt = proxy.flow(flow).metadata["glm"]["receipt"]
    return [entry["detail"] for entry in receipt if entry["rule"] == rule]


def asked_on_its_own(proxy: ProxyThread) -> object:
    """Give what the proxy says of its side calls."""
    with proxy.client() as client:
        return client.get("/health").json()["side_calls"]


def test_described_once(start_proxy: StartProxy, simulator: SimulatorThread) -> None:
    proxy = start_proxy(glm_api_base=simulator.base_url, glm_api_key=KEY)
    assert completed(ask(proxy, shown(png())))
    wait_until(lambda: len(proxy.flows) == 1)
    assert completed(ask(proxy, shown(png()), SAID, MORE))
    asked, first, second = [one.body for one in simulator.received]
    assert (asked["model"], asked["stream"]) == (SEEING, False)
    assert asked["messages"][0]["content"][0]["image_url"] == {"url": data_url(png())}
    assert (first["model"], second["model"]) == (BLIND, BLIND)
    text = first["messages"][0]["content"]
    assert text.startswith(f"{DESCRIBED}{SCRIPTED} It is a png of 1 x 1 pixels")
    assert text.endswith("]\nsay hello")
    assert second["messages"][0] == first["messages"][0]


def test_the_record_shows_the_side_call(
    start_proxy: StartProxy, simulator: SimulatorThread
) -> None:
    proxy = start_proxy(glm_api_base=simulator.base_url, glm_api_key=KEY)
    ask(proxy, shown(png()))
    flow = proxy.flow()
    (call,) = flow.metadata["glm"]["side_calls"]
    assert (call["kind"], call["model"], call["outcome"]) == ("image", SEEING, "ok")
    assert call["url"] == f"{simulator.base_url}/chat/completions"
    assert 0 < call["seconds"] < 10
    assert "data:image/png;base64,… (" in call["request"]
    assert SCRIPTED in call["reply"]
    assert KEY not in json.dumps(call)
    (words,) = told(proxy, "image-described")
    assert f"is described by {SEEING}" in words
    assert "1 image asked" in flow.comment
    ask(proxy, shown(png()))
    wait_until(lambda: len(proxy.flows) == 2)
    assert proxy.flow().metadata["glm"]["side_calls"] == []
    assert told(proxy, "image-described") == [words]
    assert asked_on_its_own(proxy) == {"image": {"asked": 1, "failed": 0}}


def test_a_tools_image_is_described_in_its_output(
    start_proxy: StartProxy, simulator: SimulatorThread
) -> None:
    proxy = start_proxy(glm_api_base=simulator.base_url, glm_api_key=KEY)
    view = {"name": "view_image", "call_id": "c", "arguments": "{}", "type": "function_call"}
    output = {"type": "function_call_output", "call_id": "c", "output": [input_image()]}
    assert completed(ask(proxy, MORE, view, output))
    messages = simulator.received[-1].body["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "tool"]
    assert messages[-1]["content"].startswith(DESCRIBED + SCRIPTED)


def test_the_embedded_simulator_describes(start_proxy: StartProxy) -> None:
    proxy = start_proxy(glm_simulator="on")
    assert completed(ask(proxy, shown(png())))
    (call,) = proxy.flow().metadata["glm"]["side_calls"]
    assert call["outcome"] == "ok"


def test_another_vision_model(start_proxy: StartProxy) -> None:
    with FakeUpstream(by_model(description())) as glm:
        proxy = served(start_proxy, glm, glm_vision_model="glm-4.6v")
        assert completed(ask(proxy, shown(png())))
    assert [json.loads(seen.body)["model"] for seen in glm.seen] == ["glm-4.6v", BLIND]
    assert content(glm.seen[1]) == "[Image, described by glm-4.6v: A cat.]\nsay hello"
    assert glm.seen[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (UNSAFE, "GLM 1301: m"),
        (description(""), "HTTP 200: the description is empty"),
        (reply(b"<html>"), "HTTP 200: not a JSON object"),
        (Step(end="cut"), "RemoteProtocolError"),
    ],
)
def test_a_failed_description_costs_the_image_alone(
    start_proxy: StartProxy, answer: bytes | Step, words: str
) -> None:
    with FakeUpstream(by_model(answer)) as glm:
        proxy = served(start_proxy, glm)
        assert completed(ask(proxy, shown(png())))
        first = proxy.flow().metadata["glm"]
        assert completed(ask(proxy, shown(png()), SAID, MORE))
        counts = asked_on_its_own(proxy)
    assert len(glm.seen) == 3, "asked again within the thread"
    text = content(glm.seen[1])
    assert isinstance(text, str)
    assert text.startswith(f"[image omitted: {BLIND} reads text only, and it was not described: ")
    assert words in text
    assert content(glm.seen[2]) == text
    assert words in first["side_calls"][0]["outcome"]
    assert [words in line for line in told(proxy, "media", 0)] == [True]
    assert counts == {"image": {"asked": 1, "failed": 1}}


def test_a_busy_key_is_asked_again(start_proxy: StartProxy) -> None:
    with FakeUpstream(error("1302"), error("1305"), description(), WHOLE) as glm:
        proxy = served(start_proxy, glm)
        assert completed(ask(proxy, shown(png())))
    assert content(glm.seen[3]) == f"{DESCRIBED}A cat.]\nsay hello"
    calls = proxy.flow().metadata["glm"]["side_calls"]
    assert [call["outcome"] for call in calls] == ["GLM 1302: m", "GLM 1305: m", "ok"]


def test_two_keys_never_share_a_description(start_proxy: StartProxy) -> None:
    keys = ["firstkey.firstsecret", "secondkey.secondsecret"]
    with FakeUpstream(by_model(description())) as glm:
        proxy = start_proxy(glm_api_base=glm.base_url)
        for key in [*keys, *keys]:
            assert completed(ask(proxy, shown(png()), authorization=f"Bearer {key}"))
    asked = [s.headers["authorization"] for s in glm.seen if json.loads(s.body)["model"] == SEEING]
    assert asked == [f"Bearer {key}" for key in keys]


def test_without_a_key_nobody_is_asked(start_proxy: StartProxy) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = start_proxy(glm_api_base=glm.base_url)
        assert last_event(ask(proxy, shown(png())))["type"] == "failed"
    assert glm.seen == []


def test_a_client_that_leaves_meanwhile_costs_no_turn(start_proxy: StartProxy) -> None:
    left = threading.Event()

    def when_it_left(_: Seen) -> bytes:
        assert left.wait(10)
        return description()

    with FakeUpstream(by_model(when_it_left)) as glm:
        proxy = served(start_proxy, glm)
        client = RawClient(proxy.port)
        client.send(model=BLIND, input=[shown(png())])
        wait_until(lambda: glm.seen)
        (handler,) = proxy.master.addons.get("proxyserver").connections.values()
        client.close()
        wait_until(lambda: not handler.client.connected)
        left.set()
        wait_until(lambda: proxy.flows)
        assert proxy.flow().comment == f"{SEEING} describes 1 image"
        assert asked_on_its_own(proxy) == {"image": {"asked": 1, "failed": 0}}
        assert completed(ask(proxy, shown(png())))
    assert [json.loads(seen.body)["model"] for seen in glm.seen] == [SEEING, BLIND]


def test_a_question_for_a_request_that_is_refused_is_counted(start_proxy: StartProxy) -> None:
    with FakeUpstream(by_model(description())) as glm:
        proxy = served(start_proxy, glm)
        body = turn_body(model=BLIND, input=[shown(png())], previous_response_id="resp_1")
        assert proxy.post(body).status_code == 400
        assert len(glm.seen) == 1
        assert asked_on_its_own(proxy) == {"image": {"asked": 1, "failed": 0}}


def test_omit(start_proxy: StartProxy) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm, glm_images="omit")
        assert completed(ask(proxy, shown(png())))
    assert content(glm.seen[0]) == f"[image omitted: {BLIND} reads text only]\nsay hello"


def test_route(start_proxy: StartProxy, simulator: SimulatorThread) -> None:
    proxy = start_proxy(glm_api_base=simulator.base_url, glm_api_key=KEY, glm_images="route")
    assert completed(ask(proxy, shown(png())))
    routed = proxy.flow().metadata["glm"]
    assert completed(ask(proxy, shown(png()), SAID, MORE))
    wait_until(lambda: len(proxy.flows) == 2)
    assert [one.body["model"] for one in simulator.received] == [SEEING, BLIND]
    assert (routed["asked_model"], routed["model"], routed["side_calls"]) == (BLIND, SEEING, [])
    assert told(proxy, "image-route", 0) == [
        f"{BLIND} reads text only: {SEEING} answers this turn, which holds an image"
    ]
    assert told(proxy, "image-route") == []
    assert proxy.flow().metadata["glm"]["model"] == BLIND


BAD = [
    "data:image/png;base64,%%%",
    "data:image/webp;base64,UklGRgAAAABXRUJQ",
    "http://example.com/a.png",
    "https://localhost/a.png",
    data_url(png(7000)),
    data_url(png(more=b"x" * 5_100_000)),
]


@pytest.mark.parametrize("mode", ["describe", "route", "omit"])
@pytest.mark.parametrize("model", [BLIND, SEEING])
def test_no_bad_image_reaches_glm(
    start_proxy: StartProxy, simulator: SimulatorThread, mode: str, model: str
) -> None:
    proxy = start_proxy(glm_api_base=simulator.base_url, glm_api_key=KEY, glm_images=mode)
    history = [shown(url=url) for url in BAD]
    assert completed(ask(proxy, *history, model=model))
    (received,) = simulator.received
    assert received.body["model"] == model
    texts = [message["content"] for message in received.body["messages"]]
    assert [text.startswith("[image omitted: ") for text in texts] == [True] * len(BAD)
    assert len(told(proxy, "media")) == len(BAD)


@pytest.mark.parametrize("refusal", [REFUSED, UNSAFE])
def test_what_glm_refuses_does_not_poison_the_thread(
    start_proxy: StartProxy, refusal: bytes
) -> None:
    address = "https://example.com/gone.png"
    with FakeUpstream(WHOLE, refusal, WHOLE) as glm:
        proxy = served(start_proxy, glm)
        history = [shown(png()), SAID, shown(png(2), url=address)]
        assert completed(ask(proxy, history[0], model=SEEING))
        assert last_event(ask(proxy, *history, model=SEEING))["type"] == "failed"
        wait_until(lambda: len(proxy.flows) == 2)
        assert len(told(proxy, "image-refused")) == 2
        assert completed(ask(proxy, *history, MORE, model=SEEING))
    note = "[image omitted: GLM refused an earlier turn that held it]"
    assert content(glm.seen[2], 2) == f"{note}\n{note}\nsay hello"
    kept = content(glm.seen[2])
    assert isinstance(kept, list)
    assert kept[0]["image_url"] == {"url": data_url(png())}, "GLM has taken this one before"


def test_other_failures_tell_nothing_of_images(start_proxy: StartProxy) -> None:
    with FakeUpstream(error("1113"), WHOLE) as glm:
        proxy = served(start_proxy, glm)
        assert last_event(ask(proxy, shown(png()), model=SEEING))["type"] == "failed"
        assert completed(ask(proxy, shown(png()), model=SEEING))
    assert isinstance(content(glm.seen[1]), list)
