"""The commands `glm.*`, for the console and mitmweb's command bar; the texts come of `inspect`.

They give lists of lines. The console shows such a list in a window of its own; mitmweb puts it on
one line below its command bar (mitmproxy 12.2), so there the lines also go to the log.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence  # noqa: TC003  # mitmproxy reads the types at run time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mitmproxy import command, ctx, http, types
from mitmproxy.exceptions import CommandError

from codex_glm.inspect.alignment import align
from codex_glm.inspect.prefix import describe, read_change
from codex_glm.inspect.stats import stats
from codex_glm.inspect.transcript import transcript
from codex_glm.inspect.wording import printable
from codex_glm.proxy.shown.recorder import (
    LONGEST_TEXT,
    make_recording,
    private_values,
    write_recording,
)
from codex_glm.proxy.shown.threads import request_body, spoken, thread_of, turns_of
from codex_glm.translation.recording import record_stream
from codex_glm.translation.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from codex_glm.proxy.shown.unknowns import Unknowns


_log = logging.getLogger("glm")


def _named[F: Callable[..., object]](name: str) -> Callable[[F], F]:
    return cast("Callable[[F], F]", command.command(name))


class Commands:
    """An addon of commands alone. `flows` is a filter of mitmproxy's, such as `@marked`."""

    def __init__(self, keys: Callable[[], Iterable[str]], unknowns: Unknowns) -> None:
        self._keys = keys
        self._unknowns = unknowns

    @_named("glm.stats")
    def stats(self, flows: str = "@all") -> Sequence[str]:
        """Count turns, tokens and list prices, by model and thread."""
        return _clean(stats([spoken(flow).record for flow in _turns(flows)]))

    @_named("glm.diff")
    def diff(self, flows: str = "") -> Sequence[str]:
        """Show both sides of a turn beside each other: Codex's items and GLM's messages."""
        flow = _chosen(flows)
        told = spoken(flow)
        return _clean(align(told.record, request_body(flow), told.reply))

    @_named("glm.thread")
    def thread(self, flows: str = "") -> Sequence[str]:
        """Show the whole thread of a turn as one transcript."""
        return _clean(transcript(thread_of(_chosen(flows))))

    @_named("glm.cache")
    def cache(self, flows: str = "") -> Sequence[str]:
        """Tell where a turn's prompt departs from the thread's previous one."""
        record = spoken(_chosen(flows)).record
        return _clean(describe(read_change(record.prefix), record.usage))

    @_named("glm.save")
    def save(self, path: types.Path, flows: str = "") -> Sequence[str]:
        """Write a turn into a folder as test fixtures, without what is private in it."""
        folder = Path(path).expanduser()
        try:
            name = _save(_chosen(flows), folder, self._keys())
        except OSError as error:
            raise CommandError(str(error)) from error
        return [f"written: {each}" for each in sorted(map(str, folder.glob(f"*/{name}*")))]

    @_named("glm.new")
    def new(self, path: types.Path) -> Sequence[str]:
        """Write the turns with something that was never seen before into a folder, as fixtures."""
        try:
            names = self._unknowns.write(Path(path).expanduser())
        except OSError as error:
            raise CommandError(str(error)) from error
        return [f"written: {name}" for name in names] or ["nothing new was seen"]


def _save(flow: http.HTTPFlow, folder: Path, keys: Iterable[str]) -> str:
    record, answered = spoken(flow)
    redactor = Redactor(private_values(keys), LONGEST_TEXT)
    name = f"{record.kind or 'turn'}-{flow.id[:8]}"
    words = f"{record.asked_model} answered by {record.model}: {record.outcome or 'under way'}"
    made = make_recording(name, words, flow, None, redactor)
    streams = [each.reply.encode("utf-8", "surrogatepass") for each in record.rounds if each.reply]
    clean = [record_stream(stream, redactor) for stream in streams]
    reply = record_stream(answered, redactor)
    write_recording(folder, name, made._replace(streams=clean, reply=reply))
    return name


def _turns(spec: str) -> list[http.HTTPFlow]:
    return turns_of(ctx.master.commands.call_strings("view.flows.resolve", [spec]))


def _chosen(spec: str) -> http.HTTPFlow:
    """Give the turn that is meant: the last of those named; else the console's focus, or the last.

    mitmweb does not tell the proxy which row is open.
    """
    console = ctx.master.addons.get("consoleaddon")
    turns = _turns(spec or ("@focus" if console else "@all"))
    if not turns:
        raise CommandError(f"{spec or 'here'}: no turn")
    return turns[-1]


def _clean(lines: Iterable[str]) -> list[str]:
    clean = [printable(line) for line in lines]
    if not ctx.master.addons.get("consoleaddon"):
        _log.info("%s", "\n".join(clean))
    return clean
