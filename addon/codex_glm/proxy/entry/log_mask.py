"""Keys taken out of the log, whoever writes it: also out of tracebacks and of asyncio's warnings.

Nothing of ours writes a key there. But an exception may quote what it was given, and asyncio in its
debug mode quotes the arguments of what took long.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from codex_glm.proxy.config.api_key import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    type Factory = Callable[..., logging.LogRecord]

_FORMATTER = logging.Formatter()


class LogMask:
    """Makes the process's log records; `secrets` gives what none of them may hold."""

    def __init__(self, secrets: Callable[[], Iterable[str]]) -> None:
        self._secrets = secrets
        self._factory: Factory = logging.LogRecord

    def install(self) -> None:
        """Begin; records are masked as they are made, before any handler gets them."""
        self._factory = logging.getLogRecordFactory()
        logging.setLogRecordFactory(self._make)

    def uninstall(self) -> None:
        """End, unless another one has begun since, as in a reload."""
        if logging.getLogRecordFactory() == self._make:
            logging.setLogRecordFactory(self._factory)

    def _make(self, *arguments: object, **named: object) -> logging.LogRecord:
        record = self._factory(*arguments, **named)
        secrets = [s for secret in self._secrets() for s in (secret, repr(secret)[1:-1]) if s]
        if not secrets:
            return record
        text = _text(record)
        masked = text
        for secret in secrets:
            masked = masked.replace(secret, PLACEHOLDER)
        if masked != text:
            record.msg, record.args, record.exc_info = masked, None, None
        return record


def _text(record: logging.LogRecord) -> str:
    try:
        message = record.getMessage()
    except Exception:  # noqa: BLE001  # whoever shows the record meets it, and says so
        message = str(record.msg)
    traceback = _FORMATTER.formatException(record.exc_info) if record.exc_info else ""
    return f"{message}\n{traceback}" if traceback else message
