"""mitm-config.yaml: the one file to edit. The command line goes before it, wrong keys are refused.

mitmproxy reads no file of that name by itself. The addon applies it once mitmproxy is running,
because `mode` and `listen_*` are honoured only then (observed on 12.2.3 and 12.3.1).
"""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

from mitmproxy import exceptions, optmanager
from mitmproxy.tools import cmdline

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mitmproxy.options import Options

_OTHER_TOOLS = {
    "web_port": ("web_",),
    "console_layout": ("console_",),
    "flow_detail": ("flow_detail", "dumper_", "keepserving"),
    "view_filter": ("view_", "intercept"),
}
"""Beginnings of the options that not every tool has, by an option that tells a tool which does."""

_ENVIRONMENT = {"glm_api_key": "GLM_API_KEY", "glm_api_base": "GLM_API_BASE"}
"""Options that the environment gives as well; it goes before the file."""


class ConfigError(Exception):
    """The file cannot be used; the text names the file and the key."""


def read_file(path: Path) -> dict[str, object]:
    """Read the file; raises ConfigError where it is no mapping of option names to values."""
    try:
        parsed: object = optmanager.parse(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, exceptions.OptionsError) as error:
        raise ConfigError(f"{path.name}: {error}") from error
    if not isinstance(parsed, dict):
        raise ConfigError(f"{path.name}: write one `name: value` a line")
    return {str(name): value for name, value in parsed.items()}


def apply_file(
    options: Options,
    path: Path,
    given: frozenset[str],
    environ: Mapping[str, str],
    take_key: Callable[[str, str], object],
) -> None:
    """Set the options that the file names, unless the command line or the environment did.

    `take_key` gets the API key and its source, so that it never becomes an option's value. YAML
    reads a bare number as one; an option that is text takes it as it is written. Raises
    ConfigError for an unknown key or a bad value.
    """
    texts = {name for name, option in options.items() if option.typespec is str}
    for name, value in read_file(path).items():
        if name not in options:
            if not is_of_other_tool(name, options):
                raise ConfigError(f"{path.name}: unknown option {name}")
        elif name not in given and not environ.get(_ENVIRONMENT.get(name, ""), ""):
            try:
                if name == "glm_api_key":
                    take_key(str(value or ""), path.name)
                else:
                    options.update(**{name: _as_text(value) if name in texts else value})
            except (exceptions.OptionsError, TypeError, ValueError) as error:
                words = str(error).removeprefix(f"{name}: ").removeprefix(f"{path.name}: ")
                raise ConfigError(f"{path.name}: {name}: {words}") from error


def _as_text(value: object) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value


def is_of_other_tool(name: str, options: Options) -> bool:
    """Tell whether an option that this tool lacks is one of mitmweb, mitmdump or the console."""
    return any(
        name.startswith(beginnings) and marker not in options
        for marker, beginnings in _OTHER_TOOLS.items()
    )


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
    flags |= {"flow_detail", "termlog_verbosity"} if parsed.quiet or parsed.verbose else set()
    specs = {spec.partition("=")[0] for spec in parsed.setoptions}
    return frozenset(flags | specs)


def _parser(options: Options) -> argparse.ArgumentParser:
    make: Callable[[Options], argparse.ArgumentParser] = cmdline.mitmdump
    if "web_port" in options:
        make = cmdline.mitmweb
    elif "console_layout" in options:
        make = cmdline.mitmproxy
    return make(options)
