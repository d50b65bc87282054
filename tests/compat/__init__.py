"""Which features of Codex work, version by version, from runs of the real thing. See README.md."""
