"""The log: no record holds a key, whoever makes it and from whatever."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from codex_glm.proxy.config.api_key import PLACEHOLDER
from codex_glm.proxy.entry.log_mask import LogMask

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "0123456789abcdef.Top'Secret\\OfGlm"
_log = logging.getLogger("somebody.else")


@pytest.fixture
def masked() -> Iterator[LogMask]:
    mask = LogMask(lambda: ["", KEY])
    mask.install()
    yield mask
    mask.uninstall()


def fail() -> None:
    raise ValueError(f"cannot send {KEY!r}")


def test_a_record_without_a_key_stays_as_it_is(
    masked: LogMask, caplog: pytest.LogCaptureFixture
) -> None:
    assert masked
    try:
        raise ValueError("plain")  # noqa: TRY301
    except ValueError:
        _log.exception("said %s", "x")
    (record,) = caplog.records
    assert (record.msg, record.args) == ("said %s", ("x",))
    assert record.exc_info
    assert "ValueError: plain" in caplog.text


@pytest.mark.parametrize("value", [KEY, f"Bearer {KEY}", f"{KEY}".encode(), {"key": KEY}, [KEY]])
def test_a_key_is_masked(masked: LogMask, caplog: pytest.LogCaptureFixture, value: object) -> None:
    assert masked
    _log.warning("sent %s and %r", value, value)
    assert caplog.text.count(PLACEHOLDER) == 2
    assert "Secret" not in caplog.text


def test_a_traceback_is_masked(masked: LogMask, caplog: pytest.LogCaptureFixture) -> None:
    assert masked
    try:
        fail()
    except ValueError:
        _log.exception("it failed")
    assert "Secret" not in caplog.text
    assert "it failed" in caplog.text
    assert f"ValueError: cannot send '{PLACEHOLDER}'" in caplog.text.replace('"', "'")
    assert "in fail" in caplog.text


def test_a_record_that_cannot_be_written_is_no_way_around(
    masked: LogMask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert masked
    monkeypatch.setattr(logging, "raiseExceptions", False)
    monkeypatch.setattr(caplog.handler, "formatter", logging.Formatter("%(msg)s"))
    _log.warning(f"{KEY} %s %s", "one")
    assert KEY not in str([vars(record) for record in caplog.records])


def test_masks_follow_each_other() -> None:
    before = logging.getLogRecordFactory()
    first, second = LogMask(list), LogMask(list)
    first.install()
    first.uninstall()
    second.install()
    first.uninstall()
    assert logging.getLogRecordFactory() != before
    second.uninstall()
    assert logging.getLogRecordFactory() == before
