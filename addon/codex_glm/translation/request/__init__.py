"""A Responses request to GLM's chat body."""
