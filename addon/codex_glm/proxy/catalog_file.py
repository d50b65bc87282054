"""`python -m codex_glm.proxy.catalog_file`: the model catalogue as a file for Codex.

For a Codex that is not to fetch the catalogue, or cannot: the versions up to 0.145.0 were seen to
know `model_catalog_json` and to overlook `model_catalog_url`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mitmproxy.exceptions import OptionsError
from mitmproxy.options import Options

from codex_glm.proxy import config_file
from codex_glm.proxy import options as addon_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codex_glm.proxy.settings import Settings

DEFAULT_PATH = Path("glm-models.json")

_ASKED = {"glm_api_base", "glm_model_map", "glm_images", "glm_vision_model"}
"""The options that the catalogue depends on; the settings file may be wrong in others."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the file and print the line that makes Codex read it."""
    asked = _parser().parse_args(arguments)
    try:
        settings = read_settings(asked.set)
    except (OptionsError, config_file.ConfigError) as error:
        sys.exit(str(error))
    document = settings.catalog(asked.codex)
    path = Path(asked.out).expanduser().absolute()
    try:
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}")
    # A JSON string is a TOML string as well.
    line = f"model_catalog_json = {json.dumps(str(path), ensure_ascii=False)}"
    words = "Put this at the top of Codex's config.toml, and leave model_catalog_url out:"
    print(f"{words}\n\n{line}")  # noqa: T201  # the command's answer


def read_settings(sets: Sequence[str]) -> Settings:
    """Read what the proxy would read: options given here, the environment, the settings file.

    Raises OptionsError or ConfigError for an unknown option or a bad value.
    """
    options = Options()
    addon_options.declare(options)
    options.set(*sets)
    chosen = options.glm_config
    path = Path(chosen).expanduser() if chosen else config_file.DEFAULT_PATH
    if chosen or path.exists():
        given = {each.partition("=")[0] for each in sets} | (set(options.keys()) - _ASKED)
        config_file.apply_file(
            options, path, frozenset(given), os.environ, lambda _value, _source: None
        )
    return addon_options.read_settings(options, os.environ, None)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Write the model catalogue for Codex.")
    parser.add_argument("--out", default=str(DEFAULT_PATH), help="where to (default: %(default)s)")
    parser.add_argument("--codex", default="", help="for this version of Codex, such as 0.135.0")
    parser.add_argument("--set", action="append", default=[], help="an option, as for mitmproxy")
    return parser


if __name__ == "__main__":
    main()
