"""Hypothesis without a deadline, in all rooms: how fast this machine is proves nothing."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
