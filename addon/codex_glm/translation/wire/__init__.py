"""Both dialects as they stand on the wire: JSON, server-sent events, chunks, events."""
