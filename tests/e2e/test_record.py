"""Recording a real Codex: what it leaves is fit for the golden tests, and tells of nobody."""

from __future__ import annotations

import json
import socket
import subprocess
from typing import TYPE_CHECKING

from codex_glm.simulator.judge import judge
from codex_glm.translation.request.translate import translate_request

from tests.translation.support import KEY_HEADER, SETTINGS, replay
from tests.translation.test_golden_requests import read, recorded_bodies

from .codex import MODEL, TOKEN, glm_codex
from .conftest import GLM_KEY
from .proxy_process import REVERSE
from .test_turns import HELLO, check_hello

if TYPE_CHECKING:
    from pathlib import Path

    from codex_glm.simulator.thread import SimulatorThread

    from .conftest import StartProxy

PERSON = "zz.person"
MAIL = f"{PERSON}@firm.example"
SECRET = "sk-proj-abcdefgh12345678"
REMOTE = f"git@git.firm.example:{PERSON}/work.git"
RULES = f"# Rules\n\nAsk {PERSON} <{MAIL}>. The key is {SECRET}; never say it.\n"


def test_fixtures_from_a_session(
    start_proxy: StartProxy, tmp_path: Path, simulator: SimulatorThread
) -> None:
    folder, home = tmp_path / "recorded", tmp_path / "home" / PERSON
    home.mkdir(parents=True)
    environment = {"HOME": str(home), "USER": PERSON}
    proxy = start_proxy([*REVERSE, "--set", f"glm_record={folder}"], environment=environment)
    codex = glm_codex(home / "codex", proxy.base)
    for command in (["init", "-q"], ["remote", "add", "origin", REMOTE]):
        subprocess.run(["git", *command], cwd=codex.work, check=True)
    (codex.work / "AGENTS.md").write_text(RULES)
    result = codex.exec(f"{HELLO}; I am {PERSON}, {MAIL}, {SECRET}")
    assert result.code == 0, result.said
    check_hello(codex)
    proxy.end()

    bodies = recorded_bodies(folder / "codex")
    assert list(bodies) == [f"000{n}-turn" for n in (1, 2, 3, 4)]
    for name, received in zip(bodies, simulator.received, strict=True):
        fixture = read(name, folder / "codex")
        assert fixture["codex_version"]
        translated = translate_request(bodies[name], SETTINGS, fixture["headers"])
        assert translated.context.model == MODEL
        assert judge(KEY_HEADER, translated.chat_body).violations == ()
        assert shape(translated.chat_body) == shape(received.body)
        stream = (folder / "glm" / f"{name}.sse").read_bytes()
        replayed = replay([stream], tools=bodies[name]["tools"])
        assert replayed.types[-1] == "completed"
    recorded = b"".join(path.read_bytes() for path in folder.rglob("*.*"))
    for private in (GLM_KEY, TOKEN, PERSON, MAIL, SECRET, str(home), "git.firm", hostname()):
        assert private.encode() not in recorded, private


def shape(chat: dict[str, object]) -> str:
    """Tell what a chat body is made of, without its words."""
    messages = json.loads(json.dumps(chat["messages"]))
    return json.dumps([[sorted(m), m["role"]] for m in messages]) + json.dumps(sorted(chat))


def hostname() -> str:
    return socket.gethostname()
