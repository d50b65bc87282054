"""Each module of the core has its own tests."""

from pathlib import Path

TESTS = Path(__file__).parent
CORE = TESTS.parents[1] / "addon" / "codex_glm" / "translation"


def test_every_module_has_its_tests() -> None:
    modules = {path.stem for path in CORE.glob("*.py")} - {"__init__"}
    assert len(modules) > 20
    assert modules <= {path.stem.removeprefix("test_") for path in TESTS.glob("test_*.py")}
