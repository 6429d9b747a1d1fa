"""The floors: what may import what, read out of the source, and what the first help page may load."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

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


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def imports(path: Path, *, at_import: bool = False) -> frozenset[str]:
    """Modules that a file imports; with `at_import`, only outside functions and of `if TYPE_CHECKING`."""
    found: set[str] = set()
    pending: list[ast.AST] = [tree(path)]
    while pending:
        node = pending.pop()
        if at_import and (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or for_types_only(node)
        ):
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        pending.extend(ast.iter_child_nodes(node))
    return frozenset(found)


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


def test_no_import_is_relative() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path in MODULES.values()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not found, f"a relative import hides its floor: {found}"


def test_a_module_imports_its_own_floor_or_a_lower_one() -> None:
    found = [
        f"vtgdata.{name} (floor {floor(name)}) imports {other} (floor {floor(other)})"
        for name, path in MODULES.items()
        for other in sorted(ours(path))
        if floor(other) > floor(name)
    ]
    assert not found, "\n".join(found)


def test_no_stage_imports_another() -> None:
    stages = {name: path for name, path in MODULES.items() if name.startswith("stages.")}
    found = [
        f"vtgdata.{name} imports {other}"
        for name, path in stages.items()
        for other in sorted(ours(path) & stages.keys() - {name})
    ]
    assert not found, "\n".join(found)


def test_a_plug_in_is_imported_by_nobody() -> None:
    kinds = set(plugins.KINDS) - {"prompts"}
    found = [
        f"vtgdata.{name} imports {other}; reach it with plugins.load"
        for name, path in MODULES.items()
        for other in sorted(ours(path))
        if top(other) in kinds and "." in other
    ]
    assert not found, "\n".join(found)


def test_nothing_imports_the_command_line() -> None:
    found = [
        f"vtgdata.{name} imports {other}"
        for name, path in MODULES.items()
        if top(name) not in ("cli", "__main__")
        for other in sorted(ours(path))
        if top(other) == "cli"
    ]
    assert not found, "\n".join(found)


def test_torch_is_imported_in_functions_of_the_few_modules_that_train() -> None:
    found = [
        f"vtgdata.{name} imports {other}" + (": import it inside a function" if may else "")
        for name, path in MODULES.items()
        for may in [name.startswith(MAY_BE_HEAVY)]
        for other in sorted(imports(path, at_import=may))
        if top(other) in HEAVY
    ]
    assert not found, "\n".join(found)


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
