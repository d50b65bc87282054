"""OpenAI Codex on GLM: translation core, mitmproxy edge and an embedded GLM simulator."""

__version__ = "0.1.0"
