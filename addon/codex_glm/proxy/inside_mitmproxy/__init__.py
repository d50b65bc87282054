"""What takes the place of parts of mitmproxy, and so knows names that are private to it.

Nothing outside of this folder does. Each part checks what it relies on and else leaves mitmproxy
as it is; `known.py` names the versions, read and tested with.
"""
