"""Recording: a live session with Codex becomes test fixtures, without what is private in it."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from codex_glm.translation.recording import record_request, record_stream
from codex_glm.translation.redaction import Private, Redactor
from codex_glm.translation.wire.wire_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mitmproxy.http import HTTPFlow

    from codex_glm.proxy.config.api_key import ApiKey
    from codex_glm.proxy.config.settings import Settings
    from codex_glm.proxy.turns.turn import Turn
    from codex_glm.translation.wire.wire_json import JsonObject

_log = logging.getLogger("glm")

MOST_TURNS = 1000
"""Turns of one run that are recorded; whoever forgets the option must not fill a disk."""
LONGEST_TEXT = 2000
"""Characters; longer texts of a request are told by their length, as in `tests/fixtures/codex`."""

_SECRET_NAME = re.compile(r"(?i)key|token|secret|passw")
_SHORTEST_SECRET = 8


class Recording(NamedTuple):
    """One turn as fixtures."""

    request: JsonObject
    streams: list[bytes]
    """What GLM sent, round by round."""
    reply: bytes
    """What the client got."""

    @property
    def text(self) -> bytes:
        """The request as it stands in a file."""
        text = json.dumps(self.request, ensure_ascii=False, indent=1)
        return text.encode("utf-8", "backslashreplace")

    @property
    def size(self) -> int:
        """Bytes of all of it."""
        return len(self.text) + sum(map(len, self.streams)) + len(self.reply)


class Recorder:
    """Writes each turn into a folder, if there is one."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._keys: set[str] | None = None
        self._redactor = Redactor()
        self._written = 0

    def configure(self, settings: Settings) -> None:
        """Take the folder and the keys that must not be written."""
        if settings.record != self._folder:
            self._folder, self._written, self._keys = settings.record, 0, None
        own = [settings.key] if settings.key else []
        self._know([*own, *(place.key for place in settings.failover)])

    def turn(self, flow: HTTPFlow, turn: Turn) -> None:
        """Record a turn that has ended."""
        self._know([place.key for place in turn.upstreams])
        asked, model = turn.context.asked_model, turn.context.model
        words = f"{asked} answered by {model}: {turn.reply.stream.response.get('status', 'cut')}"
        self._record(flow, turn.context.kind.name or "turn", words, turn)

    def refused(self, flow: HTTPFlow) -> None:
        """Record a request that was no turn for this version."""
        said = flow.response.get_text(strict=False) if flow.response else ""
        self._record(flow, "refused", f"refused: {said}")

    def _know(self, keys: Sequence[ApiKey]) -> None:
        """Learn keys; what was recorded before keeps its placeholders, what follows begins anew."""
        if self._folder is None:
            return
        values = {key.value for key in keys} | {key.value.partition(".")[2] for key in keys}
        if self._keys is None or not values <= self._keys:
            self._keys = (self._keys or set()) | values
            self._redactor = Redactor(private_values(self._keys), LONGEST_TEXT)

    def _record(
        self, flow: HTTPFlow, kind: str, description: str, turn: Turn | None = None
    ) -> None:
        if self._folder is None or self._written >= MOST_TURNS:
            return
        self._written += 1
        try:
            name = f"{_next_number(self._folder):04d}-{kind}"
            recording = make_recording(name, description, flow, turn, self._redactor)
            write_recording(self._folder, name, recording)
        except Exception:  # noqa: BLE001  # a turn must not suffer from it
            _log.exception("glm_record: recording ends")
            self._folder = None


def private_values(keys: Iterable[str]) -> Private:
    """Gather what is private on this machine."""
    environ = os.environ
    secrets = {*keys, *(v for name, v in environ.items() if _SECRET_NAME.search(name))}
    home, host = Path.home(), socket.gethostname()
    people = {home.name, environ.get("USER", ""), environ.get("LOGNAME", "")}
    return Private(
        secrets=tuple(sorted(s for s in secrets if len(s) >= _SHORTEST_SECRET)),
        people=tuple(sorted(people)),
        homes=(str(home),) if home != Path("/") else (),
        hosts=tuple(sorted({host, host.partition(".")[0]} - {"localhost"})),
    )


def make_recording(
    name: str, description: str, flow: HTTPFlow, turn: Turn | None, redactor: Redactor
) -> Recording:
    """Make fixtures of a flow; without a turn there is only its request."""
    try:
        body = parse_object(flow.request.get_content(strict=False) or b"")
    except ValueError:
        body = None
    headers = {key.lower(): value for key, value in flow.request.headers.items()}
    text = redactor.text(description)
    request = record_request(name, text, flow.request.path, headers, body, redactor)
    streams = [b"".join(each.received) for each in turn.exchanges] if turn else []
    reply = b"".join(turn.sent) if turn else b""
    clean = [record_stream(stream, redactor) for stream in streams if stream]
    return Recording(request, clean, record_stream(reply, redactor))


def write_recording(folder: Path, name: str, recording: Recording) -> None:
    """Write fixtures into the folders of `tests/fixtures`, and the reply beside them.

    Raises OSError.
    """
    _write(folder / "codex" / f"{name}.json", recording.text)
    for number, stream in enumerate(recording.streams, 1):
        _write(folder / "glm" / f"{name}{_suffix(number)}.sse", stream)
    if recording.reply:
        _write(folder / "replies" / f"{name}.sse", recording.reply)


def _suffix(number: int) -> str:
    return f"-{number}" if number > 1 else ""


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _next_number(folder: Path) -> int:
    return max(_numbers(folder / "codex"), default=0) + 1


def _numbers(folder: Path) -> Iterable[int]:
    names = (path.name.partition("-")[0] for path in folder.glob("*-*.json"))
    return (int(name) for name in names if name.isdecimal())
