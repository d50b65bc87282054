"""Kept thinking over restarts: it comes back to the key and model it is of, and to no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .fake_upstream import FakeUpstream, chunk, chunked, thinking
from .support import KEY, events, last_event, turn_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .conftest import StartProxy
    from .support import ProxyThread

    type Item = dict[str, Any]

THOUGHT = "The user wants a greeting."
OTHER_KEY = "fedcba9876543210.AnotherSecret"
ANSWER = chunked(thinking(THOUGHT), chunk("Hello."), chunk(finish="stop"), b"data: [DONE]\n\n")


@pytest.fixture
def glm() -> Iterator[FakeUpstream]:
    with FakeUpstream(ANSWER) as listening:
        yield listening


def output(proxy: ProxyThread) -> list[Item]:
    """Take a first turn; gives its output items, as Codex keeps them over a resume."""
    done: list[Any] = events(proxy.post(turn_body(model="glm-5.3")).content)
    return [event["item"] for event in done if event["type"] == "response.output_item.done"]


def ask_again(proxy: ProxyThread, items: list[Item], model: str = "glm-5.3") -> list[str]:
    """Take the next turn of the thread; gives what its receipt says of thinking."""
    body = turn_body(model=model, input=[said("hi"), *items, said("go on")])
    assert last_event(proxy.post(body))["type"] == "completed", "the thread goes on"
    receipt: list[Any] = proxy.flow().metadata["glm"]["receipt"]
    return [line["detail"] for line in receipt if line["rule"] == "thinking"]


def said(text: str) -> Item:
    return {"type": "message", "role": "user", "content": text}


def as_it_is(envelope: str) -> str:
    return envelope


def altered(envelope: str) -> str:
    return envelope.replace("greeting", "bribe")


def renamed(envelope: str) -> str:
    return envelope.replace("glm-5.3", "glm-5.2")


def foreign(envelope: str) -> str:
    return f"gAAAAAB{envelope[::-1]}"


@pytest.mark.parametrize(
    ("key", "model", "edit", "refused"),
    [
        (KEY, "glm-5.3", as_it_is, ""),
        (OTHER_KEY, "glm-5.3", as_it_is, "it was written under another key, or altered since"),
        (KEY, "glm-5.2", as_it_is, "it is glm-5.3's, and this turn goes to glm-5.2"),
        (KEY, "glm-5.2", renamed, "it was written under another key, or altered since"),
        (KEY, "glm-5.3", altered, "it was written under another key, or altered since"),
        (KEY, "glm-5.3", foreign, "it was not written by GLM through this proxy"),
    ],
)
def test_over_a_restart(
    start_proxy: StartProxy,
    glm: FakeUpstream,
    key: str,
    model: str,
    edit: Callable[[str], str],
    refused: str,
) -> None:
    """The second turn goes through another process's worth of proxy, perhaps with a new key."""
    items = output(start_proxy(glm_api_base=glm.base_url, glm_api_key=KEY))
    (kept,) = [item for item in items if item["type"] == "reasoning"]
    kept["encrypted_content"] = edit(kept["encrypted_content"])
    notes = ask_again(start_proxy(glm_api_base=glm.base_url, glm_api_key=key), items, model)
    assert notes == ([f"input[1]: {refused}"] if refused else [])
    asked = glm.seen[-1].body.decode()
    assert (THOUGHT in asked) is (not refused)
    assert glm.seen[-1].headers["authorization"] == f"Bearer {key}"
    for secret in (KEY, OTHER_KEY):
        assert secret not in str(items)


def test_each_clients_own_key_has_its_own_thinking(
    start_proxy: StartProxy, glm: FakeUpstream
) -> None:
    proxy = start_proxy(glm_api_base=glm.base_url)
    mine = {"authorization": f"Bearer {KEY}"}
    done: list[Any] = events(proxy.post(turn_body(model="glm-5.3"), headers=mine).content)
    items = [event["item"] for event in done if event["type"] == "response.output_item.done"]
    body = turn_body(model="glm-5.3", input=[said("hi"), *items, said("go on")])
    for key, known in ((KEY, True), (OTHER_KEY, False)):
        proxy.post(body, headers={"authorization": f"Bearer {key}"})
        assert (THOUGHT in glm.seen[-1].body.decode()) is known
