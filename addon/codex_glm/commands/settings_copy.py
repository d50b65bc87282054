"""Which settings file is read, and a copy of it for the user of an installed package."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from codex_glm.commands import places

if TYPE_CHECKING:
    from collections.abc import Mapping


def show(environ: Mapping[str, str], *, new: bool) -> None:
    """Print the file's path; with `new`, first copy the shipped one to where it can be edited."""
    if new:
        _copy(environ)
    print(places.settings_file(environ))  # noqa: T201  # the command's answer


def _copy(environ: Mapping[str, str]) -> None:
    own = places.SHIPPED if places.CHECKOUT else places.own_settings(environ)
    if own.exists():
        sys.exit(f"{own} is there already.")
    try:
        own.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(places.SHIPPED, own)
    except OSError as error:
        sys.exit(f"{own}: {error.strerror}")
