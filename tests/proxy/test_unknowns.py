"""The alarm of drift: what is new is counted, logged once, and kept without what is private."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from codex_glm.proxy.shown import unknowns
from mitmproxy.exceptions import CommandError

from .fake_upstream import FakeUpstream, chunk, chunked
from .support import KEY, turn_body, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .support import ProxyThread

MOOD = b'data: {"choices":[{"index":0,"delta":{"content":"Hi.","mood":"good"}}]}\n\n'
NEW_REPLY = chunked(MOOD, chunk(finish="stop"), b"data: [DONE]\n\n")
LONG = "word " * 100
ITEM = {"type": "foo", "text": f"/home/zzperson/x {KEY} {LONG}"}


@pytest.fixture
def glm() -> Iterator[FakeUpstream]:
    with FakeUpstream(NEW_REPLY) as listening:
        yield listening


def new_turn(*items: dict[str, Any], **fields: object) -> dict[str, object]:
    return turn_body(input=[{"role": "user", "content": "hi"}, *items], **fields)


def counted(proxy: ProxyThread) -> dict[str, Any]:
    with proxy.client() as client:
        return dict(client.get("/health").json()["unknown"])


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if "never seen before" in r.getMessage()]


def write(proxy: ProxyThread, folder: Path) -> list[str]:
    async def call() -> Any:
        return proxy.master.commands.execute(f"glm.new {folder}")

    return list(proxy.run(call()))


def test_counts_and_one_warning_for_each_word(
    proxy: ProxyThread, caplog: pytest.LogCaptureFixture
) -> None:
    assert counted(proxy) == {}
    for _ in range(3):
        proxy.post(new_turn(ITEM, ITEM))
    proxy.post(new_turn(brand_new=1))
    wait_until(lambda: len(proxy.flows) >= 4)
    assert counted(proxy) == {
        "item_type": {"foo": 3},
        "chunk_field": {"delta.mood": 4},
        "request_field": {"brand_new": 1},
    }
    assert warnings(caplog) == [
        "new item type foo: never seen before, passed on as a note of the user's",
        "new chunk field delta.mood: never seen before, not read",
        "new request field brand_new: never seen before, left out",
    ]


def test_what_is_new_is_kept_as_fixtures(proxy: ProxyThread, tmp_path: Path) -> None:
    assert write(proxy, tmp_path) == ["nothing new was seen"]
    proxy.post(new_turn(ITEM))
    proxy.post(new_turn(ITEM, brand_new=1))
    wait_until(lambda: len(proxy.flows) >= 2)
    assert write(proxy, tmp_path) == [
        "written: new-01-item-type",
        "written: new-02-request-field",
    ]
    fixture = json.loads((tmp_path / "codex/new-01-item-type.json").read_text("utf-8"))
    assert fixture["description"].startswith("foo: never seen before")
    assert fixture["body"]["input"][1] == {
        "type": "foo",
        "text": f"[text: {len(ITEM['text'])} chars]",
    }
    assert b'"mood"' in (tmp_path / "glm/new-01-item-type.sse").read_bytes()
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*.*"))
    assert KEY.encode() not in everything
    assert b"zzperson" not in everything
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="file"):
        write(proxy, tmp_path / "file")


def test_words_and_candidates_are_bounded(
    proxy: ProxyThread, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(unknowns, "MOST_WORDS", 2)
    monkeypatch.setattr(unknowns, "MOST_CANDIDATES", 2)
    for number in range(6):
        proxy.post(new_turn(**{f"new_{number}": 1}))
    wait_until(lambda: len(proxy.flows) >= 6)
    assert counted(proxy)["request_field"] == {"new_0": 1, "new_1": 1, "(others)": 4}
    assert len(proxy.addon.turns.unknowns.candidates) == 2
    assert len(warnings(caplog)) == 4  # three words of the request, one field of the reply


@pytest.mark.parametrize(("most", "kept"), [(1, {}), (900, {"new-01-request-field": 0})])
def test_a_long_candidate_is_kept_without_its_streams(
    proxy: ProxyThread, monkeypatch: pytest.MonkeyPatch, most: int, kept: dict[str, int]
) -> None:
    monkeypatch.setattr(unknowns, "MOST_BYTES", most)
    proxy.post(new_turn(brand_new=1))
    wait_until(lambda: proxy.flows)
    found = proxy.addon.turns.unknowns.candidates
    assert {name: len(each.streams) for name, each in found.items()} == kept


def test_a_defect_of_the_alarm_harms_no_turn(
    proxy: ProxyThread, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(unknowns, "make_recording", fail)
    assert b"response.completed" in proxy.post(new_turn(brand_new=1)).content
    wait_until(lambda: proxy.flows)
    assert counted(proxy)["request_field"] == {"brand_new": 1}
    assert any("could not be kept" in record.getMessage() for record in caplog.records)
