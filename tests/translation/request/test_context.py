"""The values that go with a turn: what holds where nobody has decided otherwise."""

from dataclasses import FrozenInstanceError

import pytest
from codex_glm.translation.receipt import Receipt
from codex_glm.translation.request.context import TranslationSettings, TurnContext
from codex_glm.translation.request.side_requests import MAIN
from codex_glm.translation.tools.declarations import ToolNames


def test_nothing_is_asked_of_a_server_that_is_not_known() -> None:
    settings = TranslationSettings()
    assert (settings.base, settings.searches, settings.seal_key) == ("other", False, b"")
    assert settings.validate({"type": "number"}, "a word") == ""


def test_a_context_cannot_be_changed_while_the_reply_reads_it() -> None:
    context = TurnContext("gpt-5", "glm-5", True, True, ToolNames(), Receipt(), b"")
    assert context.kind is MAIN
    with pytest.raises(FrozenInstanceError):
        context.model = "glm-4.6"  # type: ignore[misc]  # what must fail
