"""The model catalogue as a file for Codex.

For a Codex that is not to fetch the catalogue, or cannot: the versions up to 0.145.0 were seen to
know `model_catalog_json` and to overlook `model_catalog_url`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mitmproxy.exceptions import OptionsError

from codex_glm.proxy.config import config_file
from codex_glm.proxy.launch.settings_alone import read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence


def write(out: str, codex: str, config: str, sets: Sequence[str], *, strict: bool = False) -> None:
    """Write the file for a version of Codex, and print the line that makes Codex read it.

    `config` names another settings file, `sets` are options as for mitmproxy. Ends with a sentence
    where one of them is wrong; with `strict` also where it is none that the catalogue depends on.
    """
    try:
        named = [f"glm_config={config}", *sets] if config else sets
        settings = read_settings(named, strict=strict)
    except (OptionsError, config_file.ConfigError) as error:
        sys.exit(str(error))
    document = settings.catalog(codex)
    path = Path(out).expanduser().absolute()
    try:
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}")
    # A JSON string is a TOML string as well.
    line = f"model_catalog_json = {json.dumps(str(path), ensure_ascii=False)}"
    words = "Put this at the top of Codex's config.toml, and leave model_catalog_url out:"
    print(f"{words}\n\n{line}")  # noqa: T201  # the command's answer
