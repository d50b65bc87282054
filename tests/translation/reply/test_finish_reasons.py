from __future__ import annotations

import pytest
from codex_glm.translation.receipt import Receipt
from codex_glm.translation.reply.finish_reasons import told_failure

from ..support import receipt_lines


@pytest.mark.parametrize(
    ("reason", "rule"),
    [
        ("stop", ""),
        ("tool_calls", ""),
        ("length", ""),
        ("", "cut"),
        ("sensitive", "sensitive"),
        ("network_error", "network_error"),
        ("model_context_window_exceeded", "window"),
        ("odd", "finish"),
    ],
)
def test_told_failure(reason: str, rule: str) -> None:
    receipt = Receipt()
    failure = told_failure(reason, receipt)
    assert (failure.rule if failure else "") == rule
    known = reason != "odd"
    told = "unknown finish-reason: odd: never seen before, taken for a failure"
    assert receipt_lines(receipt) == ([] if known else [told])
