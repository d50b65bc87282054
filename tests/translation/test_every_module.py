"""Each module of the core has its own tests, in the folder of the same name."""

from pathlib import Path

TESTS = Path(__file__).parent
CORE = TESTS.parents[1] / "addon" / "codex_glm" / "translation"


def test_every_module_has_its_tests() -> None:
    modules = {path.relative_to(CORE) for path in CORE.rglob("*.py") if path.stem != "__init__"}
    assert len(modules) > 50
    tested = {path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    assert {module.with_name(f"test_{module.name}") for module in modules} <= tested
