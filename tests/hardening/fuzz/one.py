"""One fuzzer: `python -m tests.hardening.fuzz.one TARGET`, and libFuzzer's options."""

from __future__ import annotations

import sys

try:
    import atheris
except ImportError:
    sys.exit(
        "make fuzz needs atheris, which has wheels for Linux on x86-64 and is in the environment"
        " of the tests there: run `make fuzz`, or install atheris."
    )

with atheris.instrument_imports(include=["codex_glm"]):
    from tests.hardening.fuzz.targets import TARGETS

if __name__ == "__main__":
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()
