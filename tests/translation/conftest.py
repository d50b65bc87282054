"""Hypothesis without a deadline: how fast this machine is proves nothing."""

from hypothesis import settings

settings.register_profile("core", deadline=None, max_examples=60)
settings.load_profile("core")
