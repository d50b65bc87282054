"""What the running proxy answers on /health."""

from __future__ import annotations

import json
import os
import sys
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from codex_glm.commands.settings_file import SettingsError, read_settings

_SECONDS = 5


def show(url: str, config: str, *, quiet: bool) -> None:
    """Print the answer; end with 1 if there is none. With `quiet` only the exit code tells."""
    try:
        url = url or f"{read_settings(os.environ, config).origin}/health"
        said = _fetch(url)
    except SettingsError as error:
        sys.exit(1 if quiet else str(error))
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        sys.exit(1 if quiet else f"The proxy does not answer on {url}: {reason}")
    if not quiet:
        print(said)  # noqa: T201  # the command's answer


def _fetch(url: str) -> str:
    # A proxy set up for the way out of this machine has no part in this.
    with build_opener(ProxyHandler({})).open(url, timeout=_SECONDS) as response:
        return json.dumps(json.load(response), indent=2, ensure_ascii=False)
