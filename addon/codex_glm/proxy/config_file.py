"""mitm-config.yaml: the one file to edit. The command line goes before it, wrong keys are refused.

mitmproxy reads no file of that name by itself. The addon applies it once mitmproxy is running,
because `mode` and `listen_*` are honoured only then (observed on 12.2.3 and 12.3.1).
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

from mitmproxy import exceptions, optmanager
from mitmproxy.tools import cmdline

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    from mitmproxy.options import Options

DEFAULT_PATH = Path(__file__).resolve().parents[3] / "mitm-config.yaml"

_OTHER_TOOLS = ("web_", "console_", "dumper_", "flow_detail", "keepserving")
"""How options begin that only one of mitmproxy's tools has; the others pass over them."""

_ENVIRONMENT = {"glm_api_key": "GLM_API_KEY", "glm_api_base": "GLM_API_BASE"}
"""Options that the environment gives as well; it goes before the file."""


class ConfigError(Exception):
    """The file cannot be used; the text names the file and the key."""


def read_file(path: Path) -> dict[str, object]:
    """Read the file; raises ConfigError where it is no mapping of option names to values."""
    try:
        parsed: dict[str, object] = optmanager.parse(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, exceptions.OptionsError) as error:
        raise ConfigError(f"{path.name}: {error}") from error
    return parsed


def apply_file(
    options: Options,
    path: Path,
    given: frozenset[str],
    environ: Mapping[str, str],
    take_key: Callable[[str, str], None],
) -> None:
    """Set the options that the file names, unless the command line or the environment did.

    `take_key` gets the API key and its source, so that it never becomes an option's value.
    Raises ConfigError for an unknown key or a bad value.
    """
    for name, value in read_file(path).items():
        if name not in options:
            if not name.startswith(_OTHER_TOOLS):
                raise ConfigError(f"{path.name}: unknown option {name}")
        elif name not in given and not environ.get(_ENVIRONMENT.get(name, ""), ""):
            if name == "glm_api_key":
                take_key(str(value or ""), path.name)
            else:
                _set(options, name, value, path)


def _set(options: Options, name: str, value: object, path: Path) -> None:
    try:
        options.update(**{name: value})
    except (exceptions.OptionsError, TypeError, ValueError) as error:
        raise ConfigError(f"{path.name}: {name}: {error}") from error


def options_given(arguments: Sequence[str], options: Options) -> frozenset[str]:
    """Name the options that a mitmproxy command line sets, in whichever way.

    mitmproxy's own parser is asked; arguments that are none of mitmproxy's set nothing.
    """
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            parsed, _ = _parser(options).parse_known_args(list(arguments))
    except SystemExit:
        return frozenset()
    flags = {name for name, value in vars(parsed).items() if value is not None and name in options}
    specs = {spec.partition("=")[0] for spec in parsed.setoptions}
    return frozenset(flags | specs)


def _parser(options: Options) -> argparse.ArgumentParser:
    make: Callable[[Options], argparse.ArgumentParser] = cmdline.mitmdump
    if "web_port" in options:
        make = cmdline.mitmweb
    elif "console_layout" in options:
        make = cmdline.mitmproxy
    return make(options)
