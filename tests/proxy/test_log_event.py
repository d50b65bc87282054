"""mitmproxy's deprecated event for log lines goes out where somebody listens, and else not."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from codex_glm.proxy.launch.log_event import LogEvent
from mitmproxy.log import LegacyLogEvents

from .support import served, wait_until

if TYPE_CHECKING:
    from mitmproxy.log import LogEntry

    from .conftest import StartProxy
    from .fake_upstream import FakeUpstream
    from .support import ProxyThread

LINE = "a line for whoever listens"


class Listener:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def add_log(self, entry: LogEntry) -> None:
        self.heard.append(entry.msg)


class Group:
    def __init__(self, *addons: object) -> None:
        self.addons = addons


def passes(proxy: ProxyThread) -> bool:
    """Tell whether a line becomes an event."""
    record = logging.makeLogRecord({"levelno": logging.INFO, "msg": LINE})
    (event,) = (
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, LegacyLogEvents) and handler.master is proxy.master
    )
    return bool(event.filter(record))


def add(proxy: ProxyThread, *addons: object) -> None:
    async def start() -> None:
        for addon in addons:
            proxy.master.addons.add(addon)

    proxy.run(start())


def test_heard_only_where_somebody_listens(start_proxy: StartProxy, glm: FakeUpstream) -> None:
    proxy = served(start_proxy, glm)  # not in a fixture: mitmproxy minds which test a line is of
    assert passes(proxy)
    add(proxy, spares := LogEvent())
    spares.running()
    assert not passes(proxy)
    add(proxy, Group(listener := Listener()))
    assert passes(proxy)
    logging.getLogger().warning(LINE)
    wait_until(lambda: any(line.endswith(LINE) for line in listener.heard))


def test_steps_aside_at_the_end(start_proxy: StartProxy, glm: FakeUpstream) -> None:
    proxy = served(start_proxy, glm)
    add(proxy, spares := LogEvent())
    spares.running()
    spares.done()
    assert passes(proxy)
    LogEvent().done()  # one that never ran
