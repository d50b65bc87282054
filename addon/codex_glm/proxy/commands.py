"""The commands `glm.*`, for the console and mitmweb's command bar; the texts come of `inspect`.

They give lists of lines: the console shows such a list in a window of its own, mitmweb below its
command bar.
"""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003  # mitmproxy reads the types at run time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mitmproxy import command, ctx, http, types
from mitmproxy.exceptions import CommandError

from codex_glm.inspect.alignment import align
from codex_glm.inspect.prefix import describe, read_change
from codex_glm.inspect.stats import stats
from codex_glm.inspect.transcript import Spoken, transcript
from codex_glm.inspect.turn_record import TurnRecord, read_record
from codex_glm.inspect.wording import printable
from codex_glm.proxy.record import METADATA_KEY
from codex_glm.proxy.recorder import LONGEST_TEXT, make_recording, private_values, write_recording
from codex_glm.proxy.views import response_body
from codex_glm.translation.recording import record_stream
from codex_glm.translation.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def _named[F: Callable[..., object]](name: str) -> Callable[[F], F]:
    return cast("Callable[[F], F]", command.command(name))


class Commands:
    """An addon of commands alone. `flows` is a filter of mitmproxy's, such as `@marked`."""

    def __init__(self, keys: Callable[[], Iterable[str]]) -> None:
        self._keys = keys

    @_named("glm.stats")
    def stats(self, flows: str = "@all") -> Sequence[str]:
        """Count turns, tokens and list prices, by model and thread."""
        return _clean(stats([_record(flow) for flow in _turns(flows)]))

    @_named("glm.diff")
    def diff(self, flows: str = "") -> Sequence[str]:
        """Show both sides of a turn beside each other: Codex's items and GLM's messages."""
        flow = _chosen(flows)
        asked = flow.request.get_content(strict=False) or b""
        return _clean(align(_record(flow), asked, response_body(flow)))

    @_named("glm.thread")
    def thread(self, flows: str = "") -> Sequence[str]:
        """Show the whole thread of a turn as one transcript."""
        thread = _record(_chosen(flows)).thread
        told = [Spoken(_record(flow), response_body(flow)) for flow in _turns("@all")]
        return _clean(transcript([each for each in told if each.record.thread == thread]))

    @_named("glm.cache")
    def cache(self, flows: str = "") -> Sequence[str]:
        """Tell where a turn's prompt departs from the thread's previous one."""
        record = _record(_chosen(flows))
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


def _save(flow: http.HTTPFlow, folder: Path, keys: Iterable[str]) -> str:
    record = _record(flow)
    redactor = Redactor(private_values(keys), LONGEST_TEXT)
    name = f"{record.kind or 'turn'}-{flow.id[:8]}"
    words = f"{record.asked_model} answered by {record.model}: {record.outcome or 'under way'}"
    made = make_recording(name, words, flow, None, redactor)
    streams = [each.reply.encode("utf-8", "surrogatepass") for each in record.rounds if each.reply]
    clean = [record_stream(stream, redactor) for stream in streams]
    reply = record_stream(response_body(flow), redactor)
    write_recording(folder, name, made._replace(streams=clean, reply=reply))
    return name


def _turns(spec: str) -> list[http.HTTPFlow]:
    found = ctx.master.commands.call_strings("view.flows.resolve", [spec])
    return [f for f in found if isinstance(f, http.HTTPFlow) and METADATA_KEY in f.metadata]


def _chosen(spec: str) -> http.HTTPFlow:
    """Give the turn that is meant: the last of those named; else the console's focus, or the last.

    mitmweb does not tell the proxy which row is open.
    """
    console = ctx.master.addons.get("consoleaddon")
    turns = _turns(spec or ("@focus" if console else "@all"))
    if not turns:
        raise CommandError(f"{spec or 'here'}: no turn")
    return turns[-1]


def _record(flow: http.HTTPFlow) -> TurnRecord:
    return read_record(flow.metadata[METADATA_KEY])


def _clean(lines: Iterable[str]) -> list[str]:
    return [printable(line) for line in lines]
