"""Codex's home folder: set up for this proxy, and put back as it was.

All that is ours lies in one folder of it, `codex-glm`: the model catalogue, a copy of config.toml
as it was, and a record of what was written. Undoing it removes that folder.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codex_glm.commands.carried import Carried, find_carried
from codex_glm.commands.config_text import ConfigTextError, Ours, add, read, remove
from codex_glm.commands.places import named_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = "codex-glm"
CATALOGUE = "models.json"
COPY = "config.toml.before"
RECORD = "setup.json"
_FILES = (CATALOGUE, COPY, RECORD)
_NEW_MODE = 0o600


class HomeError(Exception):
    """Nothing was changed; the words name the file, say why, and what to do."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a set-up did."""

    ours: Ours
    written: str
    """SHA-256 of config.toml as it was written."""
    existed: bool
    """Whether there was a config.toml before."""
    made: list[str]
    """The folders that were made for it, the outermost first."""


def home_folder(environ: Mapping[str, str]) -> Path:
    """Give Codex's home: CODEX_HOME, else `~/.codex`."""
    chosen = environ.get("CODEX_HOME", "").strip()
    return named_path(chosen).absolute() if chosen else Path.home() / ".codex"


def set_up(home: Path, base: str, catalogue: str) -> Record:
    """Write our settings and the catalogue; what an earlier set-up wrote is taken out first.

    What the user changed in it since then is kept. Raises HomeError.
    """
    config = _target(home)
    earlier = read_record(home)
    before, _ = _without_ours(home, config, earlier) if earlier else (_read(config), [])
    carried = _carried(config, earlier)
    made = earlier.made if earlier else _missing(home)
    try:
        text, ours = add(_decode(config, before), base, str(home / FOLDER / CATALOGUE), carried)
    except ConfigTextError as error:
        raise HomeError(f"{config}: {error}. Nothing was changed.") from error
    after = _encode(text, before)
    record = Record(ours, _hash(after), before is not None, made)
    files = {CATALOGUE: catalogue.encode(), COPY: before or b""}
    files[RECORD] = json.dumps(asdict(record)).encode()
    with _told(home), _all_or_nothing(home, made):
        mode = config.stat().st_mode & 0o7777 if config.exists() else _NEW_MODE
        (home / FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in files.items():
            _write(home / FOLDER / name, content, 0o600)
        # Last: up to here Codex sees nothing of it.
        _write(config, after, mode)
    return record


def _carried(config: Path, earlier: Record | None) -> Carried:
    """Find what the user changed in an earlier set-up; it has been read without ours before."""
    return (
        find_carried(read(_decode(config, _read(config))), earlier.ours) if earlier else Carried()
    )


def undo(home: Path) -> list[str] | None:
    """Put everything back; gives remarks, or None where nothing was set up. Raises HomeError."""
    record = read_record(home)
    if record is None:
        return None
    config = _target(home)
    before, remarks = _without_ours(home, config, record)
    with _told(home):
        if before is None:
            config.unlink(missing_ok=True)
        elif before != _read(config):
            _write(config, before, config.stat().st_mode & 0o7777)
        for name in _FILES:
            (home / FOLDER / name).unlink(missing_ok=True)
        _remove_folders(home, record.made)
    return remarks


def read_record(home: Path) -> Record | None:
    """Give the record of the set-up that holds; None without one. Raises HomeError."""
    path = home / FOLDER / RECORD
    raw = _read(path)
    if raw is None:
        return None
    try:
        values: dict[str, Any] = json.loads(raw)
        return Record(**{**values, "ours": Ours(**values["ours"])})
    except (ValueError, TypeError, KeyError) as error:
        raise HomeError(
            f"{path} cannot be read. Take the lines marked codex-glm out of config.toml by hand "
            f"({COPY} beside it is the file as it was), and remove {path.parent}."
        ) from error


def _without_ours(home: Path, config: Path, record: Record) -> tuple[bytes | None, list[str]]:
    """Give config.toml without what is ours; None where there is to be none."""
    now = _read(config)
    copy = _read(home / FOLDER / COPY)
    if now is None:
        return None, []
    if record.existed and copy is not None and (_hash(now) == record.written or now == copy):
        return copy, []
    if not record.existed and _hash(now) == record.written:
        return None, []
    try:
        text, remarks = remove(_decode(config, now), record.ours)
    except ConfigTextError as error:
        raise HomeError(
            f"{config}: {error}. Nothing was changed. Mend it, or take {home / FOLDER / COPY}, "
            "which is the file as it was."
        ) from error
    return (_encode(text, now) if text.strip() or record.existed else None), remarks


def _target(home: Path) -> Path:
    """Give the file that config.toml is, behind symbolic links."""
    config = home / "config.toml"
    target = Path(os.path.realpath(config))
    if config.is_symlink() and not target.parent.is_dir():
        raise HomeError(f"{config} leads to {target}, where there is no folder.")
    return target


def _missing(home: Path) -> list[str]:
    return [str(each) for each in (*reversed(home.parents), home) if not each.exists()]


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HomeError(f"{path}: {error.strerror}. Nothing was changed.") from error


def _decode(path: Path, raw: bytes | None) -> str:
    """Give the text, without the mark that Windows likes to begin a file with (BOM)."""
    try:
        return (raw or b"").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise HomeError(f"{path}: it is not UTF-8. Nothing was changed.") from error


def _encode(text: str, like: bytes | None) -> bytes:
    """Give the bytes of a text, with that mark if the file had it."""
    return (codecs.BOM_UTF8 if (like or b"").startswith(codecs.BOM_UTF8) else b"") + text.encode()


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a file at once or not at all; an error names it, and not the one beside it."""
    try:
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
            Path(name).chmod(mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextlib.contextmanager
def _all_or_nothing(home: Path, made: list[str]) -> Iterator[None]:
    """Put our folder back as it was if not everything can be written."""
    before = {home / FOLDER / name: _read(home / FOLDER / name) for name in _FILES}
    try:
        yield
    except OSError:
        with contextlib.suppress(OSError):
            for path, content in before.items():
                if content is None:
                    path.unlink(missing_ok=True)
                elif content != _read(path):
                    _write(path, content, 0o600)
        _remove_folders(home, made)
        raise


def _remove_folders(home: Path, made: list[str]) -> None:
    for folder in (home / FOLDER, *map(Path, reversed(made))):
        # What others have put there since stays.
        with contextlib.suppress(OSError):
            folder.rmdir()


@contextlib.contextmanager
def _told(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        mend = "It and its folder have to be writable."
        if error.errno == errno.EBUSY:
            mend = "It cannot be replaced where it is mounted by itself: mount its folder instead."
        raise HomeError(f"{error.filename or home}: {error.strerror}. {mend}") from error
