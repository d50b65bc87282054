"""Codex set up and undone: every home is afterwards what it was, down to the bytes."""

from __future__ import annotations

import errno
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from codex_glm.commands import codex_home
from codex_glm.commands.codex_home import HomeError, set_up, undo
from codex_glm.commands.config_text import ConfigTextError, add, read, remove
from hypothesis import given
from hypothesis import strategies as st

from .homes import CONFIGS, look, make_home

if TYPE_CHECKING:
    from collections.abc import Callable

BASE = "http://127.0.0.1:18765/v1"
EDIT = '\n[projects."/new"]\ntrust_level = "trusted"\n'

each_config = pytest.mark.parametrize("content", CONFIGS.values(), ids=CONFIGS)


def told(home: Path) -> dict[str, Any]:
    return tomllib.loads((home / "config.toml").read_bytes().decode("utf-8-sig"))


def check_set_up(home: Path, before: bytes | None, base: str = BASE) -> None:
    now = told(home)
    provider = now["model_providers"].pop(now["model_provider"])
    assert (provider["base_url"], provider["name"]) == (base, "GLM")
    assert now["model"] == "glm-5.3"
    assert (home / "codex-glm/models.json").read_text() == "[1]"
    assert now["model_catalog_json"] == str(home / "codex-glm/models.json")
    old = tomllib.loads((before or b"").decode("utf-8-sig"))
    ours = ("model", "model_provider", "model_catalog_json")
    assert {k: v for k, v in now.items() if k not in ours and v} == {
        k: v for k, v in old.items() if k not in ours and v
    }


@each_config
def test_undo_leaves_nothing(tmp_path: Path, content: bytes | None) -> None:
    home = make_home(tmp_path, content)
    before = look(tmp_path)
    set_up(home, BASE, "[1]")
    check_set_up(home, content)
    assert undo(home) == []
    assert look(tmp_path) == before
    assert undo(home) is None
    assert look(tmp_path) == before


@each_config
def test_twice_is_once(tmp_path: Path, content: bytes | None) -> None:
    home = make_home(tmp_path, content)
    before = look(tmp_path)
    set_up(home, "http://127.0.0.1:1/v1", "[0]")
    set_up(home, BASE, "[1]")
    once = look(tmp_path)
    check_set_up(home, content)
    set_up(home, BASE, "[1]")
    assert look(tmp_path) == once
    undo(home)
    assert look(tmp_path) == before


@pytest.mark.parametrize("again", [False, True])
@each_config
def test_edits_in_between_stay(tmp_path: Path, content: bytes | None, again: bool) -> None:
    home = make_home(tmp_path, content)
    before = look(tmp_path)
    set_up(home, BASE, "[1]")
    config = home / "config.toml"
    line_end = "\r\n" if content and b"\r\n" in content else "\n"
    edit = EDIT.replace("\n", line_end).encode()
    config.write_bytes(config.read_bytes() + edit)
    if again:
        set_up(home, BASE, "[1]")
        assert told(home)["projects"]["/new"] == {"trust_level": "trusted"}
    assert undo(home) == []
    assert config.read_bytes() == (content or b"") + edit
    after = look(tmp_path)
    if content is not None:
        name = str(config.relative_to(tmp_path))
        assert after.pop(name).mode == before.pop(name).mode
        assert after == before


def rewrite(change: Callable[[str], str], home: Path) -> None:
    config = home / "config.toml"
    text = config.read_bytes().decode()
    assert change(text) != text
    config.write_bytes(change(text).encode())


@each_config
def test_edits_inside_the_blocks(tmp_path: Path, content: bytes | None) -> None:
    home = make_home(tmp_path, content)
    set_up(home, BASE, "[1]")
    # As Codex does after /model: the value in its place, a new setting behind it.
    rewrite(lambda t: t.replace("glm-5.3", "glm-5.3-flash", 1), home)
    if content != CONFIGS["inline"]:
        rewrite(lambda t: t.replace('name = "GLM"', 'name = "G"\nstream_max_retries = 3'), home)
    remarks = undo(home) or []
    assert "The model glm-5.3-flash went with its provider." in remarks
    if content != CONFIGS["inline"]:
        assert any(each.endswith("went with it: name, stream_max_retries") for each in remarks)
    if content is None:
        assert look(tmp_path) == {}
    else:
        old = tomllib.loads(content.decode("utf-8-sig"))
        assert (home / "config.toml").read_bytes().count(b"codex-glm") == content.count(
            b"codex-glm"
        )
        assert {k: v for k, v in told(home).items() if v} == {k: v for k, v in old.items() if v}
        assert sorted(path.name for path in home.iterdir()) == ["auth.json", "config.toml"]


PIECES = [
    'model = "o3" # mine\n',
    "model_provider='local'\n",
    "# a comment\n\n",
    'x.y = "a.b"\n',
    "b = [\n[1],\n]\n",
    "x.z = 1\n",
    "[tui]\nnotifications = [ 1,\n 2 ]\n",
    '[[list]]\nname = "1"\n',
    "[model_providers]\n",
    '[model_providers.glm] # mine\nname = "A"\n',
    '[model_providers."a b"]\nname = """\n# <<< codex-glm\n"""\n',
    '[projects."/x".deep]\ntrusted = 1\n',
]


@given(pieces=st.permutations(PIECES), count=st.integers(0, len(PIECES)), crlf=st.booleans())
def test_what_goes_in_comes_out(pieces: list[str], count: int, crlf: bool) -> None:
    text = "".join(pieces[:count])
    text = text.replace("\n", "\r\n") if crlf else text
    try:
        added, ours = add(text, BASE, "/c.json")
    except ConfigTextError:
        # Some orders are no valid TOML.
        with pytest.raises(ConfigTextError):
            read(text)
        return
    assert remove(added, ours) == (text, [])


OWN = """\
env_key = "MY_TOKEN"
stream_max_retries = 3
http_headers = { "x y" = "1", z = { a = [1, "b"] } }
env_http_headers = {}
query_params = { at = 2026-11-28 }
"""


@pytest.mark.parametrize("name", [name for name in CONFIGS if name != "inline"])
def test_what_the_user_changed_is_kept_the_next_time(tmp_path: Path, name: str) -> None:
    home = make_home(tmp_path, CONFIGS[name])
    assert set_up(home, "http://127.0.0.1:1/v1", "[1]").ours.kept == []
    rewrite(lambda t: t.replace('experimental_bearer_token = "codex-glm"', OWN), home)
    rewrite(lambda t: t.replace('"responses"', '"chat"').replace("glm-5.3", "glm-5.2", 1), home)
    provider = told(home)["model_provider"]
    for _ in range(3):
        kept = set_up(home, BASE, "[1]").ours.kept
        assert kept == [
            *("model", "env_key", "stream_max_retries", "http_headers", "env_http_headers"),
            *("query_params", "experimental_bearer_token"),
        ]
        now = told(home)
        assert (now["model"], now["model_provider"]) == ("glm-5.2", provider)
        table = now["model_providers"][provider]
        assert {key: table.pop(key) for key in ("name", "base_url", "wire_api")} == {
            "name": "GLM",
            "base_url": BASE,
            "wire_api": "responses",
        }
        assert table == {"supports_websockets": False, **tomllib.loads(OWN)}
    undo(home)
    if CONFIGS[name] is None:
        assert look(tmp_path) == {}
    else:
        left = (home / "config.toml").read_bytes()
        assert left.strip() == (CONFIGS[name] or b"").strip()


@pytest.mark.parametrize("rounds", [1, 3])
def test_edits_in_the_blocks_leave_no_lines_behind(tmp_path: Path, rounds: int) -> None:
    home = make_home(tmp_path, CONFIGS["tables"])
    before = look(tmp_path)
    for count in range(rounds):
        set_up(home, BASE, "[1]")
        rewrite(lambda t: t.replace('name = "GLM', f'name = "GLM{count}'), home)  # noqa: B023
        rewrite(lambda t: t.replace('model = "glm-5', f'model = "glm-5.{count}'), home)  # noqa: B023
    undo(home)
    assert look(tmp_path) == before


def test_an_inline_table_is_kept_the_next_time(tmp_path: Path) -> None:
    home = make_home(tmp_path, CONFIGS["inline"])
    set_up(home, BASE, "[1]")
    rewrite(lambda t: t.replace('name = "GLM"', 'name = "G", http_headers = {a = "b"}'), home)
    set_up(home, BASE, "[1]")
    table = told(home)["model_providers"]["glm"]
    assert (table["name"], table["http_headers"]) == ("G", {"a": "b"})
    undo(home)
    assert (home / "config.toml").read_bytes() == CONFIGS["inline"]


def test_the_choice_of_another_model_or_provider_is_not_kept(tmp_path: Path) -> None:
    home = make_home(tmp_path, b"")
    set_up(home, BASE, "[1]")
    rewrite(lambda t: t.replace('"glm-5.3"', '"gpt-5.5"'), home)
    assert set_up(home, BASE, "[1]").ours.replaced == {"model": '"gpt-5.5"'}
    rewrite(lambda t: t.replace('model_provider = "glm"', 'model_provider = "openai"'), home)
    assert set_up(home, BASE, "[1]").ours.kept == []
    rewrite(lambda t: t.partition("[model_providers.glm]")[0], home)
    assert set_up(home, BASE, "[1]").ours.kept == []


def test_a_choice_of_another_provider_stays(tmp_path: Path) -> None:
    home = make_home(tmp_path, b'model = "o3"\n')
    set_up(home, BASE, "[1]")
    rewrite(lambda t: t.replace('provider = "glm"', 'provider = "openai"'), home)
    rewrite(lambda t: t.replace('model = "glm-5.3"', 'model = "gpt-5.5"'), home)
    remarks = ["model was changed since and stays.", "model_provider was changed since and stays."]
    assert undo(home) == remarks
    assert told(home) == {"model": "gpt-5.5", "model_provider": "openai"}


def test_what_the_user_took_out_stays_out(tmp_path: Path) -> None:
    home = make_home(tmp_path, b'model = "o3"\nx = 1\n')
    set_up(home, BASE, "[1]")
    rewrite(lambda _: "x = 1\n", home)
    assert undo(home) == []
    assert (home / "config.toml").read_bytes() == b"x = 1\n"
    set_up(home, BASE, "[1]")
    (home / "config.toml").unlink()
    assert undo(home) == []
    assert [path.name for path in home.iterdir()] == ["auth.json"]


def test_a_table_inside_the_provider_goes_with_it(tmp_path: Path) -> None:
    before = CONFIGS["odd order"] or b""
    home = make_home(tmp_path, before)
    set_up(home, BASE, "[1]")
    rewrite(lambda t: f'{t}[model_providers.glm.http_headers]\nx = "1"\n[a]\n', home)
    (remark,) = undo(home) or []
    assert remark.endswith("went with it: http_headers")
    assert (home / "config.toml").read_bytes() == before + b"[a]\n"


def test_what_codex_made_stays(tmp_path: Path) -> None:
    home = make_home(tmp_path, None)
    set_up(home, BASE, "[1]")
    (home / "history.jsonl").touch()
    undo(home)
    assert [path.name for path in home.iterdir()] == ["history.jsonl"]


@pytest.mark.parametrize("mode", [0o444, 0o600, 0o644])
def test_modes_stay(tmp_path: Path, mode: int) -> None:
    home = make_home(tmp_path, b'model = "o3"\n')
    (home / "config.toml").chmod(mode)
    before = look(tmp_path)
    set_up(home, BASE, "[1]")
    assert (home / "config.toml").stat().st_mode & 0o777 == mode
    undo(home)
    assert look(tmp_path) == before


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_a_link(tmp_path: Path, there: bool) -> None:
    home = make_home(tmp_path, b"")
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    (home / "config.toml").unlink()
    (home / "config.toml").symlink_to("../../dotfiles/codex.toml")
    if there:
        (dotfiles / "codex.toml").write_text('model = "o3"\n')
    before = look(tmp_path)
    set_up(home, BASE, "[1]")
    assert (home / "config.toml").is_symlink()
    assert told(home)["model"] == "glm-5.3"
    undo(home)
    assert look(tmp_path) == before


REFUSED = {
    "broken": (b'model = "o3\n', "it is written in a way that this command cannot read: .*line 1"),
    "twice": (b"a = 1\na = 2\n", "it is written in a way that this command cannot read: "),
    "not utf-8": (b"# \xff\n", "it is not UTF-8"),
    "table": (b"[model]\nname = 1\n", "model is a table in it"),
    "no table": (b"model_providers = 1\n", "model_providers is no table in it"),
}


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_changed_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    home = make_home(tmp_path, content)
    before = look(tmp_path)
    with pytest.raises(HomeError, match=rf"config\.toml: {said}.*Nothing was changed\."):
        set_up(home, BASE, "[1]")
    assert look(tmp_path) == before


def test_a_link_to_nowhere_is_refused(tmp_path: Path) -> None:
    home = make_home(tmp_path, b"")
    (home / "config.toml").unlink()
    (home / "config.toml").symlink_to(tmp_path / "none" / "x.toml")
    before = look(tmp_path)
    with pytest.raises(HomeError, match=r"leads to .* where there is no folder"):
        set_up(home, BASE, "[1]")
    assert look(tmp_path) == before


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HomeError, match="Not a directory"):
        set_up(tmp_path / "file", BASE, "[1]")


@pytest.mark.parametrize("do", [undo, lambda home: set_up(home, BASE, "[1]")])
def test_broken_since_then(tmp_path: Path, do: Callable[[Path], object]) -> None:
    home = make_home(tmp_path, b'model = "o3"\n')
    set_up(home, BASE, "[1]")
    rewrite(lambda t: t + "[[[", home)
    before = look(tmp_path)
    with pytest.raises(HomeError, match=r"cannot read: .*Mend it, or take .*config\.toml\.before"):
        do(home)
    assert look(tmp_path) == before


def test_a_broken_record_is_told(tmp_path: Path) -> None:
    home = make_home(tmp_path, b"")
    set_up(home, BASE, "[1]")
    (home / "codex-glm/setup.json").write_text("{}")
    with pytest.raises(HomeError, match=r"setup\.json cannot be read\. Take the lines"):
        undo(home)


def test_a_crash_before_the_last_step_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home(tmp_path, b'model = "o3"')
    before = look(tmp_path)
    write = codex_home._write

    def fail(path: Path, content: bytes, mode: int) -> None:
        if path.name == "config.toml":
            raise RuntimeError("killed")
        write(path, content, mode)

    monkeypatch.setattr(codex_home, "_write", fail)
    with pytest.raises(RuntimeError):
        set_up(home, BASE, "[1]")
    assert undo(home) == []
    assert look(tmp_path) == before


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize(
    ("number", "mend"),
    [(errno.EACCES, "its folder have to be writable"), (errno.EBUSY, "mount its folder instead")],
)
def test_what_cannot_be_written_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, mend: str, earlier: bool
) -> None:
    home = make_home(tmp_path, b'model = "o3"')
    first = look(tmp_path)
    if earlier:
        set_up(home, BASE, "[1]")
    before = look(tmp_path)
    replace = Path.replace

    def fail(self: Path, target: Path) -> Path:
        if target.name == "config.toml":
            raise OSError(number, os.strerror(number), str(self))
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        with pytest.raises(HomeError) as told:
            set_up(home, "http://127.0.0.1:1/v1", "[2]")
    assert str(told.value).startswith(f"{home / 'config.toml'}: {os.strerror(number)}. ")
    assert mend in str(told.value)
    assert look(tmp_path) == before
    undo(home)
    assert look(tmp_path) == first


def test_where_home_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert codex_home.home_folder({}) == tmp_path / ".codex"
    assert codex_home.home_folder({"CODEX_HOME": "~/x"}) == tmp_path / "x"
    nobody = "~nobody-of-this-name/x"
    assert codex_home.home_folder({"CODEX_HOME": nobody}) == Path.cwd() / nobody
