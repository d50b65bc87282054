"""Tools and their calls: what Codex declares, what GLM is told, and the way back."""
