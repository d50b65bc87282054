"""End to end: the real Codex, a real mitmproxy, a simulated GLM. See README.md."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.checks", f"{__name__}.proxy_process")
