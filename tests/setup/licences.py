"""`make licences`: the licence of each locked package, as its installed metadata tell it."""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("LICENCES.md")
LOCKS = {"the proxy": "requirements.lock", "the tests": "requirements-test.lock"}

ALLOWED = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD", "ISC", "MIT", "MIT-0"),
    *("PSF-2.0", "Unlicense", "Zlib"),
    *("MPL-2.0", "LGPL-2.1-only", "LGPL-3.0"),  # used as they come, changed nowhere
}

_ALIASES = {
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0",
    "LGPL v3": "LGPL-3.0",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
}
_TEXTS = {
    "Permission is hereby granted, free of charge, to any person": "MIT",
    "Apache License Version 2.0, January 2004": "Apache-2.0",
}
_BY_HAND = {"mitmproxy-macos": "MIT"}
"""What is never installed on Linux: this one is built from the repository of mitmproxy-rs."""

_HEADER = """\
# Licences

Of every package in the locks. `make licences` writes this table from the metadata of what is
installed; a test fails where a package or its licence is missing here, or is not on the list in
[`licences.py`](licences.py).

| package | licence | told by | needed by |
| --- | --- | --- | --- |
"""


class Licence(NamedTuple):
    """A licence as an SPDX expression, and what says so."""

    expression: str
    source: str


def locked(lock: str) -> list[str]:
    """Name the packages of a lock file."""
    text = (PROJECT / lock).read_text("utf-8")
    return sorted(set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE)))


def installed_licence(name: str) -> Licence | None:
    """Read the licence out of what is installed; None where the package is not."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    given = [found.metadata.get(key, "") for key in ("License-Expression", "License")]
    classifiers = found.metadata.get_all("Classifier", [])
    given.append(" AND ".join(_name(c) for c in classifiers if c.startswith("License :: OSI")))
    for words in given:
        expression = re.sub(r"\band\b", "AND", _ALIASES.get(words, words))
        if is_expression(expression):
            return Licence(expression, "metadata")
    return _of_text(found)


def _name(classifier: str) -> str:
    last = classifier.rpartition(" :: ")[2]
    return _ALIASES.get(last, last)


def _of_text(found: Distribution) -> Licence:
    for name in found.metadata.get_all("License-File", []):
        files = [file for file in found.files or [] if file.match(f"*.dist-info/**/{name}")]
        text = " ".join(" ".join(str(file.read_text()) for file in files).split())
        for words, expression in _TEXTS.items():
            if words in text:
                return Licence(expression, "licence file")
    return Licence("?", "nothing")


def is_expression(words: str) -> bool:
    """Tell whether this is short enough to be an expression, such as `MIT OR Apache-2.0`."""
    return bool(re.fullmatch(r"[\w.+-]+( (AND|OR) [\w.+-]+)*", words))


def is_allowed(expression: str) -> bool:
    """Tell whether one way to take the package has licences of the list alone."""
    ways = expression.split(" OR ")
    return any(all(part in ALLOWED for part in way.split(" AND ")) for way in ways)


def read_table() -> dict[str, Licence]:
    """Read what the table says."""
    rows = re.findall(
        r"^\| (\S+) \| (.+?) \| (.+?) \| the ", TABLE.read_text("utf-8"), re.MULTILINE
    )
    return {name: Licence(expression, source) for name, expression, source in rows}


def _licence(name: str, known: dict[str, Licence]) -> Licence:
    if found := installed_licence(name):
        return found
    if name in _BY_HAND:
        return Licence(_BY_HAND[name], "its repository")
    # Another version of Python may bring it.
    return known.get(name, Licence("?", "nothing"))


def main() -> None:
    """Write the table; end with the names of those whose licence nothing tells."""
    known = read_table() if TABLE.exists() else {}
    proxy, tests = (locked(lock) for lock in LOCKS.values())
    rows = {name: _licence(name, known) for name in tests}
    lines = [
        f"| {name} | {found.expression} | {found.source} | "
        f"{'the proxy' if name in proxy else 'the tests'} |\n"
        for name, found in rows.items()
    ]
    TABLE.write_text(_HEADER + "".join(lines), "utf-8")
    if unclear := [name for name, found in rows.items() if not is_allowed(found.expression)]:
        sys.exit(f"To be looked at by hand: {', '.join(unclear)}")


if __name__ == "__main__":
    main()
