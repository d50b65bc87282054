"""What must hold after every test, and what is read out of received requests."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any

from tests.proxy.support import HEADERS_TO_GLM

from .codex import OPENAI_KEY, TOKEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codex_glm.simulator.engine import Received

    from .proxy_process import ProxyProcess

type Message = dict[str, Any]

_OPEN_AT_THE_END = re.compile(
    r"Exception in callback StreamReaderProtocol\.connection_made.*?\nasyncio\.\S+CancelledError\n",
    re.DOTALL,
)
"""What asyncio of Python 3.12.1 prints if a client's connection is open when mitmproxy ends."""


def check_received(received: Sequence[Received], key: str) -> None:
    """Check that GLM got nothing that it refuses, and nothing that is none of its business."""
    for one in received:
        assert one.method == "POST"
        assert one.path.removeprefix("/api/coding/paas/v4/") in ("chat/completions", "web_search")
        assert one.violations == [], one.violations
        assert set(one.headers) == HEADERS_TO_GLM, sorted(one.headers)
        assert one.headers["authorization"] == f"Bearer {key}"
        assert one.headers["user-agent"].startswith("codex-glm/")
        for secret in (TOKEN, OPENAI_KEY):
            assert secret.encode() not in one.raw, "the client's key reached GLM"


def check_plan_asked(asked: Sequence[Received], key: str) -> None:
    """Check the same of the requests for the account of the plan."""
    for one in asked:
        assert (one.method, one.raw, one.violations) == ("GET", b"", [])
        assert set(one.headers) == HEADERS_TO_GLM - {"content-length"}
        assert one.headers["authorization"] == f"Bearer {key}"


def check_secrets(proxy: ProxyProcess, key: str) -> None:
    """Check that neither the log nor the saved flows of an ended proxy hold a key or a bearer."""
    saved = proxy.dump.read_bytes() if proxy.dump.exists() else b""
    for secret in (key, key.partition(".")[2], TOKEN, OPENAI_KEY):
        assert secret not in proxy.output
        assert secret.encode() not in saved
    assert "Traceback" not in _OPEN_AT_THE_END.sub("", proxy.output)
    assert "never seen before" not in proxy.output, "Codex has words that this build does not know"


def check_growing(received: Sequence[Received]) -> None:
    """Check that each request only adds to the one before: GLM's cache works on prefixes."""
    assert len(received) > 1
    for before, after in itertools.pairwise(received):
        old, new = (json.dumps(one.body["messages"])[:-1] for one in (before, after))
        assert len(new) > len(old)
        assert new.startswith(old)
        fixed = [{**one.body, "messages": None} for one in (before, after)]
        assert json.dumps(fixed[0]) == json.dumps(fixed[1])


def messages(one: Received, role: str) -> list[Message]:
    """Give the messages of a role in a request."""
    return [message for message in one.body["messages"] if message["role"] == role]


def tool_names(one: Received) -> list[str]:
    """Name the functions that a request declares."""
    return [tool["function"]["name"] for tool in one.body["tools"]]


def called(message: Message) -> list[str]:
    """Name the functions that an assistant message calls."""
    return [call["function"]["name"] for call in message["tool_calls"]]


def outputs(one: Received) -> dict[str, str]:
    """Give the tool outputs of a request by the id of their call."""
    return {message["tool_call_id"]: message["content"] for message in messages(one, "tool")}
