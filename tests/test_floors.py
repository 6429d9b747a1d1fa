"""The floors: what may import what, read out of the source, and what the first help page may load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import vtgdata
from vtgdata import plugins

ROOT = Path(vtgdata.__file__).parent
FLOORS = {
    "readers": 1, "metrics": 1, **dict.fromkeys(plugins.KINDS, 2), "engine": 3, "video": 3,
    **dict.fromkeys(("hub", "hub_push", "model_push"), 3),
    "stages": 4, "train": 4, "demo": 4, "cli": 5, "__main__": 5,
}  # fmt: skip
"""Of a folder or a module directly under vtgdata; whatever is not named here is floor 1."""
HEAVY = {"torch", "torchvision", "transformers", "trl", "accelerate", "open_clip"}
MAY_BE_HEAVY = ("train.", "demo.", "models.transformers_local", "filters.clip_relevance")
NOT_FOR_HELP = {"torch", "transformers", "trl", "datasets", "polars", "pyarrow", "av", "openai", "huggingface_hub"}


def name_of(path: Path) -> str:
    """`stages.ingest` for vtgdata/stages/ingest.py, `stages` for its folder's __init__."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def top(name: str) -> str:
    return name.split(".")[0]


def floor(name: str) -> int:
    return FLOORS.get(top(name), 1)


def imports(path: Path, *, at_import: bool = False) -> set[str]:
    """Modules that a file imports; with `at_import`, only outside functions and of `if TYPE_CHECKING`."""
    found: set[str] = set()
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if at_import and (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or for_types_only(node)
        ):
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: a relative import hides its floor"
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        pending.extend(ast.iter_child_nodes(node))
    return found


def for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def ours(path: Path) -> set[str]:
    """The modules of vtgdata that a file imports, without the leading `vtgdata.`."""
    found: set[str] = set()
    for name in imports(path):
        if name == "vtgdata" or name.startswith("vtgdata."):
            inner = name.removeprefix("vtgdata").removeprefix(".")
            while inner and inner not in MODULES:
                inner = inner.rpartition(".")[0]
            if inner:
                found.add(inner)
    return found


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_its_own_floor_or_a_lower_one(name: str) -> None:
    above = sorted(other for other in ours(MODULES[name]) if floor(other) > floor(name))
    assert not above, f"vtgdata.{name} (floor {floor(name)}) imports {above}"


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("stages.")])
def test_no_stage_imports_another(name: str) -> None:
    others = sorted(other for other in ours(MODULES[name]) if other.startswith("stages.") and other != name)
    assert not others


@pytest.mark.parametrize("name", MODULES)
def test_a_plug_in_is_imported_by_nobody(name: str) -> None:
    kinds = [kind for kind in plugins.KINDS if kind != "prompts"]
    found = sorted(other for other in ours(MODULES[name]) if top(other) in kinds and "." in other)
    assert not found, f"vtgdata.{name} imports {found}; reach them with plugins.load"


@pytest.mark.parametrize("name", [name for name in MODULES if top(name) not in ("cli", "__main__")])
def test_nothing_imports_the_command_line(name: str) -> None:
    assert not [other for other in ours(MODULES[name]) if top(other) == "cli"]


@pytest.mark.parametrize("name", MODULES)
def test_torch_is_imported_in_functions_of_the_few_modules_that_train(name: str) -> None:
    path = MODULES[name]
    assert not {top(other) for other in imports(path, at_import=True)} & HEAVY, "import it inside a function"
    if not name.startswith(MAY_BE_HEAVY):
        assert not {top(other) for other in imports(path)} & HEAVY


def test_every_folder_has_a_floor() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and list(path.rglob("*.py"))}
    assert folders <= set(FLOORS)


def test_the_first_help_page_loads_nothing_heavy() -> None:
    program = (
        "import runpy, sys\n"
        "sys.argv = ['vtgdata', '--help']\n"
        "try:\n"
        "    runpy.run_module('vtgdata', run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        f"print('loaded:', *sorted(set({sorted(NOT_FOR_HELP)!r}) & sys.modules.keys()), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT.parent, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "ingest" in done.stdout
    assert done.stderr.strip().splitlines()[-1] == "loaded:"
