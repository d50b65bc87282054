"""Side calls: what the proxy asks GLM on its own, beside the turn. No mitmproxy in here."""
