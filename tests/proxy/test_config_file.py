"""mitm-config.yaml: what is refused and by which name, and what goes before it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from codex_glm.__main__ import main
from codex_glm.commands import places
from codex_glm.proxy.config import config_file
from codex_glm.proxy.config import options as addon_options
from codex_glm.proxy.config.config_file import ConfigError, apply_file, options_given, read_file
from codex_glm.proxy.launch import start
from mitmproxy.exceptions import OptionsError
from mitmproxy.options import Options

from .support import KEY

PROJECT = Path(__file__).parents[2]


def options_of(*markers: str) -> Options:
    """Give a tool's options; `markers` tell which tool it is."""
    options = Options()
    for name in ("glm_api_key", "glm_api_base", "glm_effort"):
        options.add_option(name, str, "", "")
    options.add_option("glm_tool_stream", bool, True, "")
    options.add_option("glm_model_map", Sequence[str], [], "")
    for marker in markers:
        options.add_option(marker, int, 0, "")
    return options


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


def apply(file: Path, options: Options, *given: str, **environ: str) -> list[tuple[str, str]]:
    keys: list[tuple[str, str]] = []
    apply_file(options, file, frozenset(given), environ, lambda *key: keys.append(key))
    return keys


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("glm_modle: a", "unknown option glm_modle"),
        ("5: a", "unknown option 5"),
        ("glm_api_base:\n  unknown: 1", "glm_api_base"),
        ("glm_tool_stream: maybe", "glm_tool_stream"),
        ("glm_effort: [high]", "glm_effort"),
        ("glm_effort: true", "glm_effort"),
        ("glm_model_map: a=b", "glm_model_map"),
        ("listen_port: many", "listen_port"),
        ("flow_detial: 0", "unknown option flow_detial"),
        ("flow_detail: none", "flow_detail"),
        ("dumper_fitler: x", "unknown option dumper_fitler"),
        ("- glm_effort", "name: value"),
        ("5", "name: value"),
        ("just words", "no keys found"),
        ("a: [", "line 1"),
        ("glm_effort: high\nglm_effort: low", "duplicate key"),
        ("a: !!python/object:os.system x", "python/object"),
        (b"\xff", "utf-8"),
    ],
)
def test_refused(file: Path, text: str | bytes, said: str) -> None:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError, match=r"^mine\.yaml: ") as refused:
        apply(file, options_of("flow_detail"))
    assert said in str(refused.value)


@pytest.mark.parametrize("text", ["", "# a comment\n", "---\n"])
def test_an_empty_file_sets_nothing(file: Path, text: str) -> None:
    file.write_text(text)
    assert read_file(file) == {}


def test_a_missing_file_is_named(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"^mine\.yaml: .*No such file"):
        read_file(file)


@pytest.mark.parametrize(
    ("name", "marker", "passed_over"),
    [
        ("web_port", "flow_detail", True),
        ("web_typo", "flow_detail", True),
        ("web_typo", "web_port", False),
        ("console_typo", "web_port", True),
        ("console_typo", "console_layout", False),
        ("flow_detail", "web_port", True),
        ("intercept", "flow_detail", True),
        ("glm_typo", "web_port", False),
        ("typo", "flow_detail", False),
    ],
)
def test_options_of_other_tools(file: Path, name: str, marker: str, passed_over: bool) -> None:
    file.write_text(f"{name}: 1")
    assert config_file.is_of_other_tool(name, options_of(marker)) is passed_over
    if passed_over:
        assert apply(file, options_of(marker)) == []
    else:
        with pytest.raises(ConfigError, match=f"unknown option {name}"):
            apply(file, options_of(marker))


def test_what_goes_before_the_file(file: Path) -> None:
    file.write_text("glm_effort: high\nglm_api_base: https://file.example\nshowhost: true\n")
    options = options_of()
    apply(file, options, "glm_effort", GLM_API_BASE="https://environment.example", GLM_API_KEY="")
    assert (options.glm_effort, options.glm_api_base, options.showhost) == ("", "", True)
    apply(file, options, GLM_API_BASE="")
    assert (options.glm_effort, options.glm_api_base) == ("high", "https://file.example")


def test_the_key_never_becomes_a_value(file: Path) -> None:
    file.write_text(f"glm_api_key: {KEY}\n")
    options = options_of()
    assert apply(file, options) == [(KEY, "mine.yaml")]
    assert apply(file, options, GLM_API_KEY="environment.wins") == []
    assert apply(file, options, "glm_api_key") == []
    assert options.glm_api_key == ""


def test_a_bad_key_is_refused(file: Path) -> None:
    def refuse(_: str, source: str) -> None:
        raise OptionsError(f"{source}: a key is one word")

    file.write_text("glm_api_key: two words\n")
    with pytest.raises(ConfigError, match=r"^mine\.yaml: glm_api_key: a key is one word$"):
        apply_file(options_of(), file, frozenset(), {}, refuse)


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ([], set()),
        (["--set", "glm_effort="], {"glm_effort"}),
        (["--set=glm_effort=high", "--set", "anticache"], {"glm_effort", "anticache"}),
        (["--mode", "regular"], {"mode"}),
        (["-mregular", "-p8080"], {"mode", "listen_port"}),
        (["--listen-host=127.0.0.1"], {"listen_host"}),
        (["--no-http2"], {"http2"}),
        (["-q"], {"flow_detail", "termlog_verbosity"}),
        (["-v"], {"flow_detail", "termlog_verbosity"}),
        (["--showhost", "~u x"], {"showhost"}),
        (["--not-of-mitmproxy", "x"], set()),
        (["-p", "none"], set()),
    ],
)
def test_options_given(arguments: list[str], given: set[str]) -> None:
    assert options_given(arguments, options_of()) == given


@pytest.mark.parametrize("marker", ["web_port", "console_layout"])
def test_flags_of_each_tool(marker: str) -> None:
    assert options_given([f"--{marker.replace('_', '-')}", "5"], options_of(marker)) <= {marker}


def sets(command: list[str]) -> list[str]:
    return [command[i + 1] for i, word in enumerate(command) if word == "--set"]


DEFAULTS = [
    "mode=reverse:http://glm.invalid",
    "listen_host=127.0.0.1",
    "listen_port=18765",
    "glm_simulator=auto",
]


@pytest.mark.parametrize(
    ("tool", "arguments", "file", "expected"),
    [
        ("dump", [], {}, DEFAULTS),
        ("web", [], {}, DEFAULTS),
        ("dump", [], {"glm_simulator": "off"}, DEFAULTS[:3]),
        ("dump", [], {"glm_effort": "high", "web_port": 1}, DEFAULTS),
        ("web", [], {"web_port": 1}, [*DEFAULTS, "web_port=1"]),
        ("dump", [], {"confdir": "c"}, [*DEFAULTS, "confdir=c"]),
        ("dump", ["-p", "9"], {"listen_port": 8}, [DEFAULTS[0], DEFAULTS[1], DEFAULTS[3]]),
        ("dump", ["--mode", "regular"], {}, DEFAULTS[1:]),
        ("dump", ["--mode=regular"], {"mode": ["socks5"]}, DEFAULTS[1:]),
        ("dump", ["--set", "mode=regular"], {}, [*DEFAULTS[1:], "mode=regular"]),
        ("dump", ["--set", "glm_simulator=on"], {}, [*DEFAULTS[:3], "glm_simulator=on"]),
    ],
)
def test_command_line(
    tool: str, arguments: list[str], file: dict[str, object], expected: list[str]
) -> None:
    command = start.command_line(tool, arguments, file)
    assert Path(command[0]) == Path(sys.executable).with_name(f"mitm{tool}")
    assert command[1:3] == ["-s", str(PROJECT / "addon" / "glm.py")]
    assert sorted(sets(command)) == sorted(expected)
    assert command[len(command) - len(arguments) :] == arguments


def test_command_line_keeps_every_mode() -> None:
    command = start.command_line("dump", [], {"mode": ["regular@1", "socks5@2"]})
    assert [s for s in sets(command) if s.startswith("mode=")] == [
        "mode=regular@1",
        "mode=socks5@2",
    ]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the commands that the process would have become."""
    commands: list[list[str]] = []
    monkeypatch.setattr("os.execv", lambda _, command: commands.append(command))
    return commands


@pytest.mark.parametrize(
    "chosen",
    [["--set", "glm_config={}"], ["--set=glm_config={}"], ["--config", "{}"], ["--config={}"]],
)
def test_the_chosen_file_is_read(ran: list[list[str]], file: Path, chosen: list[str]) -> None:
    arguments = ["dump", "-p", "1", *(word.format(file) for word in chosen), "-q"]
    file.write_text("listen_host: 127.0.0.7\nlisten_port: 4321\n")
    main(arguments, standalone_mode=False)
    assert "listen_host=127.0.0.7" in sets(ran[0])
    assert "listen_port=4321" not in sets(ran[0])
    assert {"-p", "1", "-q"} <= set(ran[0])
    assert f"glm_config={file}" in " ".join(ran[0])
    file.write_text("listen_port: [\n")
    with pytest.raises(SystemExit, match=r"^mine\.yaml: "):
        main(arguments, standalone_mode=False)


def test_mitmproxy_of_elsewhere(
    ran: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    main(["run"], standalone_mode=False)
    assert ran[0][:3] == [str(tmp_path / "python"), "-P", "-c"]
    assert ran[0][3] == "from mitmproxy.tools.main import mitmweb; mitmweb()"


def test_the_shipped_file_is_good() -> None:
    shipped = read_file(places.SHIPPED)
    assert places.SHIPPED == PROJECT / "mitm-config.yaml"
    assert "listen_host" in shipped
    assert "glm_api_key" not in shipped


SHIPPED = places.SHIPPED.read_text("utf-8")
EXAMPLES = re.findall(r"^# (\w+: .*|\w+:(?:\n#   - .*)+)$", SHIPPED, re.MULTILINE)
"""The settings that the shipped file shows behind a `#`."""


def test_the_examples_are_found() -> None:
    names = {example.partition(":")[0] for example in EXAMPLES}
    options = Options()
    addon_options.declare(options)
    assert names - set(options.keys()) == {"web_port"}
    missing = {name for name in set(options.keys()) - names if name.startswith("glm_")}
    assert missing == {"glm_config"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.partition(":")[0])
def test_each_example_of_the_shipped_file_is_good(file: Path, example: str) -> None:
    token = file.with_name("token")
    token.write_text("0123456789abcdef")
    text = example.replace("\n# ", "\n").replace("/run/secrets/ci", str(token))
    file.write_text(f"{SHIPPED}\n{text}\n")
    options = Options()
    addon_options.declare(options)
    apply(file, options)
    environ = {"GLM_API_KEY_2": KEY, "ALICE_TOKEN": "a-token-of-alice"}
    addon_options.read_settings(options, environ, None)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("glm_retries: 3", "glm_retries", "3"),
        ("glm_retry_seconds: 7.5", "glm_retry_seconds", "7.5"),
        ("glm_keep_bytes: 0", "glm_keep_bytes", "0"),
        ("glm_max_body: 1000", "glm_max_body", "1000"),
        ("listen_port: 9", "listen_port", 9),
    ],
)
def test_numbers(file: Path, text: str, name: str, value: object) -> None:
    file.write_text(text)
    options = Options()
    addon_options.declare(options)
    apply(file, options)
    assert getattr(options, name) == value
