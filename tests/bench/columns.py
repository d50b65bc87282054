"""The columns: who is measured, and how each is started."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import codex_glm

from .processes import PROJECT, free_port
from .rivals import RIVALS, installed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .request import Dialect

KEY = "0123456789abcdef0123456789abcdef.SecretOfTheBench"
MODEL = "glm-5.2"
BIN = Path(sys.executable).parent
_STREAMING = "def responseheaders(flow):\n    flow.response.stream = True\n"
_CONFIG = "listen_host: 127.0.0.1\nweb_open_browser: false\nflow_detail: 0\n"

type Kind = Literal["direct", "passthrough", "own", "python", "javascript", "compiled"]


@dataclass(frozen=True)
class Place:
    """Where a column runs: its own folder, the port it shall serve, the upstream's port."""

    folder: Path
    port: int
    upstream: int

    @property
    def base(self) -> str:
        """The upstream's base URL, as for GLM."""
        return f"http://127.0.0.1:{self.upstream}/v4"


@dataclass(frozen=True)
class Start:
    """How to start it."""

    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """One who is measured."""

    name: str
    kind: Kind
    about: str
    start: Callable[[Place], Start] | None
    """None: there is no process between client and upstream."""
    model: str = MODEL
    key: str = "codex-glm"
    version: str = ""

    @property
    def dialect(self) -> Dialect:
        """What the client speaks with it."""
        return "chat" if self.kind in ("direct", "passthrough") else "responses"

    @property
    def path(self) -> str:
        return "/v4/chat/completions" if self.dialect == "chat" else "/v1/responses"


def columns(cache: Path, also: Mapping[str, Path], wanted: set[str]) -> list[Column]:
    """Give the columns, those not wanted left out; rivals only after they were installed.

    Args:
        cache: Where rivals are.
        also: More columns with this addon: a name, and the path of another checkout's `glm.py`.
        wanted: Names; empty means all.

    """
    every = [
        Column("direct", "direct", "the client reads the upstream's own stream", None),
        Column("passthrough", "passthrough", "mitmdump, reverse mode, no addon", _passthrough),
        *_own(),
        *(Column(name, "own", f"mitmdump with {path}", _dump(path)) for name, path in also.items()),
        *_rivals(cache),
    ]
    return [column for column in every if not wanted or column.name in wanted]


def _own() -> list[Column]:
    script = PROJECT / "addon/glm.py"
    made = f"{codex_glm.__version__}, mitmproxy {version('mitmproxy')}"
    found = [
        Column("mitmdump", "own", "this addon on mitmdump", _dump(script), version=made),
        Column("mitmweb", "own", "this addon on mitmweb, no browser open", _web(script)),
    ]
    if find_spec("codex_glm.proxy.inside_mitmproxy.fast_lane"):
        without = _dump(script, "glm_fast_lane=false")
        found.insert(1, Column("lane off", "own", "the same, glm_fast_lane=false", without))
    return found


def _rivals(cache: Path) -> list[Column]:
    kinds: dict[str, tuple[Kind, Callable[[Path], Callable[[Place], Start]], str]] = {
        "LiteLLM": ("python", _litellm, MODEL),
        "codex-relay": ("compiled", _relay, MODEL),
        "opencodex": ("javascript", _opencodex, f"glm/{MODEL}"),
    }
    found = []
    for rival in RIVALS:
        kind, start, model = kinds[rival.name]
        folder = installed(rival, cache)
        if folder:
            about = f"{rival.package} of {rival.registry}"
            column = Column(
                rival.name, kind, about, start(folder), model, KEY_OF_RIVALS, rival.version
            )
            found.append(column)
    return found


KEY_OF_RIVALS = "sk-0123456789abcdef0123456789abcdef"
"""LiteLLM wants one of this shape, the others take any."""


def _mitmproxy(tool: str, place: Place, mode: str, *options: str) -> list[str]:
    every = (f"confdir={place.folder}/conf", "flow_detail=0", *options)
    sets = [part for option in every for part in ("--set", option)]
    return [str(BIN / tool), "--mode", f"reverse:{mode}@127.0.0.1:{place.port}", *sets]


def _passthrough(place: Place) -> Start:
    """Stock mitmproxy keeps a reply until its end; these two lines make it stream."""
    script = place.folder / "streaming.py"
    script.write_text(_STREAMING)
    target = f"http://127.0.0.1:{place.upstream}"
    return Start([*_mitmproxy("mitmdump", place, target), "-s", str(script)])


def _addon(tool: str, script: Path, place: Place, *options: str) -> Start:
    config = place.folder / "config.yaml"
    config.write_text(_CONFIG)
    given = (f"glm_config={config}", *options)
    command = _mitmproxy(tool, place, "http://glm.invalid", *given)
    variables = {"GLM_API_BASE": place.base, "GLM_API_KEY": KEY}
    return Start([*command, "-s", str(script)], variables)


def _dump(script: Path, *options: str) -> Callable[[Place], Start]:
    return lambda place: _addon("mitmdump", script, place, *options)


def _web(script: Path) -> Callable[[Place], Start]:
    return lambda place: _addon(
        "mitmweb", script, place, f"web_port={free_port()}", "web_open_browser=false"
    )


def _litellm(folder: Path) -> Callable[[Place], Start]:
    def start(place: Place) -> Start:
        parameters = {"model": f"zai/{MODEL}", "api_base": place.base, "api_key": KEY}
        models = [{"model_name": MODEL, "litellm_params": parameters}]
        config = place.folder / "config.yaml"
        settings = {"drop_params": True}  # else it refuses parallel_tool_calls
        config.write_text(json.dumps({"model_list": models, "litellm_settings": settings}))
        command = [str(folder / "bin/litellm"), "--config", str(config), "--host", "127.0.0.1"]
        variables = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MASTER_KEY": KEY_OF_RIVALS}
        return Start([*command, "--port", str(place.port), "--telemetry", "False"], variables)

    return start


def _relay(folder: Path) -> Callable[[Place], Start]:
    def start(place: Place) -> Start:
        variables = {
            "CODEX_RELAY_UPSTREAM": place.base,
            "CODEX_RELAY_API_KEY": KEY,
            "CODEX_RELAY_PORT": str(place.port),
        }
        return Start([str(folder / "bin/codex-relay")], variables)

    return start


def _opencodex(folder: Path) -> Callable[[Place], Start]:
    def start(place: Place) -> Start:
        provider = {
            "adapter": "openai-chat",
            "baseUrl": place.base,
            "apiKey": KEY,
            "authMode": "key",
            "defaultModel": MODEL,
            "models": [MODEL],
            "allowPrivateNetwork": True,
        }
        home = place.folder / ".opencodex"
        home.mkdir()
        (place.folder / ".codex").mkdir()
        config = {"port": place.port, "defaultProvider": "glm", "providers": {"glm": provider}}
        (home / "config.json").write_text(json.dumps(config))
        command = [str(folder / "node_modules/.bin/ocx"), "start", "--port", str(place.port)]
        return Start(command, {"CODEX_HOME": str(place.folder / ".codex")})

    return start
