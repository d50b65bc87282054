"""One exchange with GLM: what was sent, what came back, and when."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Exchange:
    """A request to GLM and its reply; times are of the monotonic clock, in seconds."""

    url: str
    request: bytes
    begun: float | None = None
    """When it was sent; None while it waits."""
    status: int = 0
    first_byte: float | None = None
    ended: float | None = None
    received: list[bytes] = field(default_factory=list)
    """GLM's reply as it came."""
    broken: str = ""
    """Why the connection ended before the reply did; empty where it did not."""
    rule: str = ""
    """Why another try followed: the row of `errors.toml`; empty where none did."""
    said: str = ""
    """GLM's words for that."""
    wait: float = 0.0
    """Seconds that were to pass before the next try."""
    _text: str = ""
    """The request as text, once it was asked for: it may have megabytes."""

    def take(self, data: bytes) -> float:
        """Note what came from GLM; gives the time."""
        self.ended = now = time.monotonic()
        if self.first_byte is None:
            self.first_byte = now
        if data:
            self.received.append(data)
        return now

    def to_json(self, origin: float) -> dict[str, object]:
        """Give plain values, fit for a flow's metadata; times are seconds since `origin`."""
        self._text = self._text or self.request.decode("utf-8")
        sent = {"url": self.url, "request": self._text}
        return sent | self.reply_to_json(origin)

    def reply_to_json(self, origin: float) -> dict[str, object]:
        """Give the part that changes while GLM replies."""
        return {
            "status": self.status,
            "reply": b"".join(self.received).decode("utf-8", "replace"),
            "begun": _since(origin, self.begun),
            "first_byte": _since(origin, self.first_byte),
            "ended": _since(origin, self.ended),
            "rule": self.rule,
            "said": self.said,
            "wait": self.wait,
        }


def _since(origin: float, then: float | None) -> float | None:
    return None if then is None else round(then - origin, 3)
