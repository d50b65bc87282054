"""The fast lane: streamed replies past mitmproxy's layers, with the same bytes for the client."""

from codex_glm.proxy.inside_mitmproxy.fast_lane.lane import engage

__all__ = ["engage"]
