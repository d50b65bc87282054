"""What is kept of side calls."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from codex_glm.sidecalls.calls import SideCall, recorded, without_data
from codex_glm.sidecalls.client import SideCallError, SideClient

from tests.proxy.fake_upstream import HOLD, FakeUpstream, Step, error, reply

if TYPE_CHECKING:
    from tests.proxy.fake_upstream import Reply

KEY = "0123456789abcdef.TopSecretOfGlm"
BODY: dict[str, object] = {"model": "glm-4.6v", "parts": ["data:image/png;base64,AAAA"]}


def call(answer: Reply) -> tuple[dict[str, object] | SideCallError, SideCall, str]:
    noted: list[SideCall] = []
    with FakeUpstream(answer) as glm:
        client = SideClient(glm.base_url, KEY)
        try:
            came: dict[str, object] | SideCallError = asyncio.run(
                recorded(client, "/x", BODY, "image", noted.append)
            )
        except SideCallError as failure:
            came = failure
    assert json.loads(glm.seen[0].body) == BODY
    (one,) = noted
    return came, one, f"{glm.base_url}/x"


def test_a_call_that_went_well() -> None:
    came, noted, url = call(reply('{"a":"ä"}'.encode()))
    assert came == {"a": "ä"}
    told = noted.to_json()
    assert 0 <= noted.seconds < 10
    assert told == {
        "kind": "image",
        "url": url,
        "model": "glm-4.6v",
        "seconds": noted.seconds,
        "outcome": "ok",
        "request": '{"model":"glm-4.6v","parts":["data:image/png;base64,… (4 characters)"]}',
        "reply": '{"a":"ä"}',
    }


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (error("1302"), "GLM 1302: m"),
        (reply(status=503), "HTTP 503"),
    ],
)
def test_a_call_that_failed(answer: bytes, outcome: str) -> None:
    came, noted, _ = call(answer)
    assert isinstance(came, SideCallError)
    assert (noted.outcome, noted.reply) == (outcome, "")
    assert KEY not in json.dumps(noted.to_json())


def test_a_call_that_was_given_up() -> None:
    """GLM has its question: it stands in the record like any other."""
    noted: list[SideCall] = []

    async def leave(client: SideClient) -> None:
        asked = asyncio.ensure_future(recorded(client, "/x", BODY, "image", noted.append))
        while not glm.seen:
            await asyncio.sleep(0.005)
        asked.cancel()
        await asked

    with FakeUpstream(Step(end=HOLD)) as glm, pytest.raises(asyncio.CancelledError):
        asyncio.run(leave(SideClient(glm.base_url, KEY)))
    assert [one.outcome for one in noted] == ["given up before it ended"]


def test_a_reply_without_use() -> None:
    noted: list[SideCall] = []

    def check(came: object) -> None:
        assert came == {"a": 1}
        raise SideCallError("", "of no use", 200)

    with FakeUpstream(reply(b'{"a":1}')) as glm:
        client = SideClient(glm.base_url, KEY)
        with pytest.raises(SideCallError):
            asyncio.run(recorded(client, "/x", BODY, "image", noted.append, check))
    assert noted[0].outcome == "HTTP 200: of no use"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": ["data:,x", "b", 1, None]}, {"a": ["data:,… (1 characters)", "b", 1, None]}),
        ("data:" + "x" * 200, "data:" + "x" * 95 + ",… (0 characters)"),
        ("mydata:,x", "mydata:,x"),
    ],
)
def test_data_urls_are_cut_off(value: object, shown: object) -> None:
    assert without_data(value) == shown
