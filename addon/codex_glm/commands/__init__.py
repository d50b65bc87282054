"""The commands around the proxy: set Codex up, undo that, find out what is wrong."""
