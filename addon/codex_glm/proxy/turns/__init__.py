"""Turns: their beginning, their rounds with GLM, their place in the queue, their end."""
