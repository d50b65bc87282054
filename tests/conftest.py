"""For all rooms: what is of this machine alone proves nothing.

Hypothesis has no deadline, and a proxy of the machine's own is not asked for the way to a server
of the tests.
"""

import os

from hypothesis import settings

for _name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
    os.environ.pop(_name, None)
    os.environ.pop(_name.lower(), None)

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
