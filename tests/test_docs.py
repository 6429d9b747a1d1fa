"""The documentation's generated parts are those of this tree; `make docs` writes them anew."""

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parent.parent


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tree_of_the_map_is_the_tree():
    text = (ROOT / "docs/design.md").read_text(encoding="utf-8")
    made = generator().generated(text)
    assert " window_table" in made
    assert made == text, "run `make docs`"


def test_the_table_of_limits_is_that_of_the_code():
    from vtgdata.files import limits

    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert all(f"| `{limit.variable}` |" in text and limit.of in text for limit in limits.ALL.values())
    assert generator().secured(text) == text, "run `make docs`"


def test_every_folder_says_what_it_is():
    folders = {path.parent for path in (ROOT / "vtgdata").rglob("*.py")}
    silent = [folder for folder in folders if not generator().first_sentence(folder / "__init__.py")]
    assert not silent
