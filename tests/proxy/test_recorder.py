"""Recording: what lies in the folder after turns, and what is nowhere in it."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
from codex_glm.proxy.shown import recorder
from codex_glm.proxy.shown.recorder import private_values

from .fake_upstream import WHOLE, FakeUpstream, chunk, chunked, error
from .support import KEY, events, served, turn_body, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import StartProxy

NAME = "zzperson"
BEARER = "fedcba9876543210.OwnKeyOfTheClient"
SAID = f"/home/{NAME}/x sk-abcdefgh1234 me@firm.example {KEY} {BEARER}"
SECRETS = (KEY, KEY.partition(".")[2], NAME, "sk-abcdefgh1234", "me@firm.example")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "not there yet" / "recorded"


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*"))


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*.*"))


def read(folder: Path, name: str) -> dict[str, Any]:
    fixture: dict[str, Any] = json.loads((folder / "codex" / f"{name}.json").read_text("utf-8"))
    return fixture


def test_a_turn_with_a_second_try(
    start_proxy: StartProxy, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", NAME)
    pieces = [chunk("the key is sk-abcd"), chunk("efgh1234 of"), chunk(f" {NAME} /home/{NAME}.")]
    whole = chunked(*pieces, chunk(finish="stop"), b"data: [DONE]\n\n")
    with FakeUpstream(error("1302"), whole) as glm:
        proxy = served(start_proxy, glm, glm_record=str(folder))
        headers = {"thread-id": "t-1", "x-openai-subagent": "review", "user-agent": "codex/0.163.0"}
        response = proxy.post(turn_body(input=f"I am {SAID}"), headers=headers)
        wait_until(lambda: len(files(folder)) == 4)
    assert files(folder) == [
        "codex/0001-review.json",
        "glm/0001-review-2.sse",
        "glm/0001-review.sse",
        "replies/0001-review.sse",
    ]
    fixture = read(folder, "0001-review")
    assert (fixture["codex_version"], fixture["name"]) == ("0.163.0", "0001-review")
    assert fixture["description"] == "gpt-5 answered by glm-5.3: completed"
    assert fixture["headers"]["thread-id"] == "t-1"
    assert fixture["body"]["input"].startswith("I am /home/user/x [secret ")
    assert b'"1302"' in (folder / "glm/0001-review.sse").read_bytes()
    told = events((folder / "replies/0001-review.sse").read_bytes())
    assert [e["type"] for e in told] == [e["type"] for e in events(response.content)]
    assert [secret for secret in SECRETS if secret.encode() in everything(folder)] == []


def test_a_clients_own_key(start_proxy: StartProxy, folder: Path) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = start_proxy(glm_api_base=glm.base_url, glm_record=str(folder))
        proxy.post(turn_body(input=SAID), headers={"authorization": f"Bearer {BEARER}"})
        wait_until(lambda: len(files(folder)) == 3)
    assert BEARER.partition(".")[2].encode() not in everything(folder)


def test_a_refused_request_is_what_drift_looks_like(start_proxy: StartProxy, folder: Path) -> None:
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm, glm_record=str(folder))
        proxy.post(turn_body(previous_response_id="resp_1"))
        proxy.post(content=b"no JSON", headers={"content-type": "application/json"})
        wait_until(lambda: len(files(folder)) == 2)
    assert files(folder) == ["codex/0001-refused.json", "codex/0002-refused.json"]
    first, second = read(folder, "0001-refused"), read(folder, "0002-refused")
    assert "previous_response_id" in first["description"]
    assert first["body"]["previous_response_id"] == "resp_1"
    assert (second["body"], "not JSON" in second["description"]) == (None, True)


def test_numbers_go_on_in_a_folder(start_proxy: StartProxy, folder: Path) -> None:
    (folder / "codex").mkdir(parents=True)
    for name in ("0041-turn", "notes-1"):
        (folder / f"codex/{name}.json").write_text("{}")
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm, glm_record=str(folder))
        proxy.post()
        wait_until((folder / "codex/0042-turn.json").exists)
        proxy.set(glm_record="")
        proxy.post()
        wait_until(lambda: len(proxy.flows) == 2)
    assert [name for name in files(folder) if "0043" in name] == []


def test_nobody_fills_a_disk(
    start_proxy: StartProxy, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "MOST_TURNS", 1)
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm, glm_record=str(folder))
        for _ in range(2):
            proxy.post()
        wait_until(lambda: len(proxy.flows) == 2)
    assert len(files(folder)) == 3


def test_a_folder_that_cannot_be_written_harms_no_turn(
    start_proxy: StartProxy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    with FakeUpstream(WHOLE) as glm:
        proxy = served(start_proxy, glm, glm_record=str(tmp_path / "file"))
        for _ in range(2):
            assert events(proxy.post().content)[-1]["type"] == "response.completed"
        wait_until(lambda: len(proxy.flows) == 2)
    assert [r.message for r in caplog.records].count("glm_record: recording ends") == 1


def test_private_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", f"/home/{NAME}")
    monkeypatch.setenv("USER", "uu")
    monkeypatch.setenv("SOME_API_KEY", "long enough")
    monkeypatch.setenv("SHORT_TOKEN", "short")
    monkeypatch.setattr(socket, "gethostname", lambda: "box.firm.example")
    private = private_values(["a-given-key", ""])
    assert {"a-given-key", "long enough"} <= set(private.secrets)
    assert {"short", ""}.isdisjoint(private.secrets)
    assert {NAME, "uu"} <= set(private.people)
    assert private.homes == (f"/home/{NAME}",)
    assert private.hosts == ("box", "box.firm.example")
    monkeypatch.setenv("HOME", "/")
    assert private_values([]).homes == ()
