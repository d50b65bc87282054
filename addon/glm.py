"""Codex on GLM: `mitmdump -s addon/glm.py`. Everything is in the package codex_glm."""

import sys
from pathlib import Path

# In a clone the package lies beside this file; installed, this file lies inside the package.
_packages = next(p for p in Path(__file__).resolve().parents if (p / "codex_glm").is_dir())
if str(_packages) not in sys.path:
    sys.path.insert(0, str(_packages))
for name in [n for n in sys.modules if n.partition(".")[0] == "codex_glm"]:
    del sys.modules[name]  # mitmproxy runs this file again when it changes: load the package anew

from codex_glm.proxy.addon import CodexGlm  # noqa: E402
from codex_glm.proxy.forward.mode import Forward  # noqa: E402
from codex_glm.proxy.forward.usage import Usage  # noqa: E402
from codex_glm.proxy.launch.heap import Heap  # noqa: E402
from codex_glm.proxy.launch.log_event import LogEvent  # noqa: E402

_codex_glm = CodexGlm()
_usage = Usage(_codex_glm.turns, lambda: _codex_glm.settings)
addons = [Heap(), LogEvent(), Forward(lambda: _codex_glm.settings), _usage, _codex_glm]
