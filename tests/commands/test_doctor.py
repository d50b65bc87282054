"""The doctor in front of staged failures: it names the cause, and nothing else."""

from __future__ import annotations

import asyncio
import io
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import pytest
from codex_glm import __version__
from codex_glm.__main__ import main
from codex_glm.commands import check_codex, check_proxy, places, settings_file
from codex_glm.commands.check_glm import KNOWN_BASES
from codex_glm.commands.check_key import key_shape
from codex_glm.commands.codex_home import set_up
from codex_glm.commands.doctor import Patient, examine, show
from codex_glm.commands.findings import Finding, wrong
from codex_glm.proxy.config.config_file import ConfigError
from codex_glm.proxy.launch.settings_alone import read_settings
from codex_glm.translation.catalog import catalog
from codex_glm.translation.wire.wire_json import encode_text
from mitmproxy.exceptions import OptionsError
from rich.console import Console

from .fake_glm import FakeGlm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

KEY = "0123456789abcdef.TopSecretOfGlm"
OTHER_KEY = "abcdef0123456789.AnotherSecret"
"""A key where none belongs."""
HEALTH = "GET /health"
CHAT = "/chat/completions"
MODELS = "v4/models"
HTML = b"<html>hello</html>"


@dataclass
class Staged:
    """A set-up in which everything is well, to be broken by a test."""

    folder: Path
    glm: FakeGlm
    others: FakeGlm
    """A second base of GLM's."""
    proxy: FakeGlm
    environ: dict[str, str] = field(default_factory=dict)
    paid: bool = True
    other: str = ""
    """Another settings file."""
    token: str = ""
    """What the proxy asks its clients for."""

    @property
    def home(self) -> Path:
        return self.folder / "codex"

    @property
    def config(self) -> Path:
        return self.home / "config.toml"

    @property
    def settings(self) -> Path:
        return self.folder / "mitm-config.yaml"

    def program(self, script: str) -> None:
        path = self.folder / "bin/codex"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def change(self, old: str, new: str) -> None:
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))

    def health(self, **fields: object) -> None:
        state: dict[str, object] = {
            "version": __version__,
            "upstream": self.glm.base,
            "key": "GLM_API_KEY",
        }
        self.proxy.replies[HEALTH] = (
            200,
            {**state, "simulator": False, "turns_served": 1} | fields,
        )

    def read_settings(
        self, environ: dict[str, str], _version: str, config: str, *, strict: bool
    ) -> str:
        """Do what the proxy's own command does, without a process of its own."""
        given = {k: environ[k] for k in ("GLM_API_BASE", "GLM_API_KEY") if k in environ}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in given.items():
                patch.setenv(name, value)
            try:
                named = [f"glm_config={config or self.settings}"]
                return encode_text(read_settings(named, strict=strict).catalog(""))
            except (OptionsError, ConfigError) as error:
                raise settings_file.SettingsError(str(error)) from error

    def guard(self, headers: Mapping[str, str]) -> tuple[int, object]:
        """Answer for the proxy's models: by the token that is shown."""
        shown = {name.lower(): value for name, value in headers.items()}.get("authorization")
        return (200 if self.token in ("", (shown or "").removeprefix("Bearer ")) else 401), {}

    def examine(self) -> list[Finding]:
        known = (self.glm.base, self.others.base)
        return asyncio.run(examine(Patient(self.environ, self.paid, self.other, known)))


@pytest.fixture
def staged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Staged]:
    """Return a set-up in which nothing is wrong."""
    with FakeGlm() as glm, FakeGlm() as others, FakeGlm() as proxy:
        it = Staged(tmp_path, glm, others, proxy)
        it.environ = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}
        it.environ |= {"CODEX_HOME": str(it.home), "GLM_API_KEY": KEY, "GLM_API_BASE": glm.base}
        it.program("echo codex-cli 0.163.0")
        it.settings.write_text(f"listen_port: {proxy.port}\n")
        it.health()
        proxy.answers["GET /v1/models"] = it.guard
        monkeypatch.setattr(places, "SHIPPED", it.settings)
        monkeypatch.setattr(check_proxy, "make_catalogue", it.read_settings)
        models = encode_text(catalog("other", images=True))
        set_up(it.home, f"http://127.0.0.1:{proxy.port}/v1", models)
        yield it
        for one in (glm, others):
            assert [each.violations for each in one.engine.received if each.violations] == []


def test_nothing_is_wrong(staged: Staged) -> None:
    findings = staged.examine()
    assert [each.name for each in findings if each.state == "wrong"] == []
    names = [each.name for each in findings if each.state == "ok"]
    assert names == [
        *("settings", "Codex", "config", "catalogue", "proxy", "key", "GLM", "models"),
        *("turn", "thinking", "tools", "vision", "search", "Responses"),
    ]
    assert len([line for line in staged.glm.asked if line.endswith(CHAT)]) == 3
    assert staged.others.asked == []


def test_nothing_is_paid_for(staged: Staged) -> None:
    staged.paid = False
    assert not [each for each in staged.examine() if each.state == "wrong"]
    assert {line.split()[0] for line in staged.glm.asked} == {"GET"}


def glm_says(status: int, code: str, words: str = "m") -> tuple[int, object]:
    return status, {"error": {"code": code, "message": words}}


class Case(NamedTuple):
    """A failure, and what is to be said of it."""

    stage: Callable[[Staged], object]
    name: str
    words: str
    mend: str
    along: tuple[str, ...] = ()
    """What else is wrong then, as the same cause has it."""


def replies(end: str, status: int, body: object) -> Callable[[Staged], object]:
    return lambda it: it.glm.replies.update({end: (status, body)})


def env(**variables: str) -> Callable[[Staged], object]:
    return lambda it: it.environ.update(variables)


def own_base(key: str) -> Callable[[Staged], object]:
    """Have a key at a base of GLM's own, which is not asked where the key is none."""

    def stage(it: Staged) -> None:
        it.environ |= {"GLM_API_KEY": key, "GLM_API_BASE": KNOWN_BASES[0]}
        it.health(upstream=KNOWN_BASES[0])

    return stage


def stream(*data: str) -> bytes:
    return "".join(f"data: {each}\n\n" for each in data).encode()


def setting(line: str) -> Callable[[Staged], object]:
    return lambda it: it.settings.write_text(f"{it.settings.read_text()}{line}\n")


def catalogue(text: str) -> Callable[[Staged], object]:
    return lambda it: (it.home / "codex-glm/models.json").write_text(text)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def elsewhere(it: Staged) -> None:
    """Have the proxy and Codex's provider at a port where nothing listens."""
    port = free_port()
    it.settings.write_text(f"listen_port: {port}\n")
    it.change(f":{it.proxy.port}/", f":{port}/")


def refused_here(it: Staged) -> None:
    it.glm.replies[MODELS] = glm_says(401, "1000")


def refused_everywhere(it: Staged) -> None:
    refused_here(it)
    it.others.replies[MODELS] = glm_says(401, "1000")


def profile(it: Staged, version: str, lines: str) -> None:
    it.program(f"echo codex-cli {version}")
    it.config.write_text(lines + it.config.read_text())


def staged_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


TOKEN = "a-token-of-the-tests"


def guarded(it: Staged, **table: str) -> None:
    """Have a proxy that asks for a token, and a provider's table with this in place of our own."""
    it.environ |= {"MINE": TOKEN, "WRONG": "another-token-of-the-tests"}
    it.token = TOKEN
    lines = [f'{key} = "{value}"' for key, value in table.items()]
    if lines:
        it.change('experimental_bearer_token = "codex-glm"', "\n".join(lines))


FAILURES = {
    "no key": Case(env(GLM_API_KEY=""), "key", "there is none", "export GLM_API_KEY"),
    "OpenAI key": Case(own_base("sk-proj-1"), "key", "keys of OpenAI", "export GLM_API_KEY"),
    "bearer": Case(own_base("Bearer a.b"), "key", "give the key alone", "export", ("settings",)),
    "quotes": Case(own_base(f"'{KEY}'"), "key", "quotes", "export GLM_API_KEY"),
    "blank": Case(env(GLM_API_KEY="ab cd.ef"), "key", "a blank in it", "export", ("settings",)),
    "odd letters": Case(env(GLM_API_KEY="äb.cd"), "key", "no key has", "export", ("settings",)),
    "placeholder": Case(own_base("your-key.here"), "key", "placeholder", "export GLM_API"),
    "half a key": Case(own_base("0123456789ab"), "key", "no dot", "export GLM_API_KEY"),
    "refused key": Case(refused_everywhere, "GLM", "does not accept the API key", "GLM_API_KEY"),
    "other base": Case(
        refused_here, "other bases", "the key is taken at http", "GLM_API_BASE", ("GLM",)
    ),
    "no balance": Case(
        replies(CHAT, *glm_says(429, "1113")), "turn", "no balance or package", "GLM_API_BASE"
    ),
    "plan limit": Case(
        replies(CHAT, *glm_says(429, "1308", "reset at 2026-11-22 23:00:00")),
        "turn",
        "limit of the GLM plan is reached",
        "wait for the reset",
    ),
    "plan ended": Case(replies(CHAT, *glm_says(429, "1309")), "turn", "plan has ended", "renew"),
    "model refused": Case(
        replies(CHAT, *glm_says(403, "1311")), "turn", "does not serve this model", "glm_model_map"
    ),
    "account": Case(replies(CHAT, *glm_says(403, "1313")), "turn", "not allow this key", "support"),
    "busy": Case(
        replies(CHAT, *glm_says(429, "1302")), "turn", "no more turns at once", "try again"
    ),
    "request refused": Case(
        replies(CHAT, *glm_says(400, "1210")), "turn", "refused the request", "report"
    ),
    "no stream": Case(
        replies(CHAT, 200, {"choices": []}), "turn", "no event stream", "check GLM_API_BASE"
    ),
    "cut stream": Case(
        replies(CHAT, 200, stream('{"choices":[{"delta":{"content":"o"}}]}')),
        "turn",
        "ended with nothing",
        "try again",
    ),
    "error in stream": Case(
        replies(CHAT, 200, stream('{"error":{"code":"1301","message":"m"}}')),
        "turn",
        "content policy",
        "try again",
    ),
    "junk in stream": Case(replies(CHAT, 200, stream("{")), "turn", "no JSON", "GLM_API_BASE"),
    "wordless stream": Case(
        replies(CHAT, 200, stream('{"choices":[{"finish_reason":"stop"}]}')),
        "turn",
        "no words",
        "try again",
    ),
    "no tools": Case(
        replies(
            CHAT, 200, stream('{"choices":[{"delta":{"content":"o"},"finish_reason":"stop"}]}')
        ),
        "tools",
        "did not call",
        "try again",
    ),
    "no search": Case(
        replies("/web_search", *glm_says(403, "1220")), "search", "not allow this key", "support"
    ),
    "GLM is not there": Case(
        env(GLM_API_BASE="http://127.0.0.1:1"),
        "GLM",
        "no connection to 127.0.0.1",
        "network",
        ("proxy base",),
    ),
    "no name": Case(
        env(GLM_API_BASE="https://glm.invalid/v4"),
        "GLM",
        "glm.invalid is not found",
        "DNS",
        ("proxy base",),
    ),
    "plain http": Case(
        env(GLM_API_BASE="http://api.z.ai/api/paas/v4"),
        "base",
        "would show the key",
        "GLM_API_BASE",
        ("settings", "proxy base"),
    ),
    "no URL": Case(
        env(GLM_API_BASE="api.z.ai"),
        "base",
        "no http URL",
        "GLM_API_BASE",
        ("settings", "proxy base"),
    ),
    **{
        f"base {value}": Case(
            env(GLM_API_BASE=value),
            "base",
            "no http URL that can be a base; it is not shown",
            "GLM_API_BASE",
            ("settings", "proxy base"),
        )
        for value in [
            OTHER_KEY,
            f"https://me:{OTHER_KEY}@proxy.lan/v4",
            f"https://api.z.ai/api/paas/v4?key={OTHER_KEY}",
            f"https://api.z.ai/api/paas/v4?{OTHER_KEY}",
            f"https://api.z.ai/api/paas/v4#{OTHER_KEY}",
            "https://[::1/v4",
        ]
    },
    "base of another API": Case(
        env(GLM_API_BASE="https://api.z.ai/api/anthropic"),
        "base",
        "no base of chat completions",
        "GLM_API_BASE",
        ("proxy base",),
    ),
    "unknown option": Case(
        lambda it: it.settings.write_text(it.settings.read_text() + "glm_imagse: omit\n"),
        "settings",
        "unknown option glm_imagse",
        "correct it",
    ),
    **{
        f"setting {line}": Case(setting(line), "settings", words, "correct it")
        for line, words in [
            ("glm_retries: abc", "glm_retries: 'abc' is no number"),
            ("glm_keepalive: x", "glm_keepalive: 'x' is no number"),
            ("glm_rows: maybe", "glm_rows: 'maybe' is none of"),
            ("glm_failover: [https://api.z.ai/v4=NOT_SET]", "glm_failover: "),
            ("ssl_insecure: yes", "ssl_insecure"),
            ("stream_large_bodies: 1m", "stream_large_bodies would"),
            ("listen_host: 0.0.0.0", "let others than this machine in"),
            ("anticache: maybe", "anticache: "),
            ("mode: [nonsense]", "mode: "),
        ]
    },
    "no codex": Case(
        lambda it: (it.folder / "bin/codex").unlink(), "Codex", "no codex", "npm install"
    ),
    "mute codex": Case(lambda it: it.program("exit 3"), "Codex", "not say its version", "anew"),
    "old codex": Case(
        lambda it: it.program("echo codex-cli 0.62.0"), "Codex", "older", "npm install"
    ),
    "no config": Case(lambda it: it.config.unlink(), "config", "there is no ", "make codex"),
    "broken config": Case(
        lambda it: it.config.write_text("x = {\na = 1\n}\n"),
        "config",
        "written in a way that this command cannot read: ",
        "an inline table on one line), then make codex",
    ),
    "config is a folder": Case(
        lambda it: staged_folder(it.config), "config", "Is a directory", "make it readable"
    ),
    "openai_base_url": Case(
        lambda it: it.config.write_text('openai_base_url = "http://127.0.0.1:9/v1"\n'),
        "config",
        "base_url is http://127.0.0.1:9/v1",
        "make codex",
    ),
    "config is no URL": Case(
        lambda it: it.change("127.0.0.1", "[::1"),
        "config",
        "base_url is <not shown",
        "make codex",
    ),
    "no base_url": Case(
        lambda it: it.change("base_url", "other_url"),
        "config",
        "base_url is not set",
        "make codex",
    ),
    "a password": Case(
        lambda it: it.change("http://127", f"http://me:{OTHER_KEY}@127"),
        "config",
        "base_url is <not shown, as it may hold a secret>, but the proxy's is http",
        "make codex",
    ),
    "no token": Case(guarded, "token", "refuses what Codex shows (401)", 'env_key = "MY_TOKEN"'),
    "another token": Case(
        lambda it: guarded(it, env_key="WRONG"), "token", "WRONG holds (env_key)", "export WRONG="
    ),
    "legacy profile": Case(
        lambda it: it.config.write_text('profile = "x"\n' + it.config.read_text()),
        "config",
        "refuses to start",
        "take that line out",
    ),
    "profile of nothing": Case(
        lambda it: profile(it, "0.133.0", 'profile = "x"\n'),
        "config",
        "has no profile x",
        "take that line out",
    ),
    "profile of no name": Case(
        lambda it: profile(it, "0.133.0", 'profile = ["x"]\n'),
        "config",
        "has no profile ['x']",
        "take that line out",
    ),
    "profile elsewhere": Case(
        lambda it: profile(it, "0.133.0", 'profile="x"\nprofiles.x.model_provider = "openai"\n'),
        "config",
        "the provider openai, which is not this proxy",
        "`profile =` out",
    ),
    "other provider": Case(
        lambda it: it.change('model_provider = "glm"', 'model_provider = "openai"'),
        "config",
        "the provider openai, which is not this proxy",
        "make codex",
    ),
    "no provider": Case(
        lambda it: it.config.write_text(""), "config", "provider openai", "make codex"
    ),
    "no tables": Case(
        lambda it: it.config.write_text('model_provider = "glm"\nmodel_providers = 1\n'),
        "config",
        "provider glm, which is not this proxy",
        "make codex",
    ),
    "other port": Case(
        lambda it: it.change(f":{it.proxy.port}/", ":9/"),
        "config",
        "base_url is http://127.0.0.1:9/v1",
        "make codex",
    ),
    "no /v1": Case(lambda it: it.change('/v1"', '"'), "config", "lacks the /v1", "make codex"),
    "https": Case(
        lambda it: it.change("http://127", "https://127"),
        "config",
        "base_url is https",
        "make codex",
    ),
    "wire_api": Case(
        lambda it: it.change('"responses"', '"chat"'), "config", "wire_api is not", "make codex"
    ),
    "env_key": Case(
        lambda it: it.change('experimental_bearer_token = "codex-glm"', 'env_key = "NOT_SET"'),
        "bearer",
        "NOT_SET, which is not set",
        "export NOT_SET=",
    ),
    "no catalogue": Case(
        lambda it: it.change("model_catalog_json", "developer_instructions"),
        "catalogue",
        "offers no apply_patch",
        "make codex",
    ),
    "catalogue gone": Case(
        lambda it: (it.home / "codex-glm/models.json").unlink(),
        "catalogue",
        "No such file",
        "make codex",
    ),
    **{
        f"catalogue {text}": Case(
            catalogue(text), "catalogue", "models.json is no catalogue", "make codex"
        )
        for text in ("{}", "{", "[]", '{"models": null}', '{"models": 1}', '{"models": "glm"}')
    },
    "catalogue of nobody": Case(
        lambda it: it.change(f"{it.home}/codex-glm/", "~nobody-of-this-name/"),
        "catalogue",
        "codex/~nobody-of-this-name/models.json: No such file",
        "make codex",
    ),
    "catalogue not fetched": Case(
        lambda it: it.config.write_text(
            'model_provider = "g"\n[model_providers.g]\nname = "G"\n'
            f'base_url = "http://127.0.0.1:{it.proxy.port}/v1"\nmodel_catalog_url = "http://x"\n'
        ),
        "catalogue",
        "no experimental_bearer_token",
        "make codex",
    ),
    "a proxy on the way": Case(
        env(HTTP_PROXY="http://10.0.0.1:8080"), "way", "HTTP_PROXY", "NO_PROXY="
    ),
    "no CA": Case(
        env(CODEX_CA_CERTIFICATE="/none.pem"), "CA", "No such file", "export CODEX_CA_CERT"
    ),
    "CA is none": Case(
        lambda it: it.environ.update(SSL_CERT_FILE=str(it.settings)),
        "CA",
        "holds no certificate",
        "export",
    ),
    "proxy not running": Case(elsewhere, "proxy", "it does not run; ", "make run"),
    **{
        f"no name of a host, {name}": Case(
            setting(f"listen_host: {name}"),
            "proxy",
            f"cannot listen at {name}:",
            "another listen_host",
            ("settings", "config"),
        )
        for name in ("..x", "ä..ö")
    },
    "port taken": Case(
        lambda it: it.proxy.replies.update({HEALTH: (404, {})}),
        "proxy",
        "is taken by",
        "listen_port",
    ),
    "port taken by JSON": Case(
        lambda it: it.proxy.replies.update({HEALTH: (200, {"ok": 1})}),
        "proxy",
        "is taken",
        "listen_port",
    ),
    "no addon": Case(
        lambda it: it.proxy.replies.update({HEALTH: (502, HTML)}),
        "proxy",
        "without the addon",
        "make run",
    ),
    "old proxy": Case(
        lambda it: it.health(version="0.0.1"), "proxy version", "runs version", "make stop"
    ),
    "proxy without key": Case(
        lambda it: it.health(key="missing (unless …)"), "proxy key", "without a key", "export"
    ),
    "proxy simulates": Case(
        lambda it: it.health(simulator=True), "proxy key", "from the simulator", "make stop"
    ),
    "proxy goes elsewhere": Case(
        lambda it: it.health(upstream="https://x"),
        "proxy base",
        "it goes to https://x",
        "make stop",
    ),
}


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_the_cause_is_named(staged: Staged, case: Case) -> None:
    case.stage(staged)
    findings = staged.examine()
    found = {each.name: each for each in findings if each.state == "wrong"}
    assert set(found) == {case.name, *case.along}
    assert case.words in found[case.name].words
    assert case.mend in found[case.name].mend
    console = Console(file=io.StringIO(), width=400)
    show(findings, console, KEY)
    shown = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    assert case.words in shown
    assert KEY not in shown
    assert [key for key in (KEY, OTHER_KEY) if key.partition(".")[2] in shown] == []


def test_settings_of_mitmproxys_own_addons(staged: Staged) -> None:
    setting("anticache: true")(staged)
    setting("web_columns: [icon]")(staged)
    setting("flow_detail: 0")(staged)
    assert not [each for each in staged.examine() if each.state == "wrong"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("a: [\n", "mitm-config.yaml: "), ("listen_port: 99999\n", "listen_port: '99999' is no port")],
)
def test_settings_that_cannot_be_read_end_it(staged: Staged, text: str, said: str) -> None:
    staged.settings.write_text(text)
    (only,) = staged.examine()
    assert (only.name, only.state) == ("settings", "wrong")
    assert said in only.words


def test_another_settings_file(staged: Staged) -> None:
    port = free_port()
    staged.other = str(staged.folder / "other.yaml")
    (staged.folder / "other.yaml").write_text(f"listen_port: {port}\n")
    found = {each.name: each for each in staged.examine()}
    assert found["settings"].words == f"{staged.other} and the environment can be read"
    assert (found["proxy"].state, found["config"].state) == ("wrong", "wrong")
    assert str(port) in found["proxy"].words
    for none in (str(staged.folder / "none.yaml"), "~nobody-of-this-name/none.yaml"):
        staged.other = none
        (only,) = staged.examine()
        assert (only.name, only.state) == ("settings", "wrong")
        assert "none.yaml" in only.words


NOTES: dict[str, tuple[Callable[[Staged], object], str, str]] = {
    "newer codex": (lambda it: it.program("echo codex-cli 0.999.0"), "Codex", "newer than any"),
    "simulator": (
        lambda it: it.settings.write_text(it.settings.read_text() + "glm_simulator: on\n"),
        "key",
        "every answer is scripted",
    ),
    "no list": (replies(MODELS, 404, {}), "models", "gives no list"),
    "a list of others": (replies(MODELS, 200, {"data": [{"id": "glm-x"}]}), "models", "glm-x"),
    "no native endpoint": (replies("v1/models", 404, {}), "Responses", "no endpoint of GLM's own"),
    "profile": (
        lambda it: profile(it, "0.133.0", 'profile = "x"\nprofiles.x.model = "glm-5.2"\n'),
        "profile",
        "from 0.134.0 on refuses",
    ),
    "name": (lambda it: it.change('"GLM"', '"OpenAI"'), "name", "compact on the server's side"),
}


@pytest.mark.parametrize(("stage", "name", "words"), NOTES.values(), ids=NOTES)
def test_notes(staged: Staged, stage: Callable[[Staged], object], name: str, words: str) -> None:
    stage(staged)
    findings = staged.examine()
    assert [each.name for each in findings if each.state == "wrong"] == []
    assert [each.name for each in findings if each.state == "note" and words in each.words] == [
        name
    ]


OWN = "there, for a base that is none of GLM's own"


@pytest.mark.parametrize(
    ("base", "key", "state", "words"),
    [
        (KNOWN_BASES[0], "abcdefgh.ijkl", "note", "there: not of the usual shape `id.secret`"),
        (KNOWN_BASES[0], KEY, "ok", "there, of the shape `id.secret`"),
        (
            KNOWN_BASES[0],
            "sk-proj-1",
            "wrong",
            "there: it begins with sk-, as the keys of OpenAI do",
        ),
        ("http://127.0.0.1:8000/v1", "EMPTY", "ok", OWN),
        ("http://127.0.0.1:8000/v1", "sk-proj-1", "ok", OWN),
        ("https://glm.example/v1", "token==", "ok", OWN),
        ("https://glm.example/v1", "two words", "wrong", "there: there is a blank in it"),
    ],
)
def test_the_shape_of_keys(base: str, key: str, state: str, words: str) -> None:
    settings = settings_file.ProxySettings(glm_base=base, key=key, key_source="there")
    found = key_shape(settings)
    assert (found.state, found.words) == (state, words)


@pytest.mark.parametrize(
    "table",
    [
        {"env_key": "MINE"},
        {"experimental_bearer_token": TOKEN},
        {"env_key": "MINE", "experimental_bearer_token": "unused"},
        {"experimental_bearer_token": "x", "env_http_headers.X-Api-Key": "MINE"},
        {"experimental_bearer_token": "x", "http_headers.x-api-key": TOKEN},
    ],
)
def test_the_token_that_codex_shows(staged: Staged, table: dict[str, str]) -> None:
    guarded(staged, **table)
    found = staged.examine()
    assert [each for each in found if each.state == "wrong" or each.name == "token"] == []
    setting("glm_client_tokens: [me=MINE]")(staged)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINE", TOKEN)
        found = staged.examine()
    assert [each for each in found if each.state == "wrong"] == []
    assert [each.state for each in found if each.name == "token"] == ["ok"]
    assert not [each for each in found if TOKEN in each.words + each.mend]


@pytest.mark.parametrize("catalogue", [False, True])
def test_codexs_own_provider(staged: Staged, catalogue: bool) -> None:
    line = f'openai_base_url = "http://127.0.0.1:{staged.proxy.port}/v1"\n'
    path = staged.home / "codex-glm/models.json"
    staged.config.write_text(line + (f'model_catalog_json = "{path}"\n' if catalogue else ""))
    staged.token = TOKEN  # which nobody can see here
    found = staged.examine()
    assert [each for each in found if each.state == "wrong"] == []
    states = {each.name: each.state for each in found}
    assert (states["config"], states["catalogue"]) == ("ok", "ok" if catalogue else "note")


def test_a_byte_order_mark_is_no_fault(staged: Staged) -> None:
    staged.config.write_bytes(b"\xef\xbb\xbf" + staged.config.read_bytes())
    assert not [each for each in staged.examine() if each.state == "wrong"]


def test_a_loopback_address_may_be_plain(staged: Staged) -> None:
    staged.environ["GLM_API_BASE"] = staged.glm.base.replace("127.0.0.1", "127.0.0.2")
    (found,) = [each for each in staged.examine() if each.name == "base"]
    assert found.state == "note"


def test_other_bases_are_left_alone_by_a_base_of_ones_own(staged: Staged) -> None:
    refused_here(staged)
    staged.environ["GLM_API_BASE"] = staged.glm.base.replace("/coding", "/mine")
    staged.examine()
    assert staged.others.asked == []


@pytest.mark.parametrize(
    ("rules", "host", "covered"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("localhost, 127.0.0.1", "127.0.0.1", True),
        ("*", "127.0.0.1", True),
        ("127.0.0.0/8", "127.0.0.1", True),
        ("10.0.0.0/8,127.0.0.1/8", "127.0.0.1", True),
        ("[::1]", "::1", True),
        (".lan", "proxy.lan", True),
        ("lan", "proxy.lan", True),
        ("", "127.0.0.1", False),
        ("127.0.0.2,10.0.0.0/8,1", "127.0.0.1", False),
        ("127.0.0.0/8,::1/128,an", "proxy.lan", False),
    ],
)
def test_no_proxy_helps(staged: Staged, rules: str, host: str, covered: bool) -> None:
    staged.environ |= {"ALL_PROXY": "http://10.0.0.1:8080", "NO_PROXY": rules}
    settings = settings_file.ProxySettings(host=host)
    (found,) = check_codex._way(staged.environ, settings)
    assert found.state == ("ok" if covered else "wrong")


def test_a_certificate_is_enough(staged: Staged) -> None:
    path = staged.folder / "ca.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\n")
    staged.environ["CODEX_CA_CERTIFICATE"] = str(path)
    (found,) = [each for each in staged.examine() if each.name == "CA"]
    assert found.state == "ok"


@pytest.mark.parametrize("well", [True, False])
def test_the_exit_code(
    staged: Staged, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], well: bool
) -> None:
    for name, value in staged.environ.items():
        monkeypatch.setenv(name, value)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    if not well:
        staged.program("exit 1")
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--free"], standalone_mode=False)
    assert ended.value.code is (not well)
    assert ("Nothing is wrong." if well else "1 thing is wrong.") in capsys.readouterr().out


def test_a_key_in_anybodys_words_is_masked() -> None:
    console = Console(file=io.StringIO(), width=20)
    show([wrong("x", f"said {KEY} [bold]", f"do {KEY} /me/x")], console, KEY, "/me")
    shown = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    assert "TopSecret" not in shown
    assert "[bold]" in shown
    assert "~/x" in shown
