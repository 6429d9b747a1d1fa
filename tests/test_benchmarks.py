"""What a benchmark uses of the package is there: they are run by hand, and would be found broken only then."""

import ast
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
FILES = sorted(FOLDER.rglob("*.py"))
OURS = ("vtgdata", "support")


def there(module: str, name: str) -> bool:
    """Whether `from module import name` would do."""
    found = importlib.import_module(module)
    return hasattr(found, name) or (
        hasattr(found, "__path__") and importlib.util.find_spec(f"{module}.{name}") is not None
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_what_it_imports_of_ours_and_uses_of_our_modules_is_there(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules: dict[str, ModuleType] = {}
    missing = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in OURS:
            for alias in node.names:
                if not there(node.module, alias.name):
                    missing.append(f"line {node.lineno}: from {node.module} import {alias.name}")
                elif f"{node.module}.{alias.name}" in sys.modules:
                    modules[alias.asname or alias.name] = sys.modules[f"{node.module}.{alias.name}"]
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    for node in uses:
        if node.value.id in modules and not hasattr(modules[node.value.id], node.attr):
            missing.append(f"line {node.lineno}: {node.value.id}.{node.attr}")
    assert not missing
