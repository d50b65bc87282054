"""Codex on GLM: `mitmdump -s addon/glm.py`. Everything is in the package beside this file."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
for name in [n for n in sys.modules if n.partition(".")[0] == "codex_glm"]:
    del sys.modules[name]  # mitmproxy runs this file again when it changes: load the package anew

from codex_glm.proxy.addon import CodexGlm  # noqa: E402

addons = [CodexGlm()]
