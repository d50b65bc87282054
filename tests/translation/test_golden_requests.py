"""Every recorded request of Codex, translated; the results are reviewed files.

`golden/requests/NAME.json` holds the chat body and the receipt. Declarations of tools are the same
in most of them, so each distinct one stands once, in `golden/tools/NAME.HASH.json`.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from codex_glm.simulator.judge import judge
from codex_glm.translation.errors import RequestError
from codex_glm.translation.request.compact_endpoint import translate_compaction
from codex_glm.translation.request.translate import translate_request
from codex_glm.translation.wire.wire_json import encode_json

from .support import CODEX, GOLDEN, KEY_HEADER, SETTINGS, check_golden, receipt_lines

if TYPE_CHECKING:
    from pathlib import Path

    from codex_glm.translation.request.context import TranslatedRequest
    from codex_glm.translation.wire.wire_json import JsonObject

WITHOUT_TURN = {
    "chatgpt-mode-via-proxy-traffic": "a list of requests, recorded without their bodies",
    "openai-builtin-via-proxy-traffic": "a list of requests, recorded without their bodies",
    "models-reply-full-entry": "a reply",
    "models-reply-minimal": "a reply",
    "models-request": "a GET",
}
"""Fixtures without any Responses body, and why they have none."""

RESIDUE = ("input_text", "output_text", "encrypted_content", "client_metadata", "prompt_cache_key")
"""Words of the Responses dialect that must not reach GLM as a key or as a type."""


def read(name: str, folder: Path = CODEX) -> dict[str, Any]:
    recorded: dict[str, Any] = json.loads((folder / f"{name}.json").read_text("utf-8"))
    return recorded


def recorded_bodies(folder: Path = CODEX) -> dict[str, JsonObject]:
    """Give every Responses body by the name of its golden file."""
    bodies: dict[str, JsonObject] = {}
    for path in sorted(folder.glob("*.json")):
        recorded = read(path.stem, folder)
        if recorded["body"]:
            bodies[path.stem] = recorded["body"]
        frames = [frame["body"] for frame in recorded.get("frames", []) if "body" in frame]
        bodies |= {f"{path.stem}.{number}": body for number, body in enumerate(frames, 1)}
    return bodies


BODIES = recorded_bodies()
COMPACTIONS = {"compaction-endpoint-request"}
"""Requests to the endpoint for compaction."""

each_body = pytest.mark.parametrize("name", BODIES)


def test_all_66_fixtures_are_accounted_for() -> None:
    names = {path.stem for path in CODEX.glob("*.json")}
    assert len(names) == 66
    assert {name.partition(".")[0] if name not in names else name for name in BODIES} == (
        names - set(WITHOUT_TURN)
    )


@pytest.mark.parametrize("name", WITHOUT_TURN)
def test_a_fixture_without_turn_has_none(name: str) -> None:
    recorded = read(name)
    assert recorded["body"] is None
    assert "frames" not in recorded
    assert not any("body" in seen for seen in recorded.get("traffic", []))


@pytest.mark.parametrize("folder", ["codex", "glm"])
def test_the_readme_lists_every_fixture(folder: str) -> None:
    rows = (CODEX.parent / folder / "README.md").read_text("utf-8").splitlines()
    listed = [row.split("`")[1] for row in rows if row.startswith("| `")]
    kept = {path.stem for path in (CODEX.parent / folder).iterdir() if path.name != "README.md"}
    assert set(listed) == kept
    assert len(listed) == len(kept)


@each_body
def test_golden(name: str) -> None:
    check_golden(GOLDEN / "requests" / f"{name}.json", pretty(summary(name)))


@each_body
def test_the_judge_finds_nothing(name: str) -> None:
    if chat := chat_body(name):
        assert [str(found) for found in judge(KEY_HEADER, chat).violations] == []


@each_body
def test_nothing_of_the_client_is_left(name: str) -> None:
    chat = chat_body(name)
    metadata = BODIES[name].get("client_metadata")
    identity = [BODIES[name]["prompt_cache_key"]] if name not in COMPACTIONS else []
    if isinstance(metadata, dict):
        identity += [value for key, value in metadata.items() if key.endswith("id")]
    # A tool may tell the model an id in its output; that is part of the conversation.
    said = encode_json(BODIES[name]["input"]).decode()
    text = encode_json(chat).decode()
    assert [value for value in identity if str(value) in text and str(value) not in said] == []
    assert set(keys_and_types(chat)) & set(RESIDUE) == set()


@each_body
def test_the_same_again(name: str) -> None:
    before = encode_json(BODIES[name])
    assert encode_json(chat_body(name)) == encode_json(chat_body(name))
    assert encode_json(BODIES[name]) == before


def test_no_golden_file_is_left_over() -> None:
    kept = {path.stem for path in (GOLDEN / "requests").glob("*.json")}
    declared = {
        tool
        for path in (GOLDEN / "requests").glob("*.json")
        for tool in json.loads(path.read_text("utf-8")).get("chat_body", {}).get("tools", [])
    }
    assert kept == set(BODIES)
    assert {path.stem for path in (GOLDEN / "tools").glob("*.json")} == declared


def translate(name: str) -> TranslatedRequest:
    if name in COMPACTIONS:
        return translate_compaction(BODIES[name], SETTINGS, {})
    return translate_request(BODIES[name], SETTINGS)


def chat_body(name: str) -> JsonObject:
    try:
        return translate(name).chat_body
    except RequestError:
        return {}


def summary(name: str) -> JsonObject:
    try:
        translated = translate(name)
    except RequestError as error:
        return {"error": error.failure.to_json()["error"], "status": error.failure.status}
    chat = dict(translated.chat_body)
    tools = chat.get("tools", [])
    assert isinstance(tools, list)
    if tools:
        chat["tools"] = [keep_declaration(tool) for tool in tools]
    return {"chat_body": chat, "receipt": receipt_lines(translated.context.receipt)}


def keep_declaration(tool: dict[str, Any]) -> str:
    digest = hashlib.sha256(encode_json(tool)).hexdigest()[:8]
    name = f"{tool['function']['name']}.{digest}"
    check_golden(GOLDEN / "tools" / f"{name}.json", pretty(tool))
    return name


def pretty(value: JsonObject) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def keys_and_types(value: object) -> list[str]:
    if isinstance(value, list):
        return [word for each in value for word in keys_and_types(each)]
    if not isinstance(value, dict):
        return []
    types = [kind] if isinstance(kind := value.get("type"), str) else []
    return [*value, *types, *(word for each in value.values() for word in keys_and_types(each))]
